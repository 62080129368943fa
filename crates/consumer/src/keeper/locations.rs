//! The monitors themselves: which locations are silent, and whose own network is out. Each is told once,
//! and so is its end.
//!
//! - `notes`: writes when locations were heard, and up to when partitions were read.
//! - `silences`: locations of which nothing comes any more.
//! - `share`: how many of a location's websites fail without a witness.
//! - `outages`: when so many do that its own network is out.
//! - `words`: how both are told.
//! - `watch`: looks every few seconds.

mod notes;
mod outages;
mod share;
mod silences;
#[cfg(test)]
mod tests;
mod watch;
mod words;

pub(super) use watch::Watch;
