//! PostgreSQL: websites, rows, dead letters and offsets, each batch in one transaction.
//!
//! - `chunk`: what is written at once, and what becomes of it.
//! - `writer`: the transaction, step by step. A new step (incidents, roll-ups) is a file of its own
//!   and a line there.
//! - `websites`, `known`, `certificates`: from what repeats to its id; `days`: the partitions. All
//!   before the transaction.
//! - `rows`, `row`, `checks`, `dead_letters`: what a record becomes.
//! - `dirty`: which hours are to be counted anew.
//! - `mending`: what keeps the tables from being written, and can be mended by their owner.
//! - `expiry`: removes what is kept no longer.
//! - `offsets`: how far each partition is stored, which nothing else may move.

mod certificates;
mod checks;
mod chunk;
mod days;
mod dead_letters;
mod dirty;
pub(crate) mod expiry;
mod known;
mod mending;
mod offsets;
mod repeats;
mod row;
mod rows;
mod websites;
mod work;
mod writer;

pub use chunk::{Chunk, Counts, Item, Refusal, Written};
pub use offsets::{OffsetKey, Offsets};
pub use writer::BatchWriter;

#[cfg(test)]
mod tests;
