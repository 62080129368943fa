-- Of samples/shops.sql: everything is well again.
UPDATE metrics SET outcome = 'up', error_code = 200, response_time = 0.2, failure_reason = NULL, failure_phase = NULL,
    failure_detail = NULL
WHERE (outcome = 'down' OR response_time > 1) AND scheduled_at > now() - interval '3 hours';
DELETE FROM metrics WHERE website_id = 11;
DELETE FROM hours WHERE website_id = 11;
DELETE FROM days WHERE website_id = 11;
DELETE FROM states WHERE website_id = 11 OR location = 'Singapore';
DELETE FROM websites WHERE id IN (11, 12);
DELETE FROM maintenance_spans WHERE starts_at <= now() AND ends_at > now();
UPDATE states SET is_down = false, since = now();
UPDATE incidents SET ended_at = now() - interval '1 min', closed_at = now() - interval '1 min', closed_by = opened_by
    WHERE closed_at IS NULL;
