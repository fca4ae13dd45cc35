-- Scores of each photo's present crop; the reference follows the catalogue as it is today.
SELECT
    s.model_id, s.photo_id, s.crop, s.rank, s.individual, s.score, s.logit, s.marks, s.matched_photo,
    CASE WHEN c.photo_id IS NULL THEN s.is_reference
         ELSE coalesce(s.individual = c.individual, false) END AS is_reference,
    s.origin
FROM scores_rows s
LEFT JOIN crops k USING (photo_id)
LEFT JOIN catalogue_newest c USING (photo_id)
WHERE k.photo_id IS NULL OR k.crop = s.crop
QUALIFY row_number() OVER (
    PARTITION BY s.model_id, s.photo_id, s.rank ORDER BY s.sequence DESC
) = 1
