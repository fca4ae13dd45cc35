-- assignments
-- Clusters of heatmaps; a photo whose crop changed after the clustering is left out, because
-- the heatmap that was grouped then is no longer the photo's heatmap. The row of a clustering is
-- written last: without it, what is here is the remains of a killed writer.
SELECT a.* EXCLUDE (sequence)
FROM assignments_newest a
SEMI JOIN clusterings_newest USING (clustering_id)
LEFT JOIN crops k USING (photo_id)
WHERE k.photo_id IS NULL OR k.sequence < a.sequence
