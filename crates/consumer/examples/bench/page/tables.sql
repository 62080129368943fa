-- All but the results: a thousand websites in twenty groups, roll-ups of ninety days, incidents.
DO $$ BEGIN
    FOR back IN -1..7 LOOP
        BEGIN
            EXECUTE format('CREATE TABLE page_%s PARTITION OF metrics FOR VALUES FROM (%L) TO (%L)', back + 1,
                date_trunc('day', now(), 'UTC') - back * interval '1 day',
                date_trunc('day', now(), 'UTC') - (back - 1) * interval '1 day');
        EXCEPTION WHEN invalid_object_definition THEN NULL; -- The consumer made it.
        END;
    END LOOP;
END $$;
-- The urls of the records that come later, which change no target: theirs was set by a later one.
INSERT INTO websites (id, url, created_at, regexp_scheduled_at, target)
SELECT 10001 + number, 'https://site-' || number || '.example.com/health?full=1', now() - interval '200 days',
    now() + interval '1 day', jsonb_build_object('name', 'Site ' || number, 'group', 'Group ' || number % 20,
        'tags', jsonb_build_array('tag' || number % 5), 'slow_after', 1)
FROM generate_series(0, 999) AS number;
INSERT INTO certificates (id, not_after, issuer, subject, named_until)
SELECT id, now() + interval '60 days', 'CN=Example CA', 'CN=' || url, now() + interval '9 days'
FROM websites WHERE id > 10000;
INSERT INTO states (website_id, location, is_down, since, newest_at)
SELECT id, 'default', false, now() - interval '7 days', now() FROM websites WHERE id > 10000;
INSERT INTO incidents (website_id, started_at, opened_at, opened_by, ended_at, closed_at, closed_by, location, error_code,
    failure_reason, failure_phase, remote_address, locations_down, locations_heard)
SELECT id, since, since + interval '1 min', gen_random_uuid(), since + interval '5 min', since + interval '6 min',
    gen_random_uuid(), 'default', 599, 'connect_timeout', 'connect', '192.0.2.10:443', 1, 1
FROM (SELECT id, now() - interval '1 hour' - random() * interval '90 days' AS since
    FROM websites, generate_series(1, 10) WHERE id > 10000) AS spans;
INSERT INTO days (website_id, day, location, up, down, missed, skipped, doubted, maintenance, slow, down_time, response_time,
    dns, connect, tls, first_byte, body, buckets, bucket_counts)
SELECT id, current_date - back, 'default', 1440 - bad, bad, 0, 0, 0, 0, 0, bad * 60, 200, 1, 1, 1, 1, 1, buckets, counts
FROM (SELECT id, back, CASE WHEN random() < 0.03 THEN (random() * 100)::int ELSE 0 END AS bad
    FROM generate_series(90, 1, -1) AS back, websites WHERE id > 10000) AS bad,
    (SELECT array_agg(bucket::smallint) AS buckets, array_agg(14) AS counts FROM generate_series(230, 330) AS bucket) AS spread;
INSERT INTO hours (website_id, hour, location, up, down, missed, skipped, doubted, maintenance, slow, down_time, response_time,
    dns, connect, tls, first_byte, body, buckets, bucket_counts)
SELECT id, date_trunc('hour', now()) - back * interval '1 h', 'default', 60, 0, 0, 0, 0, 0, 0, 0, 12, 1, 2, 2, 5, 2,
    buckets, counts
FROM generate_series(30 * 24, 0, -1) AS back, websites,
    (SELECT array_agg(bucket::smallint) AS buckets, array_agg(2) AS counts FROM generate_series(250, 280) AS bucket) AS spread
WHERE id > 10000;
