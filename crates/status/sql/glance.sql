-- What tells whether anything is new: a digest of how each website is, and when the newest result was due.
last AS (SELECT 1)
SELECT coalesce(hashtextextended(string_agg(
        concat_ws(' ', id, state, incident_id, locations_heard, locations_down, maintenance_until), ';' ORDER BY id),
        0), 0) AS states,
    (extract(epoch FROM max(heard_at)) * 1000000)::bigint AS newest_at
FROM ranked
