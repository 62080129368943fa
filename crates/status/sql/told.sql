-- The incidents that are told, each with all that is known of it. Where no urls are told, nothing that names a host is.
SELECT * FROM (
    SELECT kind, json_build_object(
        'id', id, 'cause_id', coalesce(cause_id, id), 'website_id', website_id, 'url', url, 'name', name,
        'started_at', started_at, 'opened_at', opened_at, 'opened_by', opened_by, 'ended_at', ended_at,
        'closed_at', closed_at, 'closed_by', closed_by, 'last_good_at', last_good_at, 'location', location,
        'error_code', error_code, 'reason', failure_reason, 'phase', failure_phase,
        'detail', CASE WHEN url IS NOT NULL THEN failure_detail END,
        'address', CASE WHEN url IS NOT NULL THEN remote_address END, 'locations_down', locations_down, 'locations_heard', locations_heard,
        'sent_at', sent_at)::text AS thing
    FROM told ORDER BY place
) AS incidents
