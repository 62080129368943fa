UNION ALL
-- The checks that are listed, each with all that it found. Where no urls are told, nothing that names a host is.
SELECT * FROM (
    SELECT 'check', json_build_object(
        'id', check_id, 'due_at', scheduled_at, 'location', location, 'outcome', outcome,
        'error_code', error_code, 'response_time', response_time, 'dns', dns, 'connect', connect, 'tls', tls,
        'first_byte', first_byte, 'body', body, 'address', CASE WHEN NOT $3 THEN remote_address END, 'reason', failure_reason,
        'phase', failure_phase, 'detail', CASE WHEN NOT $3 THEN failure_detail END, 'http_version', http_version,
        'tls_version', tls_version, 'is_doubted', coalesce(overloaded OR witness = 'down', false),
        'certificate_ends_at', not_after)::text
    FROM listed ORDER BY place
) AS checks
