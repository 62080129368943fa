-- Groups of websites as the API tells of them, by their names.
--
-- $6 text    only groups of a greater name; NULL: all
-- $7 bigint  at most so many
groups AS (
    SELECT website_group, json_object_agg(state, count) AS states, sum(count) AS websites
    FROM (SELECT website_group COLLATE "C" AS website_group, state, count(*) FROM ranked GROUP BY 1, 2) AS counts
    GROUP BY website_group
)
SELECT website_group, json_build_object('name', website_group, 'websites', websites, 'states', states,
    'slo', slo, 'availability', round(up::numeric / nullif(up + down, 0), 6),
    -- 1 is all of it, 0 nothing, less is overspent.
    'budget_left', round((1 - down / nullif((1 - slo / 100) * (up + down), 0))::numeric, 6))::text
FROM groups LEFT JOIN budgets USING (website_group)
WHERE $6::text IS NULL OR website_group > $6
ORDER BY website_group
LIMIT $7
