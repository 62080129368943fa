//! The store against a real PostgreSQL, a database for each test.

mod changed;
mod errors;
mod expiry;
mod fixture;
mod forget;
mod incidents;
mod migration;
mod records;
mod servers;
mod tables;
mod takeover;
mod together;
