-- cluster_matches
-- Which earlier cluster each cluster of a finished clustering continues.
SELECT c.* EXCLUDE (sequence)
FROM cluster_matches_newest c
SEMI JOIN clusterings_newest USING (clustering_id)
