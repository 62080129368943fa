//! Our own schema.

/// The schema by which [`crate::Record::to_avro`] writes.
pub const AVRO_SCHEMA: &str = include_str!("record.avsc");
