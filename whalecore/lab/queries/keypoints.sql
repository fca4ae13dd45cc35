-- Marks of each photo's present crop.
SELECT m.*
FROM keypoints_rows m
LEFT JOIN crops k USING (photo_id)
WHERE k.photo_id IS NULL OR k.crop = m.crop
QUALIFY row_number() OVER (
    PARTITION BY m.photo_id, m.settings ORDER BY m.sequence DESC
) = 1
