-- Verdicts; one older than the photo's crop is about another picture and left out.
SELECT v.*
FROM verdicts_newest v
LEFT JOIN crops k USING (photo_id)
WHERE k.photo_id IS NULL OR k.sequence < v.sequence
