//! What decides what becomes of a record before it is written.

use crate::{retention::Retention, schemas::Schemas};

/// What decides what becomes of a record before it is written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Decoding {
    /// Which records are too old to become rows.
    pub(crate) retention: Retention,
    /// How Avro records are read.
    pub(crate) schemas: Schemas,
}
