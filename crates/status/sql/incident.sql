-- All that an incident's page shows: those of its cause, their checks around it, what was told.
--
-- $1 text[]  only websites with one of these tags; NULL: all
-- $2 bigint  the incident
-- $3 boolean names are told, and no urls
-- $4 timestamptz, $5 timestamptz: all that is looked at was due from then until then
WITH sites AS MATERIALIZED (
    SELECT id, CASE WHEN NOT $3::boolean THEN url END AS url,
        CASE WHEN $3 THEN coalesce(nullif(btrim(target ->> 'name'), ''), 'Website ' || id) ELSE target ->> 'name' END AS name
    FROM websites
    WHERE $1::text[] IS NULL OR target -> 'tags' ?| $1
),
asked AS (
    SELECT incidents.*, coalesce(cause_id, incidents.id) AS cause FROM incidents JOIN sites ON sites.id = website_id
    WHERE incidents.id = $2
),
alike AS MATERIALIZED (
    SELECT incidents.*, sites.url, sites.name, coalesce((
        SELECT sound_interval("interval") FROM metrics
        WHERE website_id = sites.id AND scheduled_at >= started_at AND scheduled_at < started_at + interval '1 day'
            AND scheduled_at >= $4 AND scheduled_at <= $5
        ORDER BY scheduled_at LIMIT 1), 60)::real AS every
    FROM incidents JOIN sites ON sites.id = website_id
    WHERE incidents.id = $2 OR cause_id IN (SELECT cause_id FROM asked) OR incidents.id IN (SELECT cause FROM asked)
    ORDER BY started_at, incidents.id
    LIMIT 40
),
-- What is drawn: some checks before the first, and at most an hour's worth after it.
span AS (
    SELECT min(started_at) - least(max(every) * 8, 14400) * interval '1 s' AS since,
        least(max(coalesce(ended_at, now())) + least(max(every) * 4, 7200) * interval '1 s',
            min(started_at) + least(max(every) * 40, 86400) * interval '1 s') AS until
    FROM alike
),
-- The checks that opened and closed it.
listed AS MATERIALIZED (
    SELECT metrics.*, not_after, row_number() OVER (ORDER BY scheduled_at, location) AS place
    FROM metrics LEFT JOIN certificates ON certificates.id = certificate_id
    WHERE website_id = (SELECT website_id FROM asked) AND scheduled_at >= $4 AND scheduled_at <= $5 AND (
        scheduled_at >= (SELECT coalesce(last_good_at, started_at) FROM asked)
            AND scheduled_at <= (SELECT opened_at FROM asked)
        OR scheduled_at >= (SELECT ended_at - every * interval '1 s' FROM alike WHERE id = $2)
            AND scheduled_at <= (SELECT closed_at FROM asked))
    ORDER BY scheduled_at, location
    LIMIT 60
),
-- Those of its cause, and those before it.
told AS (
    SELECT 'incident' AS kind, row_number() OVER (ORDER BY started_at, id) AS place, alike.*,
        NULL::timestamptz AS sent_at
    FROM alike
    UNION ALL
    SELECT * FROM (
        SELECT 'before', row_number() OVER (ORDER BY started_at DESC), incidents.*, sites.url, sites.name, NULL::real,
            NULL::timestamptz
        FROM incidents JOIN sites ON sites.id = website_id
        WHERE website_id IN (SELECT website_id FROM alike) AND incidents.id NOT IN (SELECT id FROM alike)
            AND started_at < (SELECT started_at FROM asked)
        ORDER BY started_at DESC
        LIMIT 8
    ) AS earlier
)
SELECT 'page' AS kind, json_build_object('now', now(), 'today', (now() AT TIME ZONE 'UTC')::date,
    'since', since, 'until', until)::text AS thing
FROM span WHERE EXISTS (SELECT FROM asked)
UNION ALL
-- A line a website and location: when each check was due, and what it came to.
SELECT * FROM (
    SELECT 'lane', json_build_object('website_id', website_id, 'location', location, 'checks', json_agg(
        json_build_array(scheduled_at, CASE
            WHEN overloaded OR witness = 'down' OR outcome IN ('missed', 'skipped') THEN 'missed'
            WHEN coalesce(outcome = 'up', error_code BETWEEN 100 AND 399) THEN 'up' ELSE 'down' END)
        ORDER BY scheduled_at))::text
    FROM (
        SELECT alike.website_id, results.* FROM alike CROSS JOIN LATERAL (
            SELECT location, scheduled_at, outcome, error_code, overloaded, witness FROM metrics
            WHERE website_id = alike.website_id
                AND scheduled_at >= (SELECT since FROM span) AND scheduled_at <= (SELECT until FROM span)
                AND scheduled_at >= $4 AND scheduled_at <= $5
            ORDER BY scheduled_at
            LIMIT 400) AS results
    ) AS results
    GROUP BY website_id, location ORDER BY website_id, location
) AS lanes
UNION ALL
SELECT * FROM (
    SELECT 'alert', json_build_object('receiver', outbox.receiver, 'kind', outbox.kind, 'sent_at', min(sent_at),
        'websites', count(DISTINCT incident_id))::text
    FROM outbox JOIN alerts ON alerts.id = alert_id
    WHERE incident_id IN (SELECT id FROM alike) AND sent_at IS NOT NULL
    GROUP BY outbox.receiver, outbox.kind ORDER BY min(sent_at)
    LIMIT 20
) AS sent
