-- A website's checks, the newest first, and how many there are of them up to the limit.
--
-- $1 text[]       only of a website with one of these tags; NULL: of any
-- $2 bigint       the website
-- $3 timestamptz  due at this time or later
-- $4 timestamptz  due before this time
-- $5 text         only those of this outcome; NULL: all
-- $6 text         only from this location; NULL: from all
-- $7 timestamptz  only those behind the check that was due then and has the id $8; NULL: from the newest on
-- $8 text
-- $9 bigint       at most so many
-- $10 bigint      none after those whose texts come to so many bytes: a page may match whole
-- $11 boolean     no urls are told, and so nothing that names a host
WITH found AS (
    SELECT *, coalesce(octet_length(matched_text), 0) + coalesce(octet_length(failure_detail), 0)
        + coalesce(octet_length(failure_reason), 0) + octet_length(location) AS bytes
    FROM metrics
    WHERE website_id = (SELECT id FROM websites WHERE id = $2 AND ($1::text[] IS NULL OR target -> 'tags' ?| $1))
        AND scheduled_at >= $3 AND scheduled_at < $4
        AND ($5::text IS NULL OR outcome = $5) AND ($6::text IS NULL OR location = $6)
        AND ($7::timestamptz IS NULL OR (scheduled_at, check_id) < ($7, $8::text::uuid))
    ORDER BY scheduled_at DESC, check_id DESC
    LIMIT $9
),
sized AS (
    SELECT *, count(*) OVER () AS found, sum(bytes) OVER (ORDER BY scheduled_at DESC, check_id DESC) - bytes AS before
    FROM found
)
SELECT scheduled_at, check_id::text, json_build_object(
    'check_id', check_id, 'website_id', website_id, 'location', location, 'scheduled_at', scheduled_at,
    'started_at', started_at, 'interval', "interval", 'outcome', outcome, 'error_code', error_code,
    'response_time', response_time, 'failure', CASE WHEN failure_reason IS NOT NULL THEN json_build_object(
        'reason', failure_reason, 'phase', failure_phase, 'detail', CASE WHEN NOT $11::boolean THEN failure_detail END) END,
    'match', "match", 'matched_text', matched_text, 'timings', json_build_object(
        'dns', dns, 'connect', sized.connect, 'tls', tls, 'first_byte', first_byte, 'body', body),
    'attempt', attempt, 'remote_address', CASE WHEN NOT $11 THEN remote_address END, 'http_version', http_version,
    'tls_version', tls_version, 'redirects', redirects, 'body_bytes', body_bytes,
    'certificate', CASE WHEN certificates.id IS NOT NULL THEN json_build_object(
        'not_after', not_after, 'issuer', issuer, 'subject', CASE WHEN NOT $11 THEN subject END) END,
    'overloaded', overloaded, 'witness', witness)::text, found
FROM sized LEFT JOIN certificates ON certificates.id = certificate_id
WHERE before < $10
ORDER BY scheduled_at DESC, check_id DESC
