-- Results of a thousand websites from minute {from} ago until minute {to} ago. Nobody looks whether each
-- website is there, which is known.
SET session_replication_role = replica;
INSERT INTO metrics (website_id, location, scheduled_at, started_at, check_id, error_code, response_time, "interval",
    outcome, schema_version, attempt, dns, connect, tls, first_byte, body, body_bytes, certificate_id, remote_address,
    http_version, tls_version, match, matched_text)
SELECT website_id, 'default', due_at, due_at, gen_random_uuid(), 200, took, 600,
    CASE WHEN random() < 0.001 THEN 'down' ELSE 'up' END, 1, 1, took * 0.02, took * 0.14, took * 0.17, took * 0.5,
    took * 0.17, 18234, website_id, '192.0.2.10:443', 'HTTP/2', 'TLSv1.3', 'matched', 'All systems operational'
FROM (SELECT 10001 + number % 1000 AS website_id,
        date_trunc('minute', now()) - ({from} - number / 1000) * interval '1 min' + number % 60 * interval '1 s' AS due_at,
        (0.1 + 0.2 * random())::real AS took
    FROM generate_series(0, ({from} - {to}) * 1000 - 1) AS number) AS checks;
