-- One row a photo: catalogue with what reviewers agree on, present crop with its quality, and
-- split.
SELECT
    c.photo_id, c.path, c.name,
    coalesce(a.individual, c.individual) AS individual,
    CASE WHEN a.individual IS NOT NULL THEN 'review'
         WHEN c.individual IS NOT NULL THEN 'catalogue' END AS named_by,
    CASE WHEN a.individual IS NOT NULL THEN a.reviewers END AS reviewers,
    c.individual AS catalogue_individual,
    c.encounter, c.taken_at, c.latitude, c.longitude,
    c.width, c.height, c.perceptual_hash,
    c.given_x0, c.given_y0, c.given_x1, c.given_y1, c.imported_at,
    k.crop_x0, k.crop_y0, k.crop_x1, k.crop_y1, k.crop, k.crop_source, k.crop_confidence,
    k.sharpness, k.exposure, k.contrast, k.fluke_share, k.resolution,
    s.fold, s.part, s.known, s.unit,
    'fold ' || s.fold || ', ' || s.part AS split
FROM catalogue_newest c
LEFT JOIN agreed a USING (photo_id)
LEFT JOIN crops k USING (photo_id)
LEFT JOIN splits_newest s USING (photo_id)
