-- How each website stands now: a row a website, with its newest row. Partial is what a location says that is
-- heard: of one that was renamed or stopped, what it saw last says nothing any more.
CREATE OR REPLACE VIEW latest_status AS
SELECT websites.id AS website_id, url, target ->> 'name' AS name, target ->> 'group' AS "group",
    CASE
        WHEN newest.website_id IS NULL THEN 'unknown'
        WHEN newest.outcome = 'skipped' AND newest.failure_reason = 'target_removed' THEN 'retired'
        WHEN maintenance.until IS NOT NULL THEN 'maintenance'
        WHEN scheduled_at < now() - 3 * sound_interval("interval") * interval '1 second' THEN 'silent'
        WHEN incident.id IS NOT NULL THEN 'down'
        -- A state that goes on saying the same is written anew now and then alone: the rows know the rest.
        WHEN EXISTS (
            SELECT FROM states WHERE states.website_id = websites.id AND is_down AND (
                states.newest_at >= newest.scheduled_at - 3 * states."interval" * interval '1 second'
                OR EXISTS (
                    SELECT FROM metrics AS own
                    WHERE own.website_id = states.website_id AND left(own.location, 200) = states.location
                        AND own.scheduled_at >= newest.scheduled_at - 3 * states."interval" * interval '1 second'
                        AND coalesce(own.outcome, 'up') IN ('up', 'down')
                        AND own.overloaded IS NOT TRUE AND own.witness IS DISTINCT FROM 'down'))
        ) THEN 'partial'
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
