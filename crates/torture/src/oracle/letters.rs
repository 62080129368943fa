//! Dead letters: each record that cannot become a row, with its bytes, and no other.

use anyhow::Result;
use tokio_postgres::Client;

use super::{
    expected::{Expected, Place},
    findings::Findings,
};
use crate::stream::{Meaning, Planned};

const SELECT: &str = "SELECT partition, \"offset\", \
    (extract(epoch FROM record_timestamp) * 1000)::bigint, key, value, reason, error \
    FROM dead_letters";
/// The reason of one that PostgreSQL refuses.
const REFUSED: &str = "refused_by_postgresql";

/// A dead letter that is there.
struct Letter {
    place: Place,
    timestamp_ms: Option<i64>,
    key: Option<Vec<u8>>,
    value: Option<Vec<u8>>,
    reason: String,
    error: String,
}

/// Compares all of them.
pub(super) async fn compare(
    client: &Client,
    expected: &mut Expected,
    findings: &mut Findings,
) -> Result<()> {
    for row in client.query(SELECT, &[]).await? {
        let letter = Letter {
            place: (row.get(0), row.get(1)),
            timestamp_ms: row.get(2),
            key: row.get(3),
            value: row.get(4),
            reason: row.get(5),
            error: row.get(6),
        };
        findings.compared("dead letters");
        if let Some(number) = expected.letters.remove(&letter.place) {
            let planned = expected.planned(number);
            if let Meaning::Letter { reason } = planned.meaning {
                look_at(&letter, &planned, reason, findings);
            }
        } else if let Some(number) = contested(expected, letter.place) {
            look_at(&letter, &expected.planned(number), REFUSED, findings);
        } else {
            let Letter {
                place,
                reason,
                error,
                ..
            } = letter;
            let what = format!("the record at {place:?}: {reason}: {error}");
            findings.add("a good record is a dead letter", what);
        }
    }
    for (place, number) in &expected.letters {
        let what = format!("record {number} at {place:?}");
        findings.add("a dead letter is lost", what);
    }
    Ok(())
}

/// Counts the letter of a record that may be refused.
fn contested(expected: &mut Expected, place: Place) -> Option<u64> {
    let mut contested = expected.contested.values_mut();
    let contested = contested.find(|it| it.places.contains(&place))?;
    contested.letters += 1;
    Some(contested.number)
}

fn look_at(letter: &Letter, planned: &Planned, reason: &str, findings: &mut Findings) {
    let key = Some(&planned.key).filter(|key| !key.is_empty());
    let differs = [
        (
            "timestamp",
            letter.timestamp_ms != Some(planned.timestamp_ms),
        ),
        ("key", letter.key.as_ref() != key),
        ("value", letter.value != planned.value),
        ("reason", letter.reason != reason),
        ("error, which is empty", letter.error.is_empty()),
    ];
    for (field, _) in differs.iter().filter(|(_, differs)| *differs) {
        let (place, found) = (letter.place, &letter.reason);
        let what = format!(
            "{field} at {place:?} ({found}: {}; due: {reason})",
            letter.error
        );
        findings.add("a dead letter says something else", what);
    }
}
