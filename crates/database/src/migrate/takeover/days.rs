//! Partitions for the days that the original has rows of.

use deadpool_postgres::Transaction;
use tracing::info;

use crate::{errors::DatabaseError, partition::Partition, statement::Statement};

/// Locks that a new partition takes until the transaction ends: ten, for its table, its index and what
/// a long text needs; and some to spare.
const LOCKS_A_PARTITION: i32 = 12;

/// Days with rows, each with a partition of its own as long as half of the server's locks suffice;
/// before that, a month's days share one. Days are those of UTC, as everywhere.
const DAYS: Statement = Statement::new(
    "looking at the days of the original's rows",
    "WITH days AS MATERIALIZED (
        SELECT DISTINCT (created_at::timestamptz AT TIME ZONE 'UTC')::date AS day
        FROM original_metrics),
    bound AS (SELECT current_setting('max_locks_per_transaction')::integer
        * (current_setting('max_connections')::integer
            + current_setting('max_prepared_transactions')::integer) / 2 / $1::integer AS days_max),
    border AS (SELECT CASE WHEN count(*) <= min(days_max) THEN '-infinity'::date ELSE (
            SELECT date_trunc('month', min(day) + interval '1 month')::date
            FROM (SELECT day FROM days ORDER BY day DESC LIMIT (SELECT days_max FROM bound)) AS newest)
        END AS day FROM days, bound),
    parts AS (
        SELECT 'metrics_' || to_char(days.day, 'YYYYMMDD') AS name, days.day AS since,
            days.day + 1 AS until
        FROM days, border WHERE days.day >= border.day
        UNION SELECT 'metrics_' || to_char(days.day, 'YYYYMM'), date_trunc('month', days.day)::date,
            (date_trunc('month', days.day) + interval '1 month')::date
        FROM days, border WHERE days.day < border.day)
    SELECT name, to_char(since, 'YYYY-MM-DD'), to_char(until, 'YYYY-MM-DD'), until - since > 1,
        quote_ident(current_schema())
    FROM parts ORDER BY since",
);

/// Makes them.
pub(super) async fn make(transaction: &Transaction<'_>) -> Result<(), DatabaseError> {
    let rows = DAYS.query_once(transaction, &[&LOCKS_A_PARTITION]).await?;
    let months = rows.iter().filter(|row| row.get(3)).count();
    info!(
        "Making partitions: {} of a day, {months} of a month (days of long ago share one)",
        rows.len() - months
    );
    for row in &rows {
        let partition = Partition {
            schema: row.get(4),
            name: row.get(0),
            from: row.get(1),
            to: row.get(2),
        };
        partition.making().run(transaction).await?;
    }
    Ok(())
}
