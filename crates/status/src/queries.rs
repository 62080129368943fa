//! What is asked of the database, and what comes back.
//!
//! Each page is one statement, whose rows are a kind and a thing of that kind as JSON: so a page is of
//! one moment, and costs one way to the server and back.

mod filter;
mod incident;
mod location;
mod overview;
mod things;
mod website;

pub(crate) use filter::{Filter, Order, SHOWN_MAX};
pub(crate) use incident::Incident;
pub(crate) use location::Location;
pub(crate) use overview::{Group, Maintenance, Overview, Page};
pub(crate) use website::{Day, Hour, Website};
