-- Which websites have a line in the overview, and in which order.
--
-- $3 text[]  only websites that hold each of these words, in small letters
-- $4 text    only websites with this tag; NULL: all
-- $5 text    only websites in this state; NULL: all
-- $6 text    only websites of this group; NULL: all
-- $7 text    in which order: worst, name, slowest, availability
-- $8 bigint  how many of them are shown with their days and hours
-- $9 bigint  how many go before
matching AS MATERIALIZED (
    SELECT *, count(*) OVER () AS matching_count
    FROM ranked
    WHERE ($4::text IS NULL OR tags ? $4)
        AND ($5::text IS NULL OR state = $5)
        AND NOT EXISTS (
            SELECT FROM unnest($3::text[]) AS word
            WHERE strpos(lower(concat_ws(' ', name, shown_url, website_group, tags::text, state)), word) = 0)
),
-- Where there are too many for one page, and nobody asked for some of them: those that are not well.
eligible AS (
    SELECT *, row_number() OVER (
        ORDER BY
            CASE WHEN $7 = 'worst' THEN rank END,
            CASE WHEN $7 = 'slowest' THEN -response_time END,
            CASE WHEN $7 = 'availability' THEN (
                SELECT sum(up)::float8 / nullif(sum(up) + sum(down), 0) FROM days
                WHERE days.website_id = matching.id AND day > (SELECT day FROM today) - 90) END,
            lower(coalesce(name, shown_url)), id) AS place
    FROM matching
    WHERE website_group = $6
        OR $6 IS NULL AND (matching_count <= $8 OR $4 IS NOT NULL OR $5 IS NOT NULL OR cardinality($3) > 0
            OR state NOT IN ('up', 'maintenance'))
),
shown AS MATERIALIZED (
    SELECT * FROM eligible WHERE place > $9 AND place <= $9 + $8
),
