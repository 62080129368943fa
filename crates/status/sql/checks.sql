UNION ALL
-- The checks that are listed, each with all that it found.
SELECT * FROM (
    SELECT 'check', json_build_object(
        'id', check_id, 'due_at', scheduled_at, 'location', location, 'outcome', outcome,
        'error_code', error_code, 'response_time', response_time, 'dns', dns, 'connect', connect, 'tls', tls,
        'first_byte', first_byte, 'body', body, 'address', remote_address, 'reason', failure_reason,
        'phase', failure_phase, 'detail', failure_detail, 'http_version', http_version,
        'tls_version', tls_version, 'is_doubted', coalesce(overloaded OR witness = 'down', false),
        'certificate_ends_at', not_after)::text
    FROM listed ORDER BY place
) AS checks
