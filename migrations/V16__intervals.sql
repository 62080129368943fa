-- A row keeps its record's interval as it came, however odd. Whoever reckons with it takes it as it makes
-- sense: of what is not above 0, or is not said, a minute; at most 366 days. Sums of it with times, and of
-- many of it, are then within what the types hold.
CREATE FUNCTION sound_interval("interval" real) RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN "interval" > 0 THEN least("interval", 31622400)::double precision ELSE 60 END
$$;

-- How each website stands now: a row a website, with its newest row.
CREATE OR REPLACE VIEW latest_status AS
SELECT websites.id AS website_id, url, target ->> 'name' AS name, target ->> 'group' AS "group",
    CASE
        WHEN newest.website_id IS NULL THEN 'unknown'
        WHEN newest.outcome = 'skipped' AND newest.failure_reason = 'target_removed' THEN 'retired'
        WHEN maintenance.until IS NOT NULL THEN 'maintenance'
        WHEN scheduled_at < now() - 3 * sound_interval("interval") * interval '1 second' THEN 'silent'
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
