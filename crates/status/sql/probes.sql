-- The newest result of each website from each location, and what became of its checks this month: what
-- Prometheus is told of it. Each row is a kind of thing and the thing itself as JSON.
--
-- $1 text[]  only websites with one of these tags; NULL: all
-- $2 text[]  only websites of one of these urls, or that are shown so without credentials; NULL: all
-- $3 timestamptz, $4 timestamptz: results are looked for that were due from then until then
WITH since AS (
    SELECT date_trunc('month', now() AT TIME ZONE 'UTC')::date AS first_day,
        -- Of the last two days the hours are newer.
        greatest(date_trunc('month', now() AT TIME ZONE 'UTC')::date,
            (now() AT TIME ZONE 'UTC')::date - 1) AS first_hours
),
sites AS MATERIALIZED (
    SELECT id, url,
        coalesce(target ->> 'name', '') AS name,
        coalesce(target ->> 'group', '') AS website_group,
        (SELECT coalesce(json_agg(tag), '[]') FROM jsonb_array_elements_text(
            CASE WHEN jsonb_typeof(target -> 'tags') = 'array' THEN target -> 'tags' ELSE '[]' END) AS tag
            WHERE tag IS NOT NULL) AS tags
    FROM websites
    WHERE ($1::text[] IS NULL OR target -> 'tags' ?| $1)
        AND ($2::text[] IS NULL OR url = ANY ($2)
            OR regexp_replace(url, '^((?:[^/]|/(?!/))*//)[^/?#\\]*@', '\1***@') = ANY ($2))
),
newest AS (
    SELECT DISTINCT ON (sites.id, location) sites.id AS website_id, last.*
    FROM sites CROSS JOIN LATERAL (
        SELECT scheduled_at, least(scheduled_at, created_at) AS seen_at,
            sound_interval("interval") AS every, location, outcome, error_code, failure_reason,
            coalesce(overloaded, false) OR witness IS NOT DISTINCT FROM 'down' AS is_doubted,
            response_time, dns, connect, tls, first_byte, body, remote_address, http_version,
            tls_version, redirects, body_bytes, certificate_id
        FROM metrics
        WHERE website_id = sites.id
            AND scheduled_at > $3 AND scheduled_at < $4
        ORDER BY scheduled_at DESC
        LIMIT (SELECT 4 * greatest(count(DISTINCT location), 1) FROM states)
    ) AS last
    ORDER BY sites.id, location, scheduled_at DESC
)
SELECT 'website', json_build_object(
    'url', url, 'name', name, 'group', website_group, 'tags', tags, 'location', newest.location,
    'due_at', extract(epoch FROM scheduled_at)::float8,
    'is_maintained', EXISTS (SELECT FROM maintenance_spans
        WHERE maintenance_spans.website_id = sites.id AND starts_at <= now() AND ends_at > now()),
    'is_silent', seen_at < now() - (3 * every + 30) * interval '1 s',
    'outcome', outcome, 'error_code', error_code, 'reason', failure_reason, 'is_doubted', is_doubted,
    'response_time', response_time, 'dns', dns, 'connect', connect, 'tls', tls,
    'first_byte', first_byte, 'body', body, 'address', remote_address,
    'http_version', http_version, 'tls_version', tls_version, 'redirects', redirects,
    'body_bytes', body_bytes, 'certificate_ends_at', extract(epoch FROM not_after)::float8,
    'checks', checks)::text
FROM newest JOIN sites ON sites.id = website_id
LEFT JOIN certificates ON certificates.id = certificate_id
LEFT JOIN LATERAL (
    SELECT json_build_array(sum(up), sum(down), sum(missed), sum(skipped), sum(doubted), sum(maintenance)) AS checks
    FROM (
        SELECT up, down, missed, skipped, doubted, maintenance FROM days, since
        WHERE website_id = sites.id AND days.location = newest.location
            AND day >= first_day AND day < first_hours
        UNION ALL
        SELECT up, down, missed, skipped, doubted, maintenance FROM hours, since
        WHERE website_id = sites.id AND hours.location = newest.location
            AND hour >= first_hours::timestamp AT TIME ZONE 'UTC' AND hour <= now()
    ) AS parts
    HAVING count(*) > 0
) AS counted ON true
WHERE failure_reason IS DISTINCT FROM 'target_removed'
ORDER BY url, newest.location
