//! The JSON API, read-only: what the pages show, for programs. Described by `assets/openapi.json`,
//! which a test holds to the routes.
//!
//! - `listing`: what is asked, and pages of it. `parameters`: from the words of an address.
//! - `summary`: the same in Statuspage's shape. `badge`, `feed`: for other people's pages and readers.

mod badge;
mod feed;
mod listing;
mod parameters;
mod summary;

pub(crate) use badge::{Badge, badge};
pub(crate) use feed::feed;
pub(crate) use listing::{Format, Listing};
pub(crate) use parameters::Parameters;
pub(crate) use summary::summary;
