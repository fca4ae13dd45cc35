-- Of each reviewer the newest decision about a photo that was not taken back.
SELECT r.review_id, r.photo_id, r.reviewer, r.decision, r.individual, r.decided_at, r.sequence
FROM reviews_newest r
ANTI JOIN (SELECT undoes AS review_id FROM reviews_newest WHERE decision = 'undo') u
    USING (review_id)
WHERE r.decision IN ('confirm', 'new_individual', 'retake')
QUALIFY row_number() OVER (
    PARTITION BY r.photo_id, lower(coalesce(r.reviewer, '')) ORDER BY r.sequence DESC
) = 1
