-- Verdicts of the newest judgement with each clustering: a photo that it left out, such as one of
-- an older model, has none any more. One older than the photo's crop is about another picture and
-- left out.
SELECT v.* EXCLUDE (judged_at)
FROM (
    SELECT *, max(made_at) OVER (PARTITION BY clustering_id) AS judged_at
    FROM verdicts_newest
) v
LEFT JOIN crops k USING (photo_id)
WHERE v.made_at = v.judged_at AND (k.photo_id IS NULL OR k.sequence < v.sequence)
