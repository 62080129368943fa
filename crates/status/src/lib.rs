//! Shows what the database holds: the status page, for people. Read-only.
//!
//! - [`StatusSettings`]: what the environment says of it.
//! - `site`: the routes, and what the handlers share. `api`: the JSON API, badges, the feed.
//! - `reading`: questions to the database, whose answers are kept for a moment.
//! - `queries`: what is asked, and what comes back.
//! - `pages`: from there to HTML. `words`, `times`, `share`, `spread`: how things are said. `state`: how a website is.
//! - `auth`: who may see it.
//! - `assets`, `answer`: style and script; headers, and what is said when something is wrong.

mod answer;
mod api;
mod assets;
mod auth;
mod pages;
mod queries;
mod reading;
mod settings;
mod share;
mod site;
mod spread;
mod state;
mod times;
mod words;

pub use auth::Credentials;
pub use settings::StatusSettings;
pub use site::router;

#[cfg(test)]
mod tests;
