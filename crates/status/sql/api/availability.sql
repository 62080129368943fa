-- What a website's checks came to, by days, and how long those that were good took: from the roll-ups.
--
-- $1 text[]  only of a website with one of these tags; NULL: of any
-- $2 bigint  the website
-- $3 text    from this day on
-- $4 text    up to this day
-- $5 timestamptz, $6 timestamptz: phases are told of the results that were due from then until then
WITH site AS (
    SELECT id FROM websites WHERE id = $2 AND ($1::text[] IS NULL OR target -> 'tags' ?| $1)
),
counted AS MATERIALIZED (
    SELECT day, location, up, down, missed, skipped, maintenance, doubted, slow,
        down_time, response_time, dns, connect, tls, first_byte, body, buckets, bucket_counts
    FROM days WHERE website_id = (SELECT id FROM site)
        AND day >= $3::text::date AND day <= $4::text::date AND day < (now() AT TIME ZONE 'UTC')::date
    UNION ALL
    -- Today's day lags behind its hours.
    SELECT (hour AT TIME ZONE 'UTC')::date, location, up, down, missed, skipped, maintenance, doubted, slow,
        down_time, response_time, dns, connect, tls, first_byte, body, buckets, bucket_counts
    FROM hours WHERE website_id = (SELECT id FROM site)
        AND hour >= date_trunc('day', now(), 'UTC') AND (now() AT TIME ZONE 'UTC')::date <= $4::text::date
),
-- From the rows themselves: roll-ups do not hold how phases are spread.
phases AS (
    SELECT json_object_agg(phase, json_build_object(
        'p50', points[1], 'p90', points[2], 'p95', points[3], 'p99', points[4])) AS percentiles
    FROM (
        SELECT phase, percentile_disc(ARRAY[0.5, 0.9, 0.95, 0.99]) WITHIN GROUP (ORDER BY seconds) AS points
        FROM metrics CROSS JOIN LATERAL (VALUES ('dns', dns), ('connect', metrics.connect), ('tls', tls),
            ('first_byte', first_byte), ('body', body)) AS measured (phase, seconds)
        WHERE website_id = (SELECT id FROM site) AND scheduled_at >= $5 AND scheduled_at < $6
            AND seconds IS NOT NULL
            AND overloaded IS NOT TRUE AND witness IS DISTINCT FROM 'down'
            AND (outcome = 'up' OR outcome IS NULL AND error_code BETWEEN 100 AND 399)
        GROUP BY phase
    ) AS spreads
)
SELECT id, json_build_object(
    'website_id', id, 'from', $3::text::date, 'to', $4::text::date,
    'up', up, 'down', down, 'missed', missed, 'doubted', doubted, 'skipped', skipped,
    'maintenance', maintenance, 'availability', round(up::numeric / nullif(up + down, 0), 6),
    'seen', round((up + down)::numeric / nullif(up + down + missed + doubted, 0), 6), 'down_time', down_time,
    'response_time', json_build_object('mean', response_time / nullif(up, 0),
        'p50', percentiles[1], 'p90', percentiles[2], 'p95', percentiles[3], 'p99', percentiles[4]),
    'timings', json_build_object('dns', dns / nullif(up, 0), 'connect', connect / nullif(up, 0),
        'tls', tls / nullif(up, 0), 'first_byte', first_byte / nullif(up, 0), 'body', body / nullif(up, 0)),
    'phase_percentiles', (SELECT percentiles FROM phases),
    'days', (SELECT coalesce(json_agg(json_build_object('day', day, 'up', up, 'down', down, 'missed', missed,
            'doubted', doubted, 'maintenance', maintenance, 'slow', slow) ORDER BY day), '[]')
        FROM (SELECT day, sum(up) AS up, sum(down) AS down, sum(missed) AS missed, sum(doubted) AS doubted,
                sum(maintenance) AS maintenance, sum(slow) AS slow
            FROM counted GROUP BY day) AS by_day))::text
FROM site, (
    SELECT coalesce(sum(up), 0) AS up, coalesce(sum(down), 0) AS down, coalesce(sum(missed), 0) AS missed,
        coalesce(sum(doubted), 0) AS doubted, coalesce(sum(skipped), 0) AS skipped,
        coalesce(sum(maintenance), 0) AS maintenance, coalesce(sum(down_time), 0) AS down_time,
        sum(response_time) AS response_time, sum(dns) AS dns, sum(connect) AS connect, sum(tls) AS tls,
        sum(first_byte) AS first_byte, sum(body) AS body
    FROM counted
) AS sums, (
    -- The middle of the bucket that reaches so many: wrong by less than 1 %.
    SELECT array_agg((SELECT round((1.02 ^ (min(bucket) - 0.5) / 1000)::numeric, 6) FROM (
        SELECT bucket, sum(count) OVER (ORDER BY bucket) AS passed, sum(count) OVER () AS whole FROM (
            SELECT bucket, sum(count) AS count
            FROM counted, unnest(buckets, bucket_counts) AS pairs (bucket, count) GROUP BY bucket) AS counts
        ) AS steps WHERE passed >= part * whole) ORDER BY part) AS percentiles
    FROM unnest(ARRAY[0.5, 0.9, 0.95, 0.99]) AS part
) AS spread
