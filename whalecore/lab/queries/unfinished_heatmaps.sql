-- Occlusion maps of each photo's present crop that were stopped and never finished.
SELECT u.*
FROM unfinished_heatmaps_rows u
ANTI JOIN heatmaps_rows h USING (model_id, photo_id, crop, individual, method, settings)
LEFT JOIN crops k USING (photo_id)
WHERE k.photo_id IS NULL OR k.crop = u.crop
QUALIFY row_number() OVER (
    PARTITION BY u.model_id, u.photo_id, u.individual, u.method, u.settings
    ORDER BY u.sequence DESC
) = 1
