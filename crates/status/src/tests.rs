//! The pages against a real PostgreSQL, a database for each test.

mod api;
mod asked;
mod audience;
mod auth;
mod browser;
mod fixture;
mod groups;
mod incident;
mod outage;
mod overview;
mod probes;
mod website;
