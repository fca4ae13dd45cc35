-- cluster_names
-- Names of the clusters of finished clusterings.
SELECT c.* EXCLUDE (sequence)
FROM cluster_names_newest c
SEMI JOIN clusterings_newest USING (clustering_id)
