-- When all was due that an incident's page looks at, as far as can be told without looking at results: the server
-- plans for the days between alone.
--
-- $1 bigint  the incident
SELECT min(least(last_good_at, started_at - interval '1 day')),
    greatest(max(coalesce(closed_at, now())) + interval '3 hours', min(started_at) + interval '2 days')
FROM incidents
WHERE id = $1 OR cause_id = (SELECT cause_id FROM incidents WHERE id = $1)
    OR id = (SELECT cause_id FROM incidents WHERE id = $1)
