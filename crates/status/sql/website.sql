-- All that a website's page shows. Each row is a kind of thing and the thing itself as JSON.
--
-- $6 timestamptz  from when on its response times are shown
-- $7 bigint       seconds that a point of them stands for
-- $8 boolean      whether they are read from the results themselves, or from the hours
-- $9 text         from which location; NULL: all
-- $10 text        the day that is opened
-- $11 timestamptz, $12 timestamptz: its checks are listed that were due from then until then
,
-- Its last checks, or those before a time.
listed AS MATERIALIZED (
    SELECT *, row_number() OVER () AS place
    FROM (
        SELECT metrics.*, not_after
        FROM metrics LEFT JOIN certificates ON certificates.id = certificate_id
        WHERE website_id IN (SELECT id FROM shown) AND scheduled_at > $11 AND scheduled_at < $12
        ORDER BY scheduled_at DESC, location
        LIMIT 25
    ) AS newest
),
-- Which certificates it showed: by the first checks of each hour and the newest, and by each check between two of a
-- location that saw different ones. To look at each check of a week is to read a page of the table for each.
hourly AS MATERIALIZED (
    SELECT location, scheduled_at, certificate_id,
        lag(scheduled_at) OVER own AS scheduled_before, lag(certificate_id) OVER own AS certificate_before
    FROM (
        SELECT first.* FROM
            generate_series(date_trunc('hour', now()) - interval '7 days', now(), interval '1 hour') AS hour
            CROSS JOIN LATERAL (
                SELECT location, scheduled_at, certificate_id FROM metrics
                WHERE website_id = (SELECT id FROM shown) AND scheduled_at >= hour
                    AND scheduled_at < hour + interval '1 hour' AND scheduled_at > $4 AND scheduled_at < $5
                ORDER BY scheduled_at
                LIMIT (SELECT greatest(count(*), 1) FROM states WHERE website_id IN (SELECT id FROM shown))
            ) AS first
        UNION ALL
        SELECT location, scheduled_at, certificate_id FROM newest
    ) AS checks
    WHERE certificate_id IS NOT NULL
    WINDOW own AS (PARTITION BY location ORDER BY scheduled_at)
),
certified AS (
    SELECT certificate_id, scheduled_at FROM hourly
    UNION ALL
    SELECT between_them.certificate_id, between_them.scheduled_at
    FROM hourly JOIN metrics AS between_them ON website_id = (SELECT id FROM shown)
        AND between_them.location = hourly.location AND between_them.scheduled_at > $4 AND between_them.scheduled_at < $5
        AND between_them.scheduled_at > scheduled_before AND between_them.scheduled_at < hourly.scheduled_at
    WHERE certificate_before <> hourly.certificate_id AND between_them.certificate_id IS NOT NULL
),
told AS (
    SELECT 'incident' AS kind, row_number() OVER (ORDER BY started_at DESC) AS place, incidents.*, shown.url, shown.name,
        NULL::timestamptz AS sent_at
    FROM incidents JOIN shown ON shown.id = website_id
    ORDER BY started_at DESC
    LIMIT 30
)
SELECT 'page' AS kind, json_build_object('now', now(), 'today', (SELECT day FROM today))::text AS thing
UNION ALL
SELECT 'website', thing FROM lines
UNION ALL
SELECT 'more', json_build_object(
    'description', target ->> 'description',
    'slo', CASE WHEN jsonb_typeof(target -> 'slo') = 'number' THEN (target ->> 'slo')::float8 END,
    'regexp', regexp,
    'certificate', (SELECT json_build_object('not_after', not_after, 'issuer', issuer)
        FROM newest JOIN certificates ON certificates.id = certificate_id
        ORDER BY scheduled_at DESC LIMIT 1))::text
FROM websites WHERE id IN (SELECT id FROM shown)
UNION ALL
SELECT * FROM (
    SELECT 'location', json_build_object('name', location, 'heard_at', heard_at, 'every', every,
        'is_heard', is_heard, 'is_down', is_down, 'response_time', CASE WHEN is_up THEN response_time END)::text
    FROM (
        SELECT location, heard_at, every, is_heard, is_down, is_up, response_time FROM views
        UNION ALL
        -- One that the newest results do not hold is silent.
        SELECT location, last.heard_at, 60, false, NULL, NULL, NULL
        FROM states CROSS JOIN LATERAL (
            SELECT max(least(scheduled_at, created_at)) AS heard_at FROM metrics
            WHERE website_id = states.website_id AND metrics.location = states.location
                AND scheduled_at > $4 AND scheduled_at < $5
        ) AS last
        WHERE website_id IN (SELECT id FROM shown) AND location NOT IN (SELECT location FROM newest)
            AND last.heard_at IS NOT NULL
    ) AS places
    ORDER BY location
) AS locations
UNION ALL
-- What the checks of the last hours and days came to; and how long those that were good took.
SELECT 'period', json_build_object('days', days, 'up', coalesce(sum(up), 0), 'down', coalesce(sum(down), 0),
    'missed', coalesce(sum(missed + doubted), 0), 'buckets', CASE WHEN days = 1 THEN (
        SELECT coalesce(json_agg(json_build_array(bucket, count) ORDER BY bucket), '[]') FROM (
            SELECT bucket, sum(count) AS count FROM hours, unnest(buckets, bucket_counts) AS pairs (bucket, count)
            WHERE website_id IN (SELECT id FROM shown) AND hour > now() - interval '24 hours'
            GROUP BY bucket) AS counts) ELSE '[]' END)::text
FROM (VALUES (1), (7)) AS periods (days)
LEFT JOIN hours ON website_id IN (SELECT id FROM shown) AND hour > now() - days * interval '1 day'
GROUP BY days
UNION ALL
-- The day that is opened.
SELECT 'day', json_build_object('date', $10::text::date, 'up', coalesce(sum(up), 0), 'down', coalesce(sum(down), 0),
    'missed', coalesce(sum(missed + doubted), 0), 'maintenance', coalesce(sum(maintenance), 0),
    'buckets', (
        SELECT coalesce(json_agg(json_build_array(bucket, count) ORDER BY bucket), '[]') FROM (
            SELECT bucket, sum(count) AS count FROM days, unnest(buckets, bucket_counts) AS pairs (bucket, count)
            WHERE website_id IN (SELECT id FROM shown) AND day = $10::text::date
            GROUP BY bucket) AS counts))::text
FROM days WHERE website_id IN (SELECT id FROM shown) AND day = $10::text::date
HAVING $10::text::date IS NOT NULL
UNION ALL
-- The response times, by phase: means of those that were good.
SELECT * FROM (
    SELECT 'point', json_build_array(place, up, down, missed, dns / nullif(up, 0), connect / nullif(up, 0),
        tls / nullif(up, 0), first_byte / nullif(up, 0), body / nullif(up, 0), response_time / nullif(up, 0))::text
    FROM (
        SELECT floor(extract(epoch FROM at - $6::timestamptz) / $7::bigint)::bigint AS place, sum(up) AS up, sum(down) AS down,
            sum(missed) AS missed, sum(dns) AS dns, sum(connect) AS connect, sum(tls) AS tls,
            sum(first_byte) AS first_byte, sum(body) AS body, sum(response_time) AS response_time
        FROM (
            SELECT scheduled_at AS at, good::int AS up, (NOT good AND seen)::int AS down, (NOT seen)::int AS missed,
                CASE WHEN good THEN dns END AS dns, CASE WHEN good THEN connect END AS connect,
                CASE WHEN good THEN tls END AS tls, CASE WHEN good THEN first_byte END AS first_byte,
                CASE WHEN good THEN body END AS body, CASE WHEN good THEN response_time END AS response_time
            FROM (
                SELECT *, seen AND coalesce(outcome = 'up', error_code BETWEEN 100 AND 399) AS good
                FROM (
                    SELECT *, overloaded IS NOT TRUE AND witness IS DISTINCT FROM 'down'
                        AND outcome IS DISTINCT FROM 'missed' AS seen
                    FROM metrics
                    WHERE $8 AND website_id IN (SELECT id FROM shown) AND scheduled_at >= $6
                        AND scheduled_at <= now() AND scheduled_at < $5 AND outcome IS DISTINCT FROM 'skipped'
                        AND ($9::text IS NULL OR location = $9)
                ) AS results
            ) AS results
            UNION ALL
            SELECT hour, up, down, missed + doubted, dns, connect, tls, first_byte, body, response_time
            FROM hours
            WHERE NOT $8 AND website_id IN (SELECT id FROM shown) AND hour >= $6 AND hour <= now()
                AND ($9::text IS NULL OR location = $9)
        ) AS parts
        GROUP BY 1 ORDER BY 1
    ) AS sums
) AS points
UNION ALL
-- Certificates of the last week, the newest first.
SELECT * FROM (
    SELECT 'certificate', json_build_object('not_after', not_after, 'issuer', issuer,
        'subject', CASE WHEN NOT $3 THEN subject END,
        'first_at', first_at, 'last_at', last_at)::text
    FROM (
        SELECT certificate_id, min(scheduled_at) AS first_at, max(scheduled_at) AS last_at FROM certified
        GROUP BY certificate_id
    ) AS spans JOIN certificates ON certificates.id = certificate_id
    ORDER BY last_at DESC
    LIMIT 10
) AS certificates
