-- Evidence of each photo's present crop.
SELECT e.*
FROM evidence_rows e
LEFT JOIN crops k USING (photo_id)
WHERE k.photo_id IS NULL OR k.crop = e.crop
QUALIFY row_number() OVER (
    PARTITION BY e.model_id, e.photo_id ORDER BY e.sequence DESC
) = 1
