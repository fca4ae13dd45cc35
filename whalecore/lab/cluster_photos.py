"""What kind of photos the heatmaps of each cluster come from."""

from __future__ import annotations

import pandas as pd

from whalecore.lab.lab import Lab

WORST = 0.1
"""Share of the clustered photos that counts as the worst in a measure."""

MEASURES = ("sharpness", "exposure", "contrast", "resolution")
"""Of a photo's quality; higher is better."""

SHARES = f"""
WITH learned AS (
    SELECT DISTINCT model_id, individual
    FROM (SELECT model_id, unnest(individuals) AS individual FROM models)
),
members AS (
    SELECT a.cluster, p.*,
        p.catalogue_individual IS NULL
            OR (l.individual IS NULL AND a.model_id IN (SELECT model_id FROM models)) AS is_new
    FROM assignments a JOIN photos p USING (photo_id)
    LEFT JOIN learned l
        ON l.model_id = a.model_id AND l.individual = p.catalogue_individual
    WHERE a.clustering_id = $1
),
single AS (SELECT DISTINCT photo_id, {", ".join(MEASURES)} FROM members),
worst AS (
    SELECT {", ".join(f"quantile_cont({name}, $2) AS worst_{name}" for name in MEASURES)}
    FROM single
)
SELECT cluster,
    avg(is_new::INT) AS new_share,
    avg((coalesce(crop_source = 'whole', false)
        {" ".join(f"OR coalesce({name} < worst_{name}, false)" for name in MEASURES)}
    )::INT) AS problem_share
FROM members, worst
GROUP BY cluster ORDER BY cluster
"""


def photo_shares(lab: Lab, clustering_id: str) -> pd.DataFrame:
    """Share of each cluster's heatmaps whose photos show a new whale, or have a quality problem.

    A whale is new where the catalogue names nobody, or an individual that the model which made the
    heatmap never learned. A photo has a quality problem when it is among the worst tenth of the
    clustered photos in sharpness, exposure, contrast or resolution, or when no fluke was found on
    it.

    Returns
    -------
    DataFrame
        ``cluster``, ``new_share``, ``problem_share`` (0 to 1), as the catalogue is today.
    """
    return lab._database.frame(SHARES, [clustering_id, WORST])
