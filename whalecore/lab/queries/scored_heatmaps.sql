-- Heatmaps of scored candidates: all that is clustered, counted and judged. One that was asked for
-- by name, of a photo that the model learned from or beyond its first five, has no score here.
SELECT h.*
FROM heatmaps h
SEMI JOIN scores USING (model_id, photo_id, individual)
