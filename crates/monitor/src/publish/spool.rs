//! The results that are on disk, or on their way there.
//!
//! Results bear serials in the order in which they came. Those of the backlog are the oldest. Once it
//! is half full, or while older ones wait on disk, new ones queue here; what Kafka does not acknowledge
//! in time is written in groups, whichever of the two it is in, and what was written leaves the queue.
//! The backlog is filled again from disk, and from the queue once nothing older is on disk.
//!
//! A store that cannot be used is gone without, and looked for until it is well.

mod away;
mod early;
mod holding;
mod pace;
mod queue;
mod working;

pub(crate) use self::holding::{Kept, Lists, Spool};
