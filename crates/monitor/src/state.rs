//! What must outlive a crash: the results that Kafka does not have, and how far each target's checks
//! are accounted for. One embedded store in one folder, which one monitor has at a time.
//!
//! - `open`: the folder, its lock, and a store that is sound.
//! - `place`: taking it up, at the start and whenever it is well again.
//! - `store`: what is written, each change as a whole or not at all.
//! - `watermark`: up to which due time each target's checks have their result
//!   acknowledged or spooled.
//! - `mark`: the same of one target.
//! - `backfill`: the checks that were due while nobody was there.

mod backfill;
mod changes;
mod cover;
mod error;
mod file;
mod folder;
mod mark;
mod open;
mod place;
mod resume;
mod settings;
mod spool;
mod store;
mod tables;
mod watermark;

pub(crate) use self::{
    backfill::{Backfill, Owed},
    changes::{Changes, Committed, Spooled},
    cover::Cover,
    error::StoreError,
    mark::Mark,
    open::Unopened,
    place::Place,
    store::Store,
    watermark::Watermarks,
};
pub use self::{resume::Resumed, settings::StateSettings};
