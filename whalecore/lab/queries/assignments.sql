-- Clusters of heatmaps; a photo whose crop changed after the clustering is left out, because
-- the heatmap that was grouped then is no longer the photo's heatmap.
SELECT a.* EXCLUDE (sequence)
FROM assignments_newest a
LEFT JOIN crops k USING (photo_id)
WHERE k.photo_id IS NULL OR k.sequence < a.sequence
