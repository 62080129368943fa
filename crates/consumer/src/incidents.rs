//! When a website is down: decided from its results alone, without I/O and without a clock.
//!
//! - `rules`: how many results it takes, and who is told.
//! - `verdict`: what one result says, if it counts.
//! - `location`: how one location sees a website.
//! - `website`: what its locations come to: down when more than half of those heard say so.

mod location;
mod rules;
mod verdict;
mod website;

pub(crate) use location::{Effect, Location};
pub use rules::Rules;
pub(crate) use verdict::{LOCATION_CHARS_MAX, Verdict, interval, location_name};
pub(crate) use website::{Closed, Opened, Turn, Website};

#[cfg(test)]
mod tests;
