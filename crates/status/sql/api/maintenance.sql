-- When websites are worked on, of the spans that are not over.
--
-- $1 text[]  only of websites with one of these tags; NULL: all
-- $2 bigint  at most so many
-- $3 boolean names are told, and no urls
SELECT website_id, json_build_object('website_id', website_id, 'website', coalesce(target ->> 'name', CASE WHEN $3::boolean THEN 'Website ' || website_id ELSE regexp_replace(url, '^((?:[^/]|/(?!/))*//)[^/?#\\]*@', '\1***@') END),
    'starts_at', starts_at, 'ends_at', ends_at, 'note', note)::text
FROM maintenance_spans JOIN websites ON id = website_id
WHERE ends_at > now() AND ($1::text[] IS NULL OR target -> 'tags' ?| $1)
ORDER BY starts_at, website_id
LIMIT $2
