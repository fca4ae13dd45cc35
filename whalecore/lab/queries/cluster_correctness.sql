-- How often the heatmaps of a cluster show the reference individual, and at which rank.
-- Interval: Wilson (1927), 95 %. Sums are decimal, so that their order does not matter.
-- A photo that was uploaded and decided on has no name in the catalogue: it is neither right nor
-- wrong, because a name chosen among the candidates is not their judge.
WITH members AS (
    SELECT
        a.clustering_id, a.cluster, a.photo_id, s.rank, s.is_reference,
        s.score::DECIMAL(18, 15) AS score,
        (s.score * s.score)::DECIMAL(18, 15) AS score_squared
    FROM assignments a
    JOIN scores s USING (model_id, photo_id, individual)
    LEFT JOIN catalogue_newest c USING (photo_id)
    WHERE c.photo_id IS NULL OR c.individual IS NOT NULL
        OR NOT regexp_full_match(c.path, 'uploads/[0-9a-f]{16}\.[a-z]{3,4}')
),
counts AS (
    SELECT
        clustering_id, cluster,
        count(*) AS heatmaps,
        count(DISTINCT photo_id) AS photos,
        count(*) FILTER (is_reference) AS correct,
        count(*) FILTER (rank = 1) AS identified,
        sum(score) FILTER (rank = 1)::DOUBLE / count(*) FILTER (rank = 1) AS identified_score,
        count(*) FILTER (is_reference AND rank = 1) AS correct1,
        count(*) FILTER (is_reference AND rank = 2) AS correct2,
        count(*) FILTER (is_reference AND rank = 3) AS correct3,
        count(*) FILTER (is_reference AND rank = 4) AS correct4,
        count(*) FILTER (is_reference AND rank = 5) AS correct5,
        sum(score)::DOUBLE / count(*) AS mean_score,
        sum(score_squared)::DOUBLE / count(*) AS mean_square
    FROM members
    GROUP BY clustering_id, cluster
),
shares AS (
    SELECT *, correct / heatmaps AS share, correct1 / identified AS identified_share,
        1.959963984540054 ^ 2 AS z2
    FROM counts
)
SELECT
    clustering_id, cluster, heatmaps, photos, correct,
    correct1 / heatmaps AS top1,
    correct2 / heatmaps AS top2,
    correct3 / heatmaps AS top3,
    correct4 / heatmaps AS top4,
    correct5 / heatmaps AS top5,
    share AS share_correct,
    greatest(0.0, (share + z2 / (2 * heatmaps)
        - sqrt(z2 * (share * (1 - share) + z2 / (4 * heatmaps)) / heatmaps))
        / (1 + z2 / heatmaps)) AS share_correct_low,
    least(1.0, (share + z2 / (2 * heatmaps)
        + sqrt(z2 * (share * (1 - share) + z2 / (4 * heatmaps)) / heatmaps))
        / (1 + z2 / heatmaps)) AS share_correct_high,
    identified,
    CASE WHEN identified > 0 THEN identified_share END AS identified_correct,
    CASE WHEN identified > 0 THEN greatest(0.0, (identified_share + z2 / (2 * identified)
        - sqrt(z2 * (identified_share * (1 - identified_share) + z2 / (4 * identified))
            / identified)) / (1 + z2 / identified)) END AS identified_low,
    CASE WHEN identified > 0 THEN least(1.0, (identified_share + z2 / (2 * identified)
        + sqrt(z2 * (identified_share * (1 - identified_share) + z2 / (4 * identified))
            / identified)) / (1 + z2 / identified)) END AS identified_high,
    CASE WHEN identified > 0 THEN identified_score END AS identified_score,
    mean_score,
    sqrt(greatest(0.0, mean_square - mean_score * mean_score)) AS score_deviation,
    stability
FROM shares
LEFT JOIN (SELECT clustering_id, cluster, stability FROM clusters) USING (clustering_id, cluster)
ORDER BY clustering_id, cluster
