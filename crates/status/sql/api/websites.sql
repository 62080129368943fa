-- Websites as the API tells of them, by their ids.
--
-- $6 text    only websites with this tag; NULL: all
-- $7 text    only websites in this state; NULL: all
-- $8 text    only websites of this group; NULL: all
-- $9 bigint  only those with a greater id
-- $10 bigint  at most so many
last AS (SELECT 1)
SELECT id, json_build_object(
    'id', id, 'name', name, 'url', regexp_replace(url, '^((?:[^/]|/(?!/))*//)[^/?#\\]*@', '\1***@'), 'group', website_group, 'tags', tags, 'state', state,
    'since', CASE WHEN state IN ('down', 'partial') THEN down_since WHEN state = 'silent' THEN heard_at END,
    'reason', CASE WHEN state = 'down' THEN coalesce(incident_reason, down ->> 'reason')
        WHEN state = 'partial' THEN down ->> 'reason' END,
    'incident_id', incident_id, 'checked_at', checked_at, 'heard_at', heard_at, 'interval', every,
    'locations_heard', coalesce(locations_heard, 0), 'locations_down', coalesce(locations_down, 0),
    'response_time', response_time, 'certificate_ends_at', certificate_ends_at,
    'maintenance_until', maintenance_until)::text
FROM ranked
WHERE ($6::text IS NULL OR tags ? $6) AND ($7::text IS NULL OR state = $7)
    AND ($8::text IS NULL OR website_group = $8) AND id > $9
ORDER BY id
LIMIT $10
