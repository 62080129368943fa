//! A day of some websites, put together of their hours.

use std::sync::LazyLock;

use database::{DatabaseError, Statement};
use deadpool_postgres::Transaction;

use super::columns::{self, FATES, TIMES};

static COUNT: LazyLock<Statement> = LazyLock::new(|| {
    let counts = FATES.into_iter().chain(["slow"]);
    let counts: Vec<_> = counts.map(|it| format!("sum({it})::integer")).collect();
    let times = TIMES.map(|it| format!("sum({it})"));
    let sql = format!(
        "WITH parts AS ( \
            SELECT * FROM hours WHERE website_id = ANY ($1::bigint[]) \
                AND hour >= $2::text::date::timestamp AT TIME ZONE 'UTC' \
                AND hour < ($2::text::date + 1)::timestamp AT TIME ZONE 'UTC' \
        ), spread AS ( \
            SELECT website_id, location, array_agg(bucket ORDER BY bucket) AS buckets, \
                array_agg(checks ORDER BY bucket) AS bucket_counts \
            FROM (SELECT website_id, location, bucket, sum(bucket_count)::integer AS checks \
                FROM parts CROSS JOIN LATERAL unnest(buckets, bucket_counts) AS of_part (bucket, bucket_count) \
                GROUP BY website_id, location, bucket) AS merged \
            GROUP BY website_id, location \
        ), sums AS ( \
            SELECT website_id, location, {counts}, sum(down_time)::real, {times} \
            FROM parts GROUP BY website_id, location \
        ) \
        INSERT INTO days (website_id, location, {columns}, day) \
        SELECT sums.*, coalesce(buckets, '{{}}'), coalesce(bucket_counts, '{{}}'), $2::text::date \
        FROM sums LEFT JOIN spread USING (website_id, location) {replace}",
        counts = counts.join(", "),
        times = times.join(", "),
        columns = columns::list(),
        replace = columns::replace("days", "website_id, day, location"),
    );
    Statement::built("putting a day together", sql)
});

/// Puts the day (as 2026-11-25) together for these websites.
pub(super) async fn count(
    transaction: &Transaction<'_>,
    websites: &[i64],
    day: &str,
) -> Result<(), DatabaseError> {
    COUNT.execute_once(transaction, &[&websites, &day]).await?;
    Ok(())
}
