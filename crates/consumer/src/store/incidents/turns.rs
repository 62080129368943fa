//! Stores that incidents began and ended.

use std::{collections::HashMap, time::SystemTime};

use database::{DatabaseError, Parameters, Statement, system_time};
use deadpool_postgres::Transaction;
use jiff::Timestamp;
use messages::{Record, Word};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::incidents::{Closed, Opened};

const CLOSE: Statement = Statement::new(
    "storing that incidents ended",
    "UPDATE incidents SET ended_at = closing.ended_at, closed_at = closing.closed_at, \
    closed_by = closing.closed_by, updated_at = now() \
    FROM unnest($1::bigint[], $2::timestamptz[], $3::timestamptz[], $4::uuid[]) \
    AS closing (id, ended_at, closed_at, closed_by) \
    WHERE incidents.id = closing.id AND incidents.closed_at IS NULL",
);
const OPEN: Statement = Statement::new(
    "storing that incidents began",
    "INSERT INTO incidents (website_id, started_at, opened_at, opened_by, ended_at, closed_at, \
    closed_by, last_good_at, location, error_code, failure_reason, failure_phase, failure_detail, \
    remote_address, locations_down, locations_heard) \
    SELECT website_id, started_at, opened_at, opened_by, ended_at, closed_at, \
    closed_by, last_good_at, location, error_code, failure_reason, failure_phase, failure_detail, \
    remote_address, locations_down, locations_heard \
    FROM jsonb_populate_recordset(NULL::incidents, $1::text::jsonb) \
    ON CONFLICT (website_id) WHERE closed_at IS NULL DO NOTHING RETURNING website_id, opened_by, id",
);
/// What contradicts it is read anew.
const SURPRISE: DatabaseError =
    DatabaseError::Stale("an incident is not as it was left: somebody else changed it");

/// An incident that begins in this transaction.
#[derive(Debug)]
pub(super) struct New<'a> {
    pub(super) website_id: i64,
    pub(super) opened: Opened,
    /// What the check says that opened it.
    pub(super) by: &'a Record,
    /// What closed it, in the same transaction.
    pub(super) closing: Option<Closing<'a>>,
}

/// How an incident ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Closing<'a> {
    pub(super) closed: Closed,
    pub(super) by: &'a Record,
}

/// Stores ends of incidents that were open, by their ids.
pub(super) async fn close(
    transaction: &Transaction<'_>,
    closing: &[(i64, Closing<'_>)],
) -> Result<(), DatabaseError> {
    if closing.is_empty() {
        return Ok(());
    }
    let ids: Vec<i64> = closing.iter().map(|it| it.0).collect();
    let ends = || closing.iter().map(|it| it.1);
    let ended: Vec<SystemTime> = ends().map(|it| system_time(it.closed.ended_at)).collect();
    let closed: Vec<SystemTime> = ends().map(|it| system_time(it.by.scheduled_at)).collect();
    let by: Vec<Uuid> = ends().map(|it| it.by.check_id).collect();
    let parameters: &Parameters<'_> = &[&ids, &ended, &closed, &by];
    let met = CLOSE.execute(transaction, parameters).await?;
    if met == ids.len() as u64 {
        Ok(())
    } else {
        Err(SURPRISE)
    }
}

/// Stores incidents that begin, and hands back their ids, in order.
pub(super) async fn open(
    transaction: &Transaction<'_>,
    new: &[New<'_>],
) -> Result<Vec<i64>, DatabaseError> {
    if new.is_empty() {
        return Ok(Vec::new());
    }
    let json = Value::Array(new.iter().map(New::json).collect()).to_string();
    let rows = OPEN.query(transaction, &[&json]).await?;
    let ids: HashMap<(i64, Uuid), i64> = rows
        .iter()
        .map(|row| ((row.get(0), row.get(1)), row.get(2)))
        .collect();
    let ids = new
        .iter()
        .map(|it| ids.get(&(it.website_id, it.by.check_id)).copied());
    ids.collect::<Option<_>>().ok_or(SURPRISE)
}

impl New<'_> {
    /// As a row of the table, by the columns' names.
    fn json(&self) -> Value {
        let Self { opened, by, .. } = self;
        let closed = self.closing.map(|it| it.closed.ended_at);
        let closed_by = self.closing.map(|it| it.by);
        let failure = &by.failure;
        json!({
            "website_id": self.website_id,
            "started_at": time(opened.started_at),
            "opened_at": time(by.scheduled_at),
            "opened_by": by.check_id,
            "ended_at": closed.map(time),
            "closed_at": closed_by.map(|by| time(by.scheduled_at)),
            "closed_by": closed_by.map(|by| by.check_id),
            "last_good_at": opened.last_good_at.map(time),
            "location": by.location.as_str(),
            "error_code": by.error_code,
            "failure_reason": failure.reason.as_ref().map(Word::as_str),
            "failure_phase": failure.phase.as_ref().map(Word::as_str),
            "failure_detail": failure.detail.as_deref(),
            "remote_address": by.remote_address.as_deref(),
            "locations_down": opened.locations_down,
            "locations_heard": opened.locations_heard,
        })
    }
}

/// A time as a row has it: to the microsecond.
fn time(time: Timestamp) -> String {
    format!("{time:.6}")
}
