//! Records that cannot become rows, kept with their reason and their bytes.

use std::time::SystemTime;

use database::{DatabaseError, Parameters, Statement, system_time};
use deadpool_postgres::Transaction;
use jiff::Timestamp;

use super::chunk::Chunk;

/// The last timestamp (milliseconds since 1970) that PostgreSQL's timestamptz and jiff both hold,
/// and the first. A producer may have written any.
const TIMESTAMP_MS_RANGE: std::ops::RangeInclusive<i64> = -62_135_596_800_000..=253_402_300_799_999;

const INSERT: Statement = Statement::new(
    "storing dead letters",
    "INSERT INTO dead_letters \
    (topic, partition, \"offset\", record_timestamp, key, value, reason, error) \
    SELECT $1, $2, * FROM unnest($3::bigint[], $4::timestamptz[], $5::bytea[], $6::bytea[], \
    $7::text[], $8::text[]) ON CONFLICT \
    (topic, partition, \"offset\", coalesce(record_timestamp, '-infinity'::timestamptz)) DO NOTHING",
);

const MISSING: Statement = Statement::new(
    "looking whether dead letters are there",
    "SELECT EXISTS (SELECT FROM unnest($3::bigint[], $4::timestamptz[]) AS letter (\"offset\", record_timestamp) \
    WHERE NOT EXISTS (SELECT FROM dead_letters AS there WHERE topic = $1 AND partition = $2 \
        AND there.\"offset\" = letter.\"offset\" \
        AND coalesce(there.record_timestamp, '-infinity'::timestamptz) \
            = coalesce(letter.record_timestamp, '-infinity'::timestamptz)))",
);
const REMOVE: Statement = Statement::new(
    "removing a dead letter",
    "DELETE FROM dead_letters WHERE id = $1",
);

/// Removes a letter. `false`: it is not there any more.
pub(super) async fn remove(transaction: &Transaction<'_>, id: i64) -> Result<bool, DatabaseError> {
    Ok(REMOVE.execute(transaction, &[&id]).await? == 1)
}

/// Stores a chunk's dead letters. One that is there already, as another group's or from before the
/// stored offset was set back, stays as it is.
pub(super) async fn store(
    transaction: &Transaction<'_>,
    topic: &str,
    chunk: &Chunk<'_>,
) -> Result<(), DatabaseError> {
    let mut offsets = Vec::new();
    let mut timestamps = Vec::new();
    let mut keys = Vec::new();
    let mut values = Vec::new();
    let mut reasons = Vec::new();
    let mut errors = Vec::new();
    for item in &chunk.items {
        let (Err(refusal), Some(raw)) = (&item.content, chunk.batch.get(item.index)) else {
            continue;
        };
        if refusal.is_expired() {
            continue;
        }
        offsets.push(raw.offset);
        timestamps.push(raw.timestamp_ms.and_then(storable_time));
        keys.push(raw.key);
        values.push(raw.value);
        reasons.push(refusal.reason);
        errors.push(refusal.error.as_str());
    }
    if offsets.is_empty() {
        return Ok(());
    }
    let parameters: &Parameters<'_> = &[
        &topic,
        &chunk.partition,
        &offsets,
        &timestamps,
        &keys,
        &values,
        &reasons,
        &errors,
    ];
    let stored = INSERT.execute(transaction, parameters).await?;
    // Nearly always all of them: whether the others are there is asked only where there are some.
    if stored < offsets.len() as u64 {
        let parameters: &Parameters<'_> = &[&topic, &chunk.partition, &offsets, &timestamps];
        let missing = MISSING.query_one(transaction, parameters).await?;
        if missing.get(0) {
            return Err(DatabaseError::Swallowed("dead letters"));
        }
    }
    Ok(())
}

fn storable_time(timestamp_ms: i64) -> Option<SystemTime> {
    Some(timestamp_ms)
        .filter(|time| TIMESTAMP_MS_RANGE.contains(time))
        .and_then(|time| Timestamp::from_millisecond(time).ok())
        .map(system_time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_that_no_calendar_holds_is_left_out() {
        assert!(storable_time(1_764_000_000_000).is_some());
        assert!(storable_time(-1).is_some());
        for wild in [i64::MAX, i64::MIN, 253_402_300_800_000] {
            assert_eq!(storable_time(wild), None);
        }
    }
}
