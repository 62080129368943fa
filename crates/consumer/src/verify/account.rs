//! What the offsets of each partition became: the counts account for each, or do not.

use database::{Database, DatabaseError, Statement};
use serde_json::{Map, Value};

use crate::fates::FATES;

const READ: Statement = Statement::new(
    "reading the account of offsets",
    "SELECT to_jsonb(offsets)::text FROM offsets ORDER BY consumer_group, topic, partition",
);

/// The account of a partition.
#[derive(Debug)]
pub(super) struct Partition(Map<String, Value>);

impl Partition {
    /// A column that holds a text.
    pub(super) fn text(&self, column: &str) -> &str {
        self.0.get(column).and_then(Value::as_str).unwrap_or("")
    }

    /// A column that holds a number.
    pub(super) fn number(&self, column: &str) -> i64 {
        self.0.get(column).and_then(Value::as_i64).unwrap_or(0)
    }

    /// How many offsets were passed.
    pub(super) fn read(&self) -> i64 {
        self.number("next_offset") - self.number("start_offset")
    }

    /// Of how many it is not known what became of them; below 0 where more became something than
    /// were read.
    pub(super) fn unaccounted(&self) -> i64 {
        self.read() - FATES.iter().map(|fate| self.number(fate)).sum::<i64>()
    }
}

/// Reads the accounts of all groups and topics.
pub(super) async fn read(database: &Database) -> Result<Vec<Partition>, DatabaseError> {
    let rows = database
        .attempt(async |client| READ.query(client, &[]).await)
        .await?;
    let objects = rows
        .iter()
        .map(|row| serde_json::from_str(row.get(0)).map(Partition));
    objects
        .collect::<Result<_, _>>()
        .map_err(|_| DatabaseError::Stale("a row of offsets is no object"))
}
