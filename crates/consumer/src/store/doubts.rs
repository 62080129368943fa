//! Failed checks that their monitor doubts, since no witness answered it either: noted in the transaction
//! that stores them, so that a kill loses none. The keeper sees whether that monitor's network was out.

use std::{collections::BTreeMap, time::SystemTime};

use database::{DatabaseError, Statement, system_time};
use deadpool_postgres::Transaction;
use jiff::Timestamp;
use messages::{OutcomeKind, Witness};

use super::row::{Fate, Stored};
use crate::incidents::location_name;

const NOTE: Statement = Statement::new(
    "noting doubted checks",
    "INSERT INTO doubts (location, since, until) \
    SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[])",
);

/// Notes the doubted checks of a batch, which nearly never has any: from when to when, by location.
pub(super) async fn note(
    transaction: &Transaction<'_>,
    stored: &[Stored<'_>],
) -> Result<(), DatabaseError> {
    let doubted = doubted(stored);
    if doubted.is_empty() {
        return Ok(());
    }
    let locations: Vec<&str> = doubted.keys().copied().collect();
    let time = |time: Timestamp| -> SystemTime { system_time(time) };
    let since: Vec<_> = doubted.values().map(|it| time(it.0)).collect();
    let until: Vec<_> = doubted.values().map(|it| time(it.1)).collect();
    NOTE.execute(transaction, &[&locations, &since, &until])
        .await?;
    Ok(())
}

fn doubted<'a>(stored: &[Stored<'a>]) -> BTreeMap<&'a str, (Timestamp, Timestamp)> {
    let mut doubted = BTreeMap::new();
    for Stored { row, fate } in stored {
        let record = row.record;
        let is_doubted = record.self_doubt.witness == Some(Witness::Down)
            && record.outcome == Some(OutcomeKind::Down);
        if !is_doubted || *fate == Fate::Repeat {
            continue;
        }
        let due = record.scheduled_at;
        let times = doubted
            .entry(location_name(&record.location))
            .or_insert((due, due));
        *times = (times.0.min(due), times.1.max(due));
    }
    doubted
}
