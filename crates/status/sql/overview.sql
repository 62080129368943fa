-- All that the overview shows, in one question. Each row is a kind of thing and the thing itself as JSON.
--
-- $1 text[]  only websites with one of these tags; NULL: all
-- $2 text[]  only websites that hold each of these words, in small letters
-- $3 text    only websites with this tag; NULL: all
-- $4 text    only websites in this state; NULL: all
-- $5 text    only websites of this group; NULL: all
-- $6 text    in which order: worst, name, slowest, availability
-- $7 bigint  how many of them are shown with their days and hours
-- $8 bigint  how many go before
WITH today AS (
    SELECT (now() AT TIME ZONE 'UTC')::date AS day
),
sites AS MATERIALIZED (
    SELECT id, url, created_at,
        regexp_replace(url, '^([^/]*//)[^/?#\\]*@', '\1') AS shown_url,
        target ->> 'name' AS name,
        coalesce(target ->> 'group', '') AS website_group,
        CASE WHEN jsonb_typeof(target -> 'tags') = 'array' THEN target -> 'tags' ELSE '[]' END AS tags,
        CASE WHEN jsonb_typeof(target -> 'slow_after') = 'number'
            THEN (target ->> 'slow_after')::float8 END AS slow_after,
        CASE WHEN jsonb_typeof(target -> 'cert_days') = 'number'
            THEN (target ->> 'cert_days')::float8 ELSE 14 END AS cert_days
    FROM websites
    WHERE $1::text[] IS NULL OR target -> 'tags' ?| $1
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
                coalesce("interval", 60)::float8 AS every,
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
                AND scheduled_at > now() - interval '8 days' AND scheduled_at < now() + interval '1 day'
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
matching AS MATERIALIZED (
    SELECT *, count(*) OVER () AS matching_count
    FROM ranked
    WHERE ($3::text IS NULL OR tags ? $3)
        AND ($4::text IS NULL OR state = $4)
        AND NOT EXISTS (
            SELECT FROM unnest($2::text[]) AS word
            WHERE strpos(lower(concat_ws(' ', name, shown_url, website_group, tags::text, state)), word) = 0)
),
-- Where there are too many for one page, and nobody asked for some of them: those that are not well.
eligible AS (
    SELECT *, row_number() OVER (
        ORDER BY
            CASE WHEN $6 = 'worst' THEN rank END,
            CASE WHEN $6 = 'slowest' THEN -response_time END,
            CASE WHEN $6 = 'availability' THEN (
                SELECT sum(up)::float8 / nullif(sum(up) + sum(down), 0) FROM days
                WHERE days.website_id = matching.id AND day > (SELECT day FROM today) - 90) END,
            lower(coalesce(name, shown_url)), id) AS place
    FROM matching
    WHERE website_group = $5
        OR $5 IS NULL AND (matching_count <= $7 OR $3 IS NOT NULL OR $4 IS NOT NULL OR cardinality($2) > 0
            OR state NOT IN ('up', 'maintenance'))
),
shown AS MATERIALIZED (
    SELECT * FROM eligible WHERE place > $8 AND place <= $8 + $7
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
    'uncounted', (SELECT coalesce(json_agg(DISTINCT (hour AT TIME ZONE 'UTC')::date), '[]') FROM dirty_hours
        WHERE hour < now() - interval '3 hours')
)::text AS thing
UNION ALL
SELECT * FROM (
    SELECT 'group', json_build_object('name', website_group, 'states', json_object_agg(state, count))::text
    FROM (SELECT website_group, state, count(*) FROM matching GROUP BY website_group, state) AS counts
    GROUP BY website_group ORDER BY website_group
) AS groups
UNION ALL
SELECT * FROM (
    SELECT 'website', json_build_object(
        'id', id, 'url', url, 'name', name, 'group', website_group, 'tags', tags, 'state', state,
        'heard_at', heard_at, 'checked_at', checked_at, 'every', every, 'last_day', last_day,
        'locations_heard', locations_heard, 'locations_down', locations_down, 'location', location,
        'response', response, 'down_since', down_since, 'down', down,
        'incident_reason', incident_reason, 'incident_code', incident_code,
        'maintenance_until', maintenance_until,
        'certificate_ends_at', CASE WHEN certificate_ends_at < now() + cert_days * interval '1 day'
            THEN certificate_ends_at END,
        'days', (
            SELECT coalesce(json_agg(json_build_array(place, up, down, missed, slow, maintenance)), '[]')
            FROM (
                SELECT day - (SELECT day FROM today) + 89 AS place, sum(up) AS up, sum(down) AS down,
                    sum(missed) AS missed, sum(slow) AS slow, sum(maintenance) AS maintenance
                FROM days
                WHERE website_id = shown.id AND day > (SELECT day FROM today) - 90
                    AND day <= (SELECT day FROM today)
                GROUP BY day ORDER BY day) AS counts),
        'hours', (
            SELECT coalesce(json_agg(json_build_array(place, up, down, round(response_time::numeric, 4))), '[]')
            FROM (
                SELECT 24 - (extract(epoch FROM date_trunc('hour', now()) - hour) / 3600)::int AS place,
                    sum(up) AS up, sum(down) AS down, sum(response_time) AS response_time
                FROM hours
                WHERE website_id = shown.id AND hour >= date_trunc('hour', now()) - interval '24 hours'
                    AND hour <= now()
                GROUP BY hour ORDER BY hour) AS counts),
        'incidents', (
            SELECT coalesce(json_agg(json_build_array(started_at, ended_at) ORDER BY started_at), '[]')
            FROM incidents
            WHERE website_id = shown.id AND coalesce(ended_at, now()) > now() - interval '90 days')
    )::text
    FROM shown ORDER BY place
) AS websites
UNION ALL
SELECT * FROM (
    SELECT 'incident', json_build_object(
        'id', incidents.id, 'cause_id', coalesce(cause_id, incidents.id), 'website_id', website_id,
        'url', sites.url, 'name', sites.name, 'started_at', started_at, 'ended_at', ended_at,
        'last_good_at', last_good_at, 'location', location, 'error_code', error_code,
        'reason', failure_reason, 'phase', failure_phase, 'detail', failure_detail,
        'address', remote_address,
        'sent_at', CASE WHEN closed_at IS NULL THEN (
            SELECT min(sent_at) FROM outbox JOIN alerts ON alerts.id = alert_id
            WHERE outbox.incident_id = incidents.id AND outbox.kind = 'down') END)::text
    FROM incidents JOIN sites ON sites.id = website_id
    WHERE closed_at IS NULL OR started_at > (SELECT day FROM today)::timestamp AT TIME ZONE 'UTC' - interval '13 days'
    ORDER BY closed_at IS NOT NULL, started_at DESC
    LIMIT 500
) AS incidents
UNION ALL
SELECT 'location', json_build_object(
    'name', location, 'heard_at', coalesce(heard_at, (
        -- A silent one, of which the newest results of its websites tell nothing.
        SELECT max(least(scheduled_at, created_at)) FROM metrics
        WHERE website_id = known.website_id AND metrics.location = known.location
            AND scheduled_at > now() - interval '8 days' AND scheduled_at < now() + interval '1 day')),
    'every', every)::text
FROM (SELECT location, max(website_id) AS website_id FROM states JOIN sites ON id = website_id
    GROUP BY location) AS known
FULL JOIN (SELECT location, max(heard_at) AS heard_at, min(every) AS every FROM newest
    WHERE is_retired IS NOT TRUE GROUP BY location) AS heard USING (location)
UNION ALL
SELECT * FROM (
    SELECT 'maintenance', json_build_object('starts_at', starts_at, 'ends_at', ends_at, 'note', note,
        'websites', json_agg(json_build_object('url', url, 'name', name) ORDER BY name, url))::text
    FROM maintenance_spans JOIN sites ON id = website_id
    WHERE ends_at > now() AND starts_at < now() + interval '30 days'
    GROUP BY starts_at, ends_at, note ORDER BY starts_at
    LIMIT 20
) AS spans
