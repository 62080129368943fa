//! Brings the spans that are there to what is planned, in one transaction.

use std::collections::BTreeMap;

use database::{DatabaseError, Statement};
use deadpool_postgres::Transaction;
use jiff::SignedDuration;

use super::{
    planned::{Changes, planned},
    tables,
};

/// So far ahead spans are written: longer than any consumer is away unnoticed.
const AHEAD: SignedDuration = SignedDuration::from_hours(8 * 24);
/// The lock under which one process plans. Any number will do that nobody else uses: `wm_plan` in
/// ASCII.
const LOCK_KEY: i64 = 0x0077_6d5f_706c_616e;
const LOCK: Statement = Statement::new(
    "waiting to plan maintenance",
    "SELECT pg_advisory_xact_lock($1)",
);
const TRY_LOCK: Statement = Statement::new(
    "waiting to plan maintenance",
    "SELECT pg_try_advisory_xact_lock($1)",
);

/// Whether somebody else who plans is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    Awaited,
    /// He does the same.
    Left,
}

/// Plans, and tells which windows of targets cannot be read, with the reason.
pub(crate) async fn plan(
    transaction: &Transaction<'_>,
    turn: Turn,
) -> Result<BTreeMap<String, String>, DatabaseError> {
    match turn {
        Turn::Awaited => {
            LOCK.execute(transaction, &[&LOCK_KEY]).await?;
        }
        Turn::Left => {
            let lock = TRY_LOCK.query_one(transaction, &[&LOCK_KEY]).await?;
            if !lock.get::<_, bool>(0) {
                return Ok(BTreeMap::new());
            }
        }
    }
    let now = tables::now(transaction).await?;
    let sites = tables::sites(transaction).await?;
    let windows = tables::windows(transaction, now).await?;
    let (spans, unread) = planned(&sites, &windows, now, now + AHEAD);
    let there = tables::spans(transaction, now).await?;
    let changes = Changes::between(&there, &spans, now);
    tables::remove(transaction, &changes.removed).await?;
    tables::add(transaction, &changes.added).await?;
    Ok(unread)
}
