//! PostgreSQL: websites, rows, dead letters and offsets, each batch in one transaction, perhaps with others.
//!
//! - `chunk`: what is written at once, and what becomes of it.
//! - `writer`: the transaction, step by step. A new step (roll-ups) is a file of its own
//!   and a line there.
//! - `websites`, `known`, `certificates`: from what repeats to its id; `days`: the partitions. All
//!   before the transaction.
//! - `account`: the move of the stored offset. `dirty`: which hours are to be counted anew.
//! - `way`: which of the ways of storing rows. `rows`, `row`, `checks`, `dead_letters`: what a record becomes.
//! - `incidents`, `outbox`: what results make of their websites, and whom it is to be told.
//! - `doubts`: checks that failed at a monitor without a network.
//! - `redrive`: a dead letter's record, by the same steps.
//! - `mending`: what keeps the tables from being written, and can be mended by their owner.
//! - `expiry`: removes what is kept no longer. `forget`: what was told.
//! - `offsets`: how far each partition is stored, which nothing else may move.

mod account;
mod certificates;
mod checks;
mod chunk;
mod days;
mod dead_letters;
mod dirty;
mod doubts;
pub(crate) mod expiry;
pub(crate) mod forget;
mod incidents;
mod known;
mod mending;
mod offsets;
mod outbox;
mod redrive;
mod repeats;
mod row;
mod rows;
mod way;
mod websites;
mod work;
mod writer;

pub use chunk::{Chunk, Counts, Item, Refusal, Written};
pub use offsets::{OffsetKey, Offsets};
pub use writer::BatchWriter;

#[cfg(test)]
mod tests;
