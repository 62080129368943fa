//! The original's rows go over: ids and values as they are, NULL for what they do not know.

use std::time::{Duration, Instant};

use deadpool_postgres::Transaction;
use tracing::info;

use super::values::Amount;
use crate::{errors::DatabaseError, statement::Statement};

/// Rows that go over by one statement: some hundred milliseconds.
const ROWS_A_STATEMENT: i64 = 50_000;
/// How often the log says how far it is.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(3);

const FILL_IN: Statement = Statement::new(
    "filling in times of the original's rows",
    "UPDATE original_metrics AS gap SET created_at = filled.at FROM (
        SELECT id, coalesce(max(created_at) OVER (ORDER BY id), min(created_at) OVER (),
            now()::timestamp) AS at
        FROM original_metrics) AS filled
    WHERE gap.created_at IS NULL AND filled.id = gap.id",
);
const WEBSITES: Statement = Statement::new(
    "taking over the original's websites",
    "INSERT INTO websites (id, url, regexp, created_at)
    SELECT id, url, regexp, coalesce(created_at::timestamptz, now()) FROM original_websites",
);
/// The end of the next step: an index of the original's leads to it, whatever holes its ids have.
const STEP: Statement = Statement::new(
    "looking for the original's next rows",
    "SELECT max(id), count(*) FROM
        (SELECT id FROM original_metrics WHERE id > $1 ORDER BY id LIMIT $2) AS step",
);
/// A check's id is one that nobody else has: of version 8, with the row's own in it. Which check it
/// was, and where it was made, the original did not say.
const METRICS: Statement = Statement::new(
    "taking over the original's rows",
    "INSERT INTO metrics (id, website_id, scheduled_at, created_at, check_id, error_code,
        response_time, matched_text, location)
    SELECT id, website_id, created_at::timestamptz, created_at::timestamptz,
        ('00000000-0000-8000-8000-' || lpad(to_hex(id::bigint & x'ffffffffffff'::bigint), 12, '0'))::uuid,
        error_code, response_time, matched_text, ''
    FROM original_metrics WHERE id > $1 AND id <= $2",
);
/// New ids follow the highest, also where the original's sequence lags behind it.
const SEQUENCES: Statement = Statement::new(
    "setting the sequences behind the original's ids",
    "DO $$
    DECLARE
        ours text;
        theirs text;
        next_id bigint := 1;
        highest bigint;
    BEGIN
        FOREACH ours IN ARRAY ARRAY['websites', 'metrics'] LOOP
            theirs := pg_get_serial_sequence('original_' || ours, 'id');
            IF theirs IS NOT NULL THEN
                EXECUTE format('SELECT CASE WHEN is_called THEN last_value + 1 ELSE last_value END FROM %s',
                    theirs) INTO next_id;
            END IF;
            EXECUTE format('SELECT max(id) FROM %I', ours) INTO highest;
            EXECUTE format('ALTER TABLE %I ALTER COLUMN id RESTART WITH %s', ours,
                greatest(next_id, highest + 1, 1));
            next_id := 1;
        END LOOP;
    END $$",
);

/// Gives rows without `created_at` that of the row before them: the table is ordered by it.
pub(super) async fn fill_in_times(
    transaction: &Transaction<'_>,
    amount: &Amount,
) -> Result<(), DatabaseError> {
    if amount.rows_without_time > 0 {
        FILL_IN.execute_once(transaction, &[]).await?;
    }
    Ok(())
}

/// Copies websites and rows, and says how far it is.
pub(super) async fn copy(
    transaction: &Transaction<'_>,
    amount: &Amount,
) -> Result<(), DatabaseError> {
    WEBSITES.execute_once(transaction, &[]).await?;
    let (mut at, mut copied) = (i32::MIN, 0);
    let mut said_at = Instant::now();
    loop {
        let step = STEP
            .query_once(transaction, &[&at, &ROWS_A_STATEMENT])
            .await?;
        let step = step.first().map(|row| (row.get(0), row.get::<_, i64>(1)));
        let Some((Some(to), count)) = step else { break };
        METRICS.execute_once(transaction, &[&at, &to]).await?;
        (at, copied) = (to, copied + count);
        if said_at.elapsed() >= PROGRESS_INTERVAL {
            said_at = Instant::now();
            info!("Took over {copied} of {} rows", amount.rows);
        }
    }
    SEQUENCES.run(transaction).await
}
