-- Incidents, the newest first.
--
-- $1 text[]       only of websites with one of these tags; NULL: all
-- $2 bigint       only of this website; NULL: all
-- $3 timestamptz  not over before this time
-- $4 timestamptz  begun before this time
-- $5 text         open, closed; NULL: both
-- $6 text         only of websites of this group; NULL: all
-- $7 bigint       only those with a smaller id
-- $8 bigint       at most so many
-- $9 boolean      names are told, and no urls, nor anything else that names a host
SELECT incidents.id, json_build_object(
    'id', incidents.id, 'cause_id', coalesce(cause_id, incidents.id), 'website_id', website_id,
    'website', coalesce(target ->> 'name', CASE WHEN $9 THEN 'Website ' || website_id ELSE regexp_replace(url, '^((?:[^/]|/(?!/))*//)[^/?#\\]*@', '\1***@') END),
    'url', CASE WHEN NOT $9::boolean THEN regexp_replace(url, '^((?:[^/]|/(?!/))*//)[^/?#\\]*@', '\1***@') END,
    'started_at', started_at, 'opened_at', opened_at, 'opened_by', opened_by, 'ended_at', ended_at,
    'closed_at', closed_at, 'closed_by', closed_by, 'last_good_at', last_good_at, 'location', location,
    'error_code', error_code, 'reason', failure_reason, 'phase', failure_phase,
    'detail', CASE WHEN NOT $9 THEN failure_detail END,
    'remote_address', CASE WHEN NOT $9 THEN remote_address END, 'locations_down', locations_down, 'locations_heard', locations_heard)::text
FROM incidents JOIN websites ON websites.id = website_id
WHERE ($1::text[] IS NULL OR target -> 'tags' ?| $1) AND ($2::bigint IS NULL OR website_id = $2)
    AND coalesce(ended_at, 'infinity') >= $3 AND started_at < $4
    AND ($5::text IS NULL OR (closed_at IS NULL) = ($5 = 'open'))
    AND ($6::text IS NULL OR coalesce(target ->> 'group', '') = $6)
    AND incidents.id < $7
ORDER BY incidents.id DESC
LIMIT $8
