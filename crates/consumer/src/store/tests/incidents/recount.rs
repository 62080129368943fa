//! What rows come to, by a query that remembers nothing, beside the incidents that are stored.

use crate::store::tests::fixture::Fixture;

/// The rows that count, in the order in which they were stored: batch by batch, and in each by the time
/// when they were due. Then, one step after the other: those newer than all before of their location;
/// what the location makes of them (two failed ones in a row, or a good one); what all of those heard
/// make of it; where that begins and ends an incident.
const RECOUNT: &str = r#"
WITH counting AS (
    SELECT *, row_number() OVER (ORDER BY created_at, scheduled_at, location COLLATE "C", check_id) AS place
    FROM (SELECT website_id, location, scheduled_at, created_at, check_id,
            coalesce("interval", 60) AS seconds,
            coalesce(outcome = 'down', error_code NOT BETWEEN 100 AND 399) AS failed
        FROM metrics WHERE (outcome IS NULL OR outcome IN ('up', 'down'))
            AND overloaded IS NOT TRUE AND witness IS DISTINCT FROM 'down') AS results
), newer AS (
    SELECT * FROM (SELECT *, max(scheduled_at) OVER (PARTITION BY website_id, location ORDER BY place
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS newest FROM counting) AS results
    WHERE newest IS NULL OR scheduled_at > newest
), seen AS (
    SELECT *, failed AND coalesce(lag(failed) OVER
        (PARTITION BY website_id, location ORDER BY place), false) AS is_down FROM newer
), whole AS (
    SELECT seen.*, heard.down * 2 > heard.all AS is_down_as_a_whole FROM seen CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE is_down) AS down, count(*) AS all FROM (
            SELECT DISTINCT ON (location) is_down, scheduled_at, seconds,
                max(scheduled_at) OVER () AS newest FROM seen AS others
            WHERE others.website_id = seen.website_id AND others.place <= seen.place
            ORDER BY location, place DESC) AS latest
        WHERE scheduled_at + make_interval(secs => 3 * seconds) >= newest) AS heard
), turns AS (
    SELECT *, lag(failed) OVER (PARTITION BY website_id ORDER BY place) AS before
    FROM whole WHERE failed = is_down_as_a_whole
), happened AS (
    SELECT *, lead(check_id) OVER (PARTITION BY website_id ORDER BY place) AS next
    FROM turns WHERE failed IS DISTINCT FROM coalesce(before, false)
)
SELECT website_id || ': ' || check_id || ' until ' || coalesce(next::text, 'now')
FROM happened WHERE failed ORDER BY website_id, place
"#;
const STORED: &str = "SELECT website_id || ': ' || opened_by || ' until ' || coalesce(closed_by::text, 'now') \
    FROM incidents ORDER BY website_id, id";

/// The incidents that are stored.
pub(super) async fn stored(fixture: &Fixture) -> Vec<String> {
    texts(fixture, STORED).await
}

/// Those that the rows come to.
pub(super) async fn recount(fixture: &Fixture) -> Vec<String> {
    texts(fixture, RECOUNT).await
}

async fn texts(fixture: &Fixture, query: &str) -> Vec<String> {
    let rows = fixture.client.query(query, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}
