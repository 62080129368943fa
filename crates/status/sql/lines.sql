-- What is said of each website that is shown, with its days and hours.
lines AS (
    SELECT place, json_build_object(
        'id', id, 'url', url, 'name', name, 'group', website_group, 'tags', tags, 'state', state,
        'heard_at', heard_at, 'checked_at', checked_at, 'every', every, 'last_day', last_day,
        'locations_heard', locations_heard, 'locations_down', locations_down, 'location', location,
        'response', response, 'down_since', down_since, 'down', down,
        'incident_reason', incident_reason, 'incident_code', incident_code,
        'maintenance_until', maintenance_until,
        'certificate_ends_at', CASE WHEN certificate_ends_at < now() + cert_days * interval '1 day'
            THEN certificate_ends_at END,
        'days', (
            SELECT coalesce(json_agg(json_build_array(place, up, down, missed, slow, maintenance)), '[]')
            FROM (
                SELECT day - (SELECT day FROM today) + 89 AS place, sum(up) AS up, sum(down) AS down,
                    sum(missed + doubted) AS missed, sum(slow) AS slow, sum(maintenance) AS maintenance
                FROM (
                    SELECT day, up, down, missed, doubted, slow, maintenance FROM days
                    WHERE website_id = shown.id AND day > (SELECT day FROM today) - 90
                        AND day < (SELECT day FROM today)
                    UNION ALL
                    -- Today's day lags behind its hours.
                    SELECT (SELECT day FROM today), up, down, missed, doubted, slow, maintenance FROM hours
                    WHERE website_id = shown.id AND hour <= now()
                        AND hour >= (SELECT day FROM today)::timestamp AT TIME ZONE 'UTC'
                ) AS parts
                GROUP BY day ORDER BY day) AS counts),
        'hours', (
            SELECT coalesce(json_agg(json_build_array(place, up, down, round(response_time::numeric, 4))), '[]')
            FROM (
                SELECT 24 - (extract(epoch FROM date_trunc('hour', now()) - hour) / 3600)::int AS place,
                    sum(up) AS up, sum(down) AS down, sum(response_time) AS response_time
                FROM hours
                WHERE website_id = shown.id AND hour >= date_trunc('hour', now()) - interval '24 hours'
                    AND hour <= now()
                GROUP BY hour ORDER BY hour) AS counts),
        'incidents', (
            SELECT coalesce(json_agg(json_build_array(started_at, ended_at) ORDER BY started_at), '[]')
            FROM incidents
            WHERE website_id = shown.id AND coalesce(ended_at, now()) > now() - interval '90 days')
    )::text AS thing
    FROM shown
)
