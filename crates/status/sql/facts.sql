-- How each website is: what each page's statement begins with.
--
-- $1 text[]  only websites with one of these tags; NULL: all
-- $2 bigint  only this website; NULL: all
-- $3 boolean names are told, and no urls
-- $4 timestamptz, $5 timestamptz: results are looked for that were due from then until then
WITH today AS (
    SELECT (now() AT TIME ZONE 'UTC')::date AS day
),
sites AS MATERIALIZED (
    SELECT id, CASE WHEN NOT $3::boolean THEN url END AS url, created_at,
        CASE WHEN NOT $3 THEN regexp_replace(url, '^((?:[^/]|/(?!/))*//)[^/?#\\]*@', '\1') END AS shown_url,
        CASE WHEN $3 THEN coalesce(nullif(btrim(target ->> 'name'), ''), 'Website ' || id) ELSE target ->> 'name' END AS name,
        coalesce(target ->> 'group', '') AS website_group,
        CASE WHEN jsonb_typeof(target -> 'tags') = 'array' THEN target -> 'tags' ELSE '[]' END AS tags,
        CASE WHEN jsonb_typeof(target -> 'slow_after') = 'number'
            THEN (target ->> 'slow_after')::float8 END AS slow_after,
        CASE WHEN jsonb_typeof(target -> 'cert_days') = 'number'
            THEN greatest(0, least((target ->> 'cert_days')::float8, 36500)) ELSE 14 END AS cert_days
    FROM websites
    WHERE ($1::text[] IS NULL OR target -> 'tags' ?| $1) AND ($2::bigint IS NULL OR id = $2)
),
-- The newest result of each website from each location, among those that can be the last three of any
-- location that is heard; where one of them counts, that one.
newest AS MATERIALIZED (
    SELECT sites.id AS website_id, last.*
    FROM sites CROSS JOIN LATERAL (
        SELECT DISTINCT ON (location) *,
            max(seen_at) OVER own AS heard_at,
            first_value(failure_reason) OVER (own ORDER BY scheduled_at DESC) = 'target_removed' AS is_retired
        FROM (
            SELECT location, scheduled_at, least(scheduled_at, created_at) AS seen_at,
                sound_interval("interval") AS every,
                -- NULL: it does not count.
                CASE WHEN overloaded OR witness = 'down' THEN NULL
                    WHEN outcome = 'up' THEN true
                    WHEN outcome = 'down' THEN false
                    WHEN outcome IS NULL THEN error_code BETWEEN 100 AND 399 END AS is_up,
                outcome IS DISTINCT FROM 'missed' AND outcome IS DISTINCT FROM 'skipped' AS is_check,
                response_time, dns, connect, tls, first_byte, body,
                error_code, failure_reason, failure_phase, certificate_id
            FROM metrics
            WHERE website_id = sites.id
                AND scheduled_at > $4 AND scheduled_at < $5
            ORDER BY scheduled_at DESC
            LIMIT (SELECT 4 * greatest(count(DISTINCT location), 1) FROM states)
        ) AS results
        WINDOW own AS (PARTITION BY location)
        ORDER BY location, is_up IS NULL, scheduled_at DESC
    ) AS last
),
-- How each location sees each website.
views AS (
    SELECT newest.*, states.website_id IS NOT NULL AS is_decided,
        CASE WHEN is_up IS NOT NULL THEN coalesce(is_down, NOT is_up) END AS is_down, since,
        heard_at >= max(heard_at) OVER (PARTITION BY website_id) - 3 * every * interval '1 s' AS is_heard
    FROM newest LEFT JOIN states USING (website_id, location)
    WHERE is_retired IS NOT TRUE
),
seen AS (
    SELECT website_id,
        max(heard_at) AS heard_at,
        max(heard_at) FILTER (WHERE is_check) AS checked_at,
        max(every) AS every,
        count(*) FILTER (WHERE is_heard AND is_up IS NOT NULL) AS locations_heard,
        count(*) FILTER (WHERE is_heard AND is_down) AS locations_down,
        bool_or(is_decided) AS is_decided,
        min(since) FILTER (WHERE is_heard AND is_down) AS down_since,
        (array_agg(json_build_object('location', location, 'reason', failure_reason, 'code', error_code)
            ORDER BY since) FILTER (WHERE is_heard AND is_down))[1] AS down,
        (array_agg(json_build_object('time', response_time, 'dns', dns, 'connect', connect, 'tls', tls,
            'first_byte', first_byte, 'body', body) ORDER BY scheduled_at DESC)
            FILTER (WHERE is_heard AND is_up))[1] AS response,
        (array_agg(response_time ORDER BY scheduled_at DESC) FILTER (WHERE is_heard AND is_up))[1] AS response_time,
        (array_agg(certificate_id ORDER BY scheduled_at DESC) FILTER (WHERE certificate_id IS NOT NULL))[1]
            AS certificate_id,
        (array_agg(location ORDER BY heard_at DESC))[1] AS location
    FROM views GROUP BY website_id
),
facts AS MATERIALIZED (
    SELECT sites.*, seen.heard_at, checked_at, every, seen.locations_heard, seen.locations_down,
        seen.location, response, response_time, coalesce(incident.started_at, down_since) AS down_since, down,
        incident.id AS incident_id, incident.failure_reason AS incident_reason,
        incident.error_code AS incident_code, span.ends_at AS maintenance_until, longest.last_day,
        not_after AS certificate_ends_at,
        CASE
            WHEN span.ends_at IS NOT NULL THEN 'maintenance'
            WHEN seen.heard_at IS NULL AND longest.last_day IS NULL THEN 'never'
            WHEN seen.heard_at IS NULL OR seen.heard_at < now() - (3 * every + 30) * interval '1 s' THEN 'silent'
            WHEN incident.id IS NOT NULL OR NOT is_decided AND 2 * seen.locations_down > seen.locations_heard THEN 'down'
            WHEN seen.locations_down > 0 THEN 'partial'
            WHEN response_time > slow_after THEN 'slow'
            ELSE 'up'
        END AS state
    FROM sites
    LEFT JOIN seen ON seen.website_id = sites.id
    LEFT JOIN incidents AS incident ON incident.website_id = sites.id AND incident.closed_at IS NULL
    LEFT JOIN certificates ON certificates.id = certificate_id
    LEFT JOIN LATERAL (
        SELECT max(ends_at) AS ends_at FROM maintenance_spans
        WHERE maintenance_spans.website_id = sites.id AND starts_at <= now() AND ends_at > now()
    ) AS span ON true
    LEFT JOIN LATERAL (
        SELECT max(day) AS last_day FROM days WHERE seen.heard_at IS NULL AND days.website_id = sites.id
    ) AS longest ON true
    -- Who left the list, or was not heard of for a month, is nobody's any more.
    WHERE seen.website_id IS NOT NULL
        OR NOT EXISTS (SELECT FROM newest WHERE newest.website_id = sites.id)
        AND coalesce(longest.last_day, sites.created_at::date) > (SELECT day FROM today) - 30
),
ranked AS (
    SELECT *, array_position(
        ARRAY['down', 'partial', 'slow', 'silent', 'maintenance', 'never', 'up'], state) AS rank
    FROM facts
),
