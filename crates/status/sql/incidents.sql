-- Incidents, the newest first.
--
-- $1 text[]       only of websites with one of these tags; NULL: all
-- $2 timestamptz  only those that began before; NULL: all
-- $3 bigint       only of this website; NULL: all
-- $4 bigint       at most so many
-- $5 text         only of websites of this group; NULL: all
-- $6 boolean      names are told, and no urls
WITH told AS (
    SELECT 'incident' AS kind, row_number() OVER (ORDER BY started_at DESC, incidents.id DESC) AS place, incidents.*,
        CASE WHEN NOT $6::boolean THEN url END AS url,
        CASE WHEN $6 THEN coalesce(nullif(btrim(target ->> 'name'), ''), 'Website ' || website_id)
            ELSE target ->> 'name' END AS name,
        NULL::timestamptz AS sent_at
    FROM incidents JOIN websites ON websites.id = website_id
    WHERE ($1::text[] IS NULL OR target -> 'tags' ?| $1)
        AND ($2::timestamptz IS NULL OR started_at < $2)
        AND ($3::bigint IS NULL OR website_id = $3)
        AND ($5::text IS NULL OR coalesce(target ->> 'group', '') = $5)
    ORDER BY started_at DESC, incidents.id DESC
    LIMIT $4
)
