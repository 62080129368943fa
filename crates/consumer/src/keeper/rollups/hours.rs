//! An hour of some websites, counted from their rows.

use std::{sync::LazyLock, time::SystemTime};

use database::{DatabaseError, Statement};
use deadpool_postgres::Transaction;

use super::columns::{self, FATES, TIMES};
use crate::incidents::LOCATION_CHARS_MAX;

/// What became of a check. A record of the original says it by its code alone.
const BECAME: &str = "CASE WHEN spans @> scheduled_at THEN 'maintenance' \
    WHEN outcome IN ('missed', 'skipped') THEN outcome \
    WHEN overloaded OR witness = 'down' THEN 'doubted' \
    WHEN outcome IS NOT NULL THEN outcome \
    WHEN error_code BETWEEN 100 AND 399 THEN 'up' ELSE 'down' END";
/// The bucket of a response time: of what is not a number, the last one; of nothing, that of a
/// nanosecond.
const BUCKET: &str =
    "ceil(ln(least(greatest(response_time::float8 * 1000, 1e-6), 1e38)) / ln(1.02))::smallint";

static COUNT: LazyLock<Statement> = LazyLock::new(|| {
    let fates = FATES.map(|it| {
        format!("coalesce(sum(checks) FILTER (WHERE became = '{it}'), 0)::integer AS {it}")
    });
    let sums = TIMES.map(|it| format!("sum({it}::float8) AS {it}"));
    let times = TIMES.map(|it| format!("coalesce(sum({it}) FILTER (WHERE became = 'up'), 0)"));
    let sql = format!(
        "WITH planned AS ( \
            SELECT website_id, range_agg(tstzrange(starts_at, ends_at)) AS spans FROM maintenance_spans \
            WHERE website_id = ANY ($1::bigint[]) AND starts_at < $3 AND ends_at > $2 GROUP BY website_id \
        ), known AS ( \
            SELECT id AS website_id, spans, CASE jsonb_typeof(target -> 'slow_after') \
                WHEN 'number' THEN (target -> 'slow_after')::float8 END AS slow_after \
            FROM websites LEFT JOIN planned ON website_id = id WHERE id = ANY ($1::bigint[]) \
        ), checks AS ( \
            SELECT metrics.*, slow_after, {BECAME} AS became FROM metrics JOIN known USING (website_id) \
            WHERE website_id = ANY ($1::bigint[]) AND scheduled_at >= $2 AND scheduled_at < $3 \
        ), spread AS ( \
            SELECT website_id, left(location, {LOCATION_CHARS_MAX}) AS location, became, bucket, count(*) AS checks, \
                count(*) FILTER (WHERE response_time > slow_after) AS slow, \
                sum(sound_interval(\"interval\")) AS seconds, {sums} \
            FROM checks CROSS JOIN LATERAL (SELECT CASE became WHEN 'up' THEN {BUCKET} END AS bucket) AS of_check \
            GROUP BY website_id, left(checks.location, {LOCATION_CHARS_MAX}), became, bucket \
        ) \
        INSERT INTO hours (website_id, hour, location, {columns}) \
        SELECT website_id, $2, location, {fates}, \
            coalesce(sum(slow) FILTER (WHERE became = 'up'), 0)::integer, \
            coalesce(sum(seconds) FILTER (WHERE became = 'down'), 0)::real, {times}, \
            coalesce(array_agg(bucket ORDER BY bucket) FILTER (WHERE became = 'up'), '{{}}'), \
            coalesce(array_agg(checks::integer ORDER BY bucket) FILTER (WHERE became = 'up'), '{{}}') \
        FROM spread GROUP BY website_id, location {replace}",
        sums = sums.join(", "),
        fates = fates.join(", "),
        times = times.join(", "),
        columns = columns::list(),
        replace = columns::replace("hours", "website_id, hour, location"),
    );
    Statement::built("counting an hour", sql)
});
const MARK_DAY: Statement = Statement::new(
    "marking a day to be counted",
    "INSERT INTO dirty_days (day, website_ids) VALUES (($1::timestamptz AT TIME ZONE 'UTC')::date, $2)",
);

/// Counts the hour from `since` to `until` for these websites, and marks its day.
pub(super) async fn count(
    transaction: &Transaction<'_>,
    websites: &[i64],
    since: SystemTime,
    until: SystemTime,
) -> Result<(), DatabaseError> {
    // With its values in sight, the server plans for the one partition that it is about.
    COUNT
        .execute_once(transaction, &[&websites, &since, &until])
        .await?;
    MARK_DAY.execute(transaction, &[&since, &websites]).await?;
    Ok(())
}
