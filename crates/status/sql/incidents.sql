-- Incidents, the newest first.
--
-- $1 text[]       only of websites with one of these tags; NULL: all
-- $2 timestamptz  only those that began before; NULL: all
-- $3 bigint       only of this website; NULL: all
-- $4 bigint       at most so many
-- $5 text         only of websites of this group; NULL: all
-- $6 boolean      names are told, and no urls
SELECT 'incident' AS kind, json_build_object(
    'id', incidents.id, 'cause_id', coalesce(cause_id, incidents.id), 'website_id', website_id,
    'url', CASE WHEN NOT $6::boolean THEN url END,
    'name', CASE WHEN $6 THEN coalesce(nullif(btrim(target ->> 'name'), ''), 'Website ' || website_id)
        ELSE target ->> 'name' END,
    'started_at', started_at, 'ended_at', ended_at,
    'last_good_at', last_good_at, 'error_code', error_code, 'reason', failure_reason,
    'phase', failure_phase, 'address', remote_address)::text AS thing
FROM incidents JOIN websites ON websites.id = website_id
WHERE ($1::text[] IS NULL OR target -> 'tags' ?| $1)
    AND ($2::timestamptz IS NULL OR started_at < $2)
    AND ($3::bigint IS NULL OR website_id = $3)
    AND ($5::text IS NULL OR coalesce(target ->> 'group', '') = $5)
ORDER BY started_at DESC, incidents.id DESC
LIMIT $4
