-- The newest rows, for psql: narrow enough for a terminal of 120 columns. Each website's own newest
-- are found by the index, so that a large database answers as quickly as a small one.
\pset border 0
\pset footer off
\pset null ''
SELECT to_regclass('metrics') IS NOT NULL AS there \gset
\if :there
SELECT CASE WHEN length(shown) > 44 THEN left(shown, 43) || '…' ELSE shown END AS url,
       to_char(scheduled_at, CASE WHEN scheduled_at > now() - interval '12 hours' THEN '' ELSE 'MM-DD ' END
                             || 'HH24:MI:SS') AS "when",
       outcome,
       concat_ws(' ', CASE WHEN error_code > 0 AND coalesce(failure_reason, '') !~ '^(dns|connect)_'
                           THEN error_code END, failure_reason) AS status,
       round(response_time * 1000) AS ms,
       round(dns * 1000) AS dns,
       round(connect * 1000) AS connect,
       round(tls * 1000) AS tls,
       round(first_byte * 1000) AS first_byte,
       round(body * 1000) AS body
FROM websites
CROSS JOIN LATERAL (
    SELECT * FROM metrics
    WHERE website_id = websites.id
    ORDER BY scheduled_at DESC LIMIT :rows
) AS newest
CROSS JOIN LATERAL (SELECT regexp_replace(url, '://[^/@]*@', '://***@') AS shown) AS masked
ORDER BY scheduled_at DESC, url LIMIT :rows;
\else
\echo 'There is no row yet: the consumer has not made its tables here.'
\endif
