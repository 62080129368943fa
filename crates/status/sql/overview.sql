-- All that the overview shows. Each row is a kind of thing and the thing itself as JSON.
,
told AS (
    SELECT 'incident' AS kind, row_number() OVER (ORDER BY closed_at IS NOT NULL, started_at DESC) AS place,
        incidents.*, sites.url, sites.name,
        CASE WHEN closed_at IS NULL THEN (
            SELECT min(sent_at) FROM outbox JOIN alerts ON alerts.id = alert_id
            WHERE outbox.incident_id = incidents.id AND outbox.kind = 'down') END AS sent_at
    FROM incidents JOIN sites ON sites.id = website_id
    WHERE closed_at IS NULL OR started_at > (SELECT day FROM today)::timestamp AT TIME ZONE 'UTC' - interval '13 days'
    ORDER BY closed_at IS NOT NULL, started_at DESC
    LIMIT 500
)
SELECT 'page' AS kind, json_build_object(
    'now', now(), 'today', (SELECT day FROM today),
    'newest_at', (SELECT max(heard_at) FROM newest),
    'shortest', (SELECT min(every) FROM newest WHERE heard_at > now() - interval '1 day'),
    'matching', (SELECT count(*) FROM matching),
    'eligible', (SELECT count(*) FROM eligible),
    'tags', (SELECT coalesce(json_agg(DISTINCT tag), '[]') FROM ranked, jsonb_array_elements_text(tags) AS tag),
    'states', (SELECT coalesce(json_object_agg(state, count), '{}') FROM (
        SELECT state, count(*) FROM ranked GROUP BY state) AS counts),
    -- Days whose hours are not all counted yet.
    'uncounted', (SELECT coalesce(json_agg(DISTINCT day), '[]') FROM (
        SELECT (hour AT TIME ZONE 'UTC')::date FROM dirty_hours WHERE hour < now() - interval '3 hours'
        UNION ALL SELECT day FROM dirty_days) AS marks (day))
)::text AS thing
UNION ALL
SELECT * FROM (
    SELECT 'group', json_build_object('name', website_group, 'states', states, 'budget', (
        SELECT json_build_object('slo', slo, 'up', up, 'down', down) FROM budgets
        WHERE budgets.website_group = counted.website_group))::text
    FROM (
        SELECT website_group, json_object_agg(state, count) AS states
        FROM (SELECT website_group, state, count(*) FROM matching GROUP BY website_group, state) AS counts
        GROUP BY website_group
    ) AS counted
    ORDER BY website_group
) AS groups
UNION ALL
SELECT * FROM (
    SELECT 'website', thing FROM lines ORDER BY place
) AS websites
UNION ALL
SELECT 'location', json_build_object(
    'name', location, 'heard_at', coalesce(heard_at, (
        -- A silent one, of which the newest results of its websites tell nothing.
        SELECT max(least(scheduled_at, created_at)) FROM metrics
        WHERE website_id = known.website_id AND metrics.location = known.location
            AND scheduled_at > $4 AND scheduled_at < $5)),
    'every', every)::text
FROM (SELECT location, max(website_id) AS website_id FROM states JOIN sites ON id = website_id
    GROUP BY location) AS known
FULL JOIN (SELECT location, max(heard_at) AS heard_at, min(every) AS every FROM newest
    WHERE is_retired IS NOT TRUE GROUP BY location) AS heard USING (location)
UNION ALL
SELECT * FROM (
    SELECT 'maintenance', json_build_object('starts_at', starts_at, 'ends_at', ends_at, 'note', note,
        'websites', json_agg(json_build_object('id', id, 'url', url, 'name', name) ORDER BY name, url))::text
    FROM maintenance_spans JOIN sites ON id = website_id
    WHERE ends_at > now() AND starts_at < now() + interval '30 days'
    GROUP BY starts_at, ends_at, note ORDER BY starts_at
    LIMIT 20
) AS spans
