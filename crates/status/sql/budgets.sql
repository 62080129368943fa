-- What the checks of 30 days came to, of each group that aims at an availability (GROUP_SLOS): of those of its websites
-- that may be seen.
budgets AS (
    SELECT website_group, slo, coalesce(sum(up), 0) AS up, coalesce(sum(down), 0) AS down
    FROM group_slos JOIN sites USING (website_group) LEFT JOIN LATERAL (
        SELECT up, down FROM days
        WHERE website_id = sites.id AND day > (SELECT day FROM today) - 30 AND day < (SELECT day FROM today)
        UNION ALL
        -- Today's day lags behind its hours.
        SELECT up, down FROM hours
        WHERE website_id = sites.id AND hour >= (SELECT day FROM today)::timestamp AT TIME ZONE 'UTC' AND hour <= now()
    ) AS counted ON true
    WHERE slo > 0 AND slo < 100
    GROUP BY website_group, slo
),
