-- What people ask, by the words of the record: how it stands, how available it was, how fast, and when
-- it was down.

-- The response time that a bucket stands for, in seconds: its middle, wrong by less than 1 %.
CREATE FUNCTION bucket_seconds(bucket smallint) RETURNS double precision
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN 1.02 ^ (bucket - 0.5) / 1000;

-- The response time within which that part of the checks stayed (0.95 for 95 %), of buckets in order and
-- how many each holds. NULL where there are none.
CREATE FUNCTION bucket_percentile(part double precision, buckets smallint[], bucket_counts integer[])
RETURNS double precision LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN (
    SELECT bucket_seconds(bucket) FROM (
        SELECT bucket, sum(checks) OVER (ORDER BY bucket) AS up_to, sum(checks) OVER () AS total
        FROM unnest(buckets, bucket_counts) AS of_bucket (bucket, checks)) AS ranked
    WHERE up_to >= greatest(part * total, 1) ORDER BY bucket LIMIT 1);

-- How response times (seconds) of a website were spread from one time until another, whole hours, all its
-- locations together.
CREATE FUNCTION response_percentiles(website_id bigint, since timestamptz, until timestamptz,
    OUT checks bigint, OUT p50 double precision, OUT p90 double precision, OUT p95 double precision,
    OUT p99 double precision)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(sum(it), 0), bucket_percentile(0.5, buckets, counts), bucket_percentile(0.9, buckets, counts),
        bucket_percentile(0.95, buckets, counts), bucket_percentile(0.99, buckets, counts)
    FROM (SELECT array_agg(bucket ORDER BY bucket) AS buckets, array_agg(checks ORDER BY bucket) AS counts
        FROM (SELECT bucket, sum(bucket_count)::integer AS checks
            FROM hours CROSS JOIN LATERAL unnest(buckets, bucket_counts) AS of_hour (bucket, bucket_count)
            WHERE hours.website_id = response_percentiles.website_id AND hour >= since AND hour < until
            GROUP BY bucket) AS merged) AS lists
    LEFT JOIN LATERAL unnest(counts) AS it ON true GROUP BY buckets, counts
$$;

-- How each website stands now: a row a website, with its newest row.
CREATE VIEW latest_status AS
SELECT websites.id AS website_id, url, target ->> 'name' AS name, target ->> 'group' AS "group",
    CASE
        WHEN newest.website_id IS NULL THEN 'unknown'
        WHEN newest.outcome = 'skipped' AND newest.failure_reason = 'target_removed' THEN 'retired'
        WHEN maintenance.until IS NOT NULL THEN 'maintenance'
        WHEN scheduled_at < now() - 3 * coalesce("interval", 60) * interval '1 second' THEN 'silent'
        WHEN incident.id IS NOT NULL THEN 'down'
        WHEN EXISTS (SELECT FROM states WHERE states.website_id = websites.id AND is_down) THEN 'partial'
        WHEN EXISTS (SELECT FROM states WHERE states.website_id = websites.id) THEN 'up'
        ELSE 'unknown'
    END AS status,
    incident.started_at AS down_since, incident.id AS incident_id, maintenance.until AS maintenance_until,
    newest.location, scheduled_at, outcome, newest.error_code, response_time, newest.failure_reason,
    newest.failure_phase, newest.failure_detail, not_after AS certificate_not_after
FROM websites
LEFT JOIN LATERAL (
    SELECT * FROM metrics WHERE metrics.website_id = websites.id ORDER BY metrics.scheduled_at DESC LIMIT 1
) AS newest ON true
LEFT JOIN incidents AS incident ON incident.website_id = websites.id AND incident.closed_at IS NULL
LEFT JOIN LATERAL (
    SELECT max(ends_at) AS until FROM maintenance_spans
    WHERE maintenance_spans.website_id = websites.id AND starts_at <= now() AND ends_at > now()
) AS maintenance ON true
LEFT JOIN certificates ON certificates.id = certificate_id;

-- How available each website was, day by day (UTC), all its locations together: of the checks that say
-- something of it. Today's is of its hours until now.
CREATE VIEW availability AS
SELECT website_id, url, target ->> 'name' AS name, target ->> 'group' AS "group", day,
    100.0 * sum(up) / nullif(sum(up) + sum(down), 0) AS percent,
    sum(up) AS up, sum(down) AS down, sum(missed) AS missed, sum(skipped) AS skipped,
    sum(maintenance) AS maintenance, sum(doubted) AS doubted, sum(slow) AS slow,
    make_interval(secs => (sum(down_time) / count(*))::double precision) AS down_time
FROM (
    SELECT website_id, day, location, up, down, missed, skipped, maintenance, doubted, slow, down_time
    FROM days WHERE day < (now() AT TIME ZONE 'UTC')::date
    UNION ALL
    SELECT website_id, (now() AT TIME ZONE 'UTC')::date, location, sum(up), sum(down), sum(missed), sum(skipped),
        sum(maintenance), sum(doubted), sum(slow), sum(down_time)
    FROM hours WHERE hour >= date_trunc('day', now(), 'UTC') GROUP BY website_id, location
) AS counted
JOIN websites ON websites.id = website_id GROUP BY website_id, url, target, day;

-- How fast each website was, day by day (UTC): percentiles of its response time from the roll-ups, wrong by
-- less than 1 %, and what its phases took on average. Seconds.
CREATE VIEW percentiles AS
SELECT website_id, url, target ->> 'name' AS name, day, up AS checks,
    bucket_percentile(0.5, merged.buckets, merged.counts) AS p50,
    bucket_percentile(0.9, merged.buckets, merged.counts) AS p90,
    bucket_percentile(0.95, merged.buckets, merged.counts) AS p95,
    bucket_percentile(0.99, merged.buckets, merged.counts) AS p99,
    response_time / nullif(up, 0) AS mean, dns / nullif(up, 0) AS dns, connect / nullif(up, 0) AS connect,
    tls / nullif(up, 0) AS tls, first_byte / nullif(up, 0) AS first_byte, body / nullif(up, 0) AS body
FROM (
    SELECT website_id, day, sum(up) AS up, sum(response_time) AS response_time, sum(dns) AS dns,
        sum(connect) AS connect, sum(tls) AS tls, sum(first_byte) AS first_byte, sum(body) AS body
    FROM days GROUP BY website_id, day
) AS counted
JOIN websites ON websites.id = website_id
CROSS JOIN LATERAL (
    SELECT array_agg(bucket ORDER BY bucket) AS buckets, array_agg(checks ORDER BY bucket) AS counts
    FROM (SELECT bucket, sum(bucket_count)::integer AS checks
        FROM days CROSS JOIN LATERAL unnest(buckets, bucket_counts) AS of_day (bucket, bucket_count)
        WHERE days.website_id = counted.website_id AND days.day = counted.day GROUP BY bucket) AS buckets
) AS merged;

-- Which phase is slow: exact percentiles over the last 24 hours, from the rows of checks that were up.
-- Seconds; of a phase, those checks in which it happened.
CREATE VIEW phase_percentiles AS
SELECT website_id, url, target ->> 'name' AS name, phase, count(*) AS checks,
    percentile_disc(0.5) WITHIN GROUP (ORDER BY seconds) AS p50,
    percentile_disc(0.9) WITHIN GROUP (ORDER BY seconds) AS p90,
    percentile_disc(0.95) WITHIN GROUP (ORDER BY seconds) AS p95,
    percentile_disc(0.99) WITHIN GROUP (ORDER BY seconds) AS p99
FROM metrics JOIN websites ON websites.id = website_id
CROSS JOIN LATERAL (VALUES ('response_time', response_time), ('dns', dns), ('connect', connect), ('tls', tls),
    ('first_byte', first_byte), ('body', body)) AS measured (phase, seconds)
WHERE scheduled_at >= now() - interval '24 hours' AND scheduled_at <= now() AND seconds IS NOT NULL
    AND overloaded IS NOT TRUE AND witness IS DISTINCT FROM 'down'
    AND (outcome = 'up' OR outcome IS NULL AND error_code BETWEEN 100 AND 399)
GROUP BY website_id, url, target, phase;

-- When websites were down, and why.
CREATE VIEW incident_log AS
SELECT incidents.id, website_id, url, target ->> 'name' AS name, started_at, ended_at,
    closed_at IS NULL AS is_open,
    coalesce(ended_at, now()) - started_at AS lasted, location, error_code, failure_reason, failure_phase,
    failure_detail, remote_address, last_good_at, locations_down, locations_heard
FROM incidents JOIN websites ON websites.id = website_id;

-- How fast a website spent its error budget from one time until another: 1 is as fast as its slo (percent)
-- allows. Of the checks that say something of it, by their rows; NULL where there are none.
CREATE FUNCTION burn_rate(website_id bigint, slo double precision, since timestamptz, until timestamptz)
RETURNS TABLE (failed bigint, rate double precision) LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT count(*) FILTER (WHERE is_down), avg(is_down::integer)::double precision / (1 - slo / 100)
    FROM (
        SELECT CASE WHEN outcome IS NOT NULL THEN outcome = 'down'
            ELSE error_code NOT BETWEEN 100 AND 399 END AS is_down
        FROM metrics
        WHERE metrics.website_id = burn_rate.website_id AND scheduled_at >= since AND scheduled_at < until
            AND (outcome IS NULL OR outcome IN ('up', 'down'))
            AND overloaded IS NOT TRUE AND witness IS DISTINCT FROM 'down'
            AND NOT EXISTS (SELECT FROM maintenance_spans WHERE maintenance_spans.website_id = metrics.website_id
                AND starts_at <= scheduled_at AND ends_at > scheduled_at)
    ) AS checks
$$;

-- When websites spent their error budgets so fast that somebody is told.
CREATE TABLE burns (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    website_id bigint NOT NULL REFERENCES websites (id),
    -- How many times as fast as the slo allows.
    factor double precision NOT NULL,
    -- When that was seen, and when it was over; NULL while it goes on.
    started_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz
);
CREATE UNIQUE INDEX burns_open_key ON burns (website_id, factor) WHERE ended_at IS NULL;

-- What is left of each website's error budget over the last 30 days, today included: 1 is all, 0 is
-- nothing, less is overspent; by the roll-ups. Its slo is in percent.
CREATE VIEW error_budgets AS
SELECT website_id, url, name, "group", slo, up, down,
    100.0 * up / nullif(up + down, 0) AS percent,
    1 - down / nullif((1 - slo / 100) * (up + down), 0) AS budget_left
FROM (
    SELECT availability.website_id, availability.url, name, "group", sum(up)::double precision AS up,
        sum(down)::double precision AS down,
        CASE jsonb_typeof(target -> 'slo') WHEN 'number' THEN (target -> 'slo')::double precision END AS slo
    FROM availability JOIN websites ON websites.id = availability.website_id
    WHERE day > (now() AT TIME ZONE 'UTC')::date - 30
    GROUP BY availability.website_id, availability.url, name, "group", target
) AS spent
WHERE slo > 0 AND slo < 100;
