//! The record as JSON, the encoding that every program can read.

mod read;
mod surrogates;
mod write;

pub use write::{Encoded, SCHEMA_VERSION};
