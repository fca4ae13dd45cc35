-- Heatmaps of each photo's present crop; "values" holds the grid row by row.
SELECT h.*
FROM heatmaps_rows h
LEFT JOIN crops k USING (photo_id)
WHERE k.photo_id IS NULL OR k.crop = h.crop
QUALIFY row_number() OVER (
    PARTITION BY h.model_id, h.photo_id, h.individual, h.method, h.settings
    ORDER BY h.sequence DESC
) = 1
