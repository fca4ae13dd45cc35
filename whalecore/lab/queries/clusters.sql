-- clusters
-- What is known of the clusters of finished clusterings.
SELECT c.* EXCLUDE (sequence)
FROM clusters_newest c
SEMI JOIN clusterings_newest USING (clustering_id)
