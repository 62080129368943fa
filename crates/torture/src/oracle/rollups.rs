//! Roll-ups: each hour is what its rows come to, or marked to be counted.

use anyhow::Result;
use tokio_postgres::Client;

use super::findings::Findings;

/// How many there are, and those that are wrong and would stay so.
const COUNT: &str = "SELECT count(*) FROM hours";
const WRONG: &str = "
    SELECT format('website %s, %s, %L: the rows say %s, the roll-up %s', website_id, hour, location, said, counted)
    FROM (
        SELECT website_id, hour, location, ROW(count(*), count(*) FILTER (WHERE outcome = 'up' AND is_sure),
            count(*) FILTER (WHERE outcome = 'down' AND is_sure), count(*) FILTER (WHERE outcome = 'missed'),
            count(*) FILTER (WHERE outcome = 'skipped'))::text AS said
        FROM (
            SELECT website_id, date_trunc('hour', scheduled_at, 'UTC') AS hour, location,
                coalesce(outcome, CASE WHEN error_code BETWEEN 100 AND 399 THEN 'up' ELSE 'down' END) AS outcome,
                overloaded IS NOT TRUE AND witness IS DISTINCT FROM 'down' AS is_sure
            FROM metrics) AS checks
        GROUP BY website_id, hour, location) AS rows
    FULL JOIN (
        SELECT website_id, hour, location, ROW((up + down + missed + skipped + maintenance + doubted)::bigint,
            up::bigint, down::bigint, missed::bigint, skipped::bigint)::text AS counted
        FROM hours) AS hours USING (website_id, hour, location)
    WHERE said IS DISTINCT FROM counted AND NOT EXISTS (
        SELECT FROM dirty_hours AS marks WHERE marks.hour = coalesce(rows.hour, hours.hour)
        AND (website_ids IS NULL OR coalesce(rows.website_id, hours.website_id) = ANY (website_ids)))";
/// Marks are taken a minute after they were made: in a torture that would be seldom.
pub(crate) const COUNT_AT_ONCE: &str = "
    ALTER TABLE dirty_hours ALTER COLUMN created_at SET DEFAULT '-infinity';
    ALTER TABLE dirty_days ALTER COLUMN created_at SET DEFAULT '-infinity'";

/// Compares all of them. What is still marked may be anything: it is counted anew.
pub(super) async fn compare(client: &Client, findings: &mut Findings) -> Result<()> {
    let counted: i64 = client.query_one(COUNT, &[]).await?.get(0);
    for _ in 0..counted {
        findings.compared("roll-ups of hours");
    }
    for row in client.query(WRONG, &[]).await? {
        findings.add(
            "a roll-up is not what its rows come to",
            row.get::<_, &str>(0),
        );
    }
    Ok(())
}
