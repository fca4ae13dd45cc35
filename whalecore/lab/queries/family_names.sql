-- Names of the families of clusters of finished clusterings.
SELECT f.* EXCLUDE (sequence)
FROM family_names_newest f
SEMI JOIN clusterings_newest USING (clustering_id)
