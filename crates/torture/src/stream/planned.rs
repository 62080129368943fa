//! A record that is to be sent.

use super::{row::Row, settings::Settings};

/// A record.
#[derive(Clone, Debug)]
pub(crate) struct Planned {
    /// Where it goes; anywhere where it is `None`.
    pub(crate) partition: Option<i32>,
    pub(crate) key: Vec<u8>,
    /// None for a tombstone.
    pub(crate) value: Option<Vec<u8>>,
    /// Milliseconds since 1970.
    pub(crate) timestamp_ms: i64,
    pub(crate) meaning: Meaning,
}

/// What has to become of a record.
#[derive(Clone, Debug)]
pub(crate) enum Meaning {
    /// A row, unless a better record of its check has it.
    Row {
        row: Box<Row>,
        /// What its website has to remember, if this is its newest record.
        settings: Settings,
        /// Its check's and its pattern's time, as `row` says; its identity comes from its place.
        is_original: bool,
        /// A row or, while PostgreSQL is made to refuse it, a dead letter.
        is_contested: bool,
    },
    /// A dead letter.
    Letter { reason: &'static str },
}
