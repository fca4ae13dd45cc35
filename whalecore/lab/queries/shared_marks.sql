-- Shared marks of each photo's present crop.
SELECT m.*
FROM shared_marks_rows m
LEFT JOIN crops k USING (photo_id)
WHERE k.photo_id IS NULL OR k.crop = m.crop
QUALIFY row_number() OVER (
    PARTITION BY m.model_id, m.photo_id ORDER BY m.sequence DESC
) = 1
