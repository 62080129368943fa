-- Which websites have a line in the overview, and in which order.
--
-- $6 text[]  only websites that hold each of these words, in small letters
-- $7 text    only websites with this tag; NULL: all
-- $8 text    only websites in this state; NULL: all
-- $9 text    only websites of this group; NULL: all
-- $10 text   in which order: worst, name, slowest, availability
-- $11 bigint  how many of them are shown with their days and hours
-- $12 bigint  how many go before
matching AS MATERIALIZED (
    SELECT *, count(*) OVER () AS matching_count
    FROM ranked
    WHERE ($7::text IS NULL OR tags ? $7)
        AND ($8::text IS NULL OR state = $8)
        AND NOT EXISTS (
            SELECT FROM unnest($6::text[]) AS word
            WHERE strpos(lower(concat_ws(' ', name, shown_url, website_group, tags::text, state)), word) = 0)
),
-- Where there are too many for one page, and nobody asked for some of them: those that are not well.
eligible AS (
    SELECT *, row_number() OVER (
        ORDER BY
            CASE WHEN $10 = 'worst' THEN rank END,
            CASE WHEN $10 = 'slowest' THEN -response_time END,
            CASE WHEN $10 = 'availability' THEN (
                SELECT sum(up)::float8 / nullif(sum(up) + sum(down), 0) FROM days
                WHERE days.website_id = matching.id AND day > (SELECT day FROM today) - 90) END,
            lower(coalesce(name, shown_url)), id) AS place
    FROM matching
    WHERE website_group = $9
        OR $9 IS NULL AND (matching_count <= $11 OR $7 IS NOT NULL OR $8 IS NOT NULL OR cardinality($6) > 0
            OR state NOT IN ('up', 'maintenance'))
),
shown AS MATERIALIZED (
    SELECT * FROM eligible WHERE place > $12 AND place <= $12 + $11
),
