"""What a lab holds and what is still missing."""

from __future__ import annotations

from whalecore.lab.database import Database

COUNTS = """
SELECT
    (SELECT count(*) FROM photos) AS photos,
    (SELECT count(DISTINCT individual) FROM photos) AS individuals,
    (SELECT count(*) FROM models) AS models,
    (SELECT count(*) FROM scores) AS scores,
    (SELECT count(*) FROM scored_heatmaps) AS heatmaps,
    (SELECT count(*) FROM clusterings) AS clusterings,
    (SELECT count(*) FROM reviews) AS reviews
"""

# A photo that was only decided on is divided when the lab is trained the next time.
# A photo waits for scores only where a model exists that was not trained on it.
MISSING = """
WITH present AS (
    SELECT model_id, fold FROM models
    QUALIFY row_number() OVER (PARTITION BY fold ORDER BY trained_at DESC, model_id) = 1
),
judged AS (
    SELECT DISTINCT p.photo_id
    FROM photos p JOIN present m ON m.fold IS NULL OR m.fold = p.fold
),
scored AS (SELECT DISTINCT photo_id FROM scores SEMI JOIN present USING (model_id)),
unexplained AS (
    SELECT DISTINCT photo_id
    FROM (FROM scores SEMI JOIN present USING (model_id))
    ANTI JOIN (FROM heatmaps WHERE method = 'osm') USING (model_id, photo_id, individual)
)
SELECT
    (SELECT count(*) FROM photos WHERE crop IS NULL) AS crops,
    (SELECT count(*) FROM photos WHERE fold IS NULL AND path NOT LIKE 'uploads/%') AS splits,
    (SELECT count(*) FROM photos WHERE (SELECT count(*) FROM models) = 0) AS models,
    (SELECT count(*) FROM judged ANTI JOIN scored USING (photo_id)) AS scores,
    (SELECT count(*) FROM unexplained SEMI JOIN photos USING (photo_id)) AS heatmaps,
    (SELECT count(*) FROM scored SEMI JOIN photos USING (photo_id)
        ANTI JOIN (FROM evidence SEMI JOIN present USING (model_id)) USING (photo_id)) AS evidence,
    (SELECT count(*) > 0 AND count(c.model_id) = 0
        FROM present m LEFT JOIN clusterings c USING (model_id))::INTEGER AS clusterings
"""


def status_of(database: Database) -> dict:
    """Counts of rows, and per kind of work what is missing.

    ``missing`` counts photos without crop, split, model (all photos while there is no model),
    scores, occlusion maps of all candidates and evidence (of the photos with scores) of the present
    models, and whether the present models have clusters.
    """
    counts = database.arrow(COUNTS).to_pylist()[0]
    return {**counts, "missing": database.arrow(MISSING).to_pylist()[0]}
