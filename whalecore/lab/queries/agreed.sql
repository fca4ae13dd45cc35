-- What all who decided about a photo say together; without an individual where they differ.
SELECT
    photo_id,
    count(DISTINCT coalesce(individual, '')) > 1 AS conflict,
    CASE WHEN count(DISTINCT coalesce(individual, '')) = 1 THEN max(individual) END AS individual,
    CASE WHEN count(DISTINCT coalesce(individual, '')) = 1 THEN arg_max(decision, sequence) END
        AS decision,
    string_agg(reviewer, ', ' ORDER BY lower(reviewer)) AS reviewers,
    max(decided_at) AS decided_at
FROM standing
GROUP BY photo_id
