//! What the original's rows say that ours cannot say.

use deadpool_postgres::Transaction;
use service::command_line::BadInput;

use crate::{errors::DatabaseError, migrate::error::PrepareError, statement::Statement};

/// How much there is to take over.
#[derive(Clone, Debug)]
pub(super) struct Amount {
    pub(super) websites: i64,
    pub(super) rows: i64,
    pub(super) rows_without_time: i64,
    /// In which `created_at` is read, which names none.
    pub(super) time_zone: String,
}

/// The original's own tables allow nothing of this except a NULL in `created_at`; but rules can have
/// been lifted. A row is named by its id: a url may hold a password.
const MISFITS: Statement = Statement::new(
    "looking for rows that cannot be taken over",
    "SELECT what, count(*), min(id)::bigint FROM (
        SELECT 'metrics without id' AS what, 0 AS id FROM metrics WHERE id IS NULL
        UNION ALL SELECT 'metrics with an id that others have, too', id FROM metrics
        WHERE NOT EXISTS (SELECT FROM pg_constraint WHERE contype = 'p' AND conrelid = 'metrics'::regclass)
        GROUP BY id HAVING count(*) > 1
        UNION ALL SELECT 'metrics without a website', id FROM metrics
        WHERE NOT EXISTS (SELECT FROM websites WHERE websites.id = website_id)
        UNION ALL SELECT 'metrics without error_code', id FROM metrics WHERE error_code IS NULL
        UNION ALL SELECT 'metrics without response_time', id FROM metrics WHERE response_time IS NULL
        UNION ALL SELECT 'metrics with a created_at before the year 2000 or after tomorrow', id
        FROM metrics
        WHERE NOT created_at::timestamptz BETWEEN '2000-01-01+00' AND now() + interval '1 day'
        UNION ALL SELECT 'websites without id', 0 FROM websites WHERE id IS NULL
        UNION ALL SELECT 'websites with an id that others have, too', id FROM websites
        GROUP BY id HAVING count(*) > 1
        UNION ALL SELECT 'websites without url', id FROM websites WHERE url IS NULL
        UNION ALL SELECT 'websites with a url of more than 2048 characters', id FROM websites
        WHERE char_length(url) > 2048
        UNION ALL SELECT 'websites without regexp', id FROM websites WHERE regexp IS NULL
        UNION ALL SELECT 'websites with a url that others have, too', min(id) FROM websites
        GROUP BY url HAVING count(*) > 1
    ) AS misfits GROUP BY what ORDER BY what",
);
const AMOUNT: Statement = Statement::new(
    "counting what is to be taken over",
    "SELECT (SELECT count(*) FROM websites), count(*), count(*) - count(created_at), \
    current_setting('TimeZone') FROM metrics",
);

/// Every row can be taken over with its values as they are.
pub(super) async fn check(transaction: &Transaction<'_>) -> Result<Amount, PrepareError> {
    let misfits = MISFITS.query_once(transaction, &[]).await?;
    if !misfits.is_empty() {
        let described = misfits.iter().map(|row| {
            let (what, count, first): (&str, i64, Option<i64>) =
                (row.get(0), row.get(1), row.get(2));
            format!("{count} {what} (the first has id {})", first.unwrap_or(0))
        });
        return Err(BadInput::new(format!(
            "PG_URI: the original's tables hold what it would not have stored: {}; correct or delete \
             these rows, and start again. Nothing was changed",
            described.collect::<Vec<_>>().join("; ")
        ))
        .into());
    }
    let rows = AMOUNT.query_once(transaction, &[]).await?;
    let row = rows.first();
    let row = row.ok_or(DatabaseError::Stale("a count gave no row"))?;
    Ok(Amount {
        websites: row.get(0),
        rows: row.get(1),
        rows_without_time: row.get(2),
        time_zone: row.get(3),
    })
}
