//! Shows what the database holds: the status page, for people. Read-only.
//!
//! - [`StatusSettings`]: what the environment says of it.
//! - `site`: the routes, and what the handlers share. `api`: the JSON API, badges, the feed.
//! - `reading`: questions to the database. `kept`: their answers, for a moment.
//! - `account`: whether all checks are accounted for, as it is handed in.
//! - `updates`: what open pages are told, so that they renew themselves.
//! - `queries`: what is asked, and what comes back.
//! - `pages`: from there to HTML. `words`, `times`, `share`, `budget`, `spread`: how things are said. `state`: how a website is.
//! - `auth`: who may see it. `audience`: and what of it.
//! - `assets`, `answer`: style and script; headers, and what is said when something is wrong.

mod account;
mod answer;
mod api;
mod assets;
mod audience;
mod auth;
mod budget;
mod kept;
mod pages;
mod queries;
mod reading;
mod settings;
mod share;
mod site;
mod spread;
mod state;
mod times;
mod updates;
mod words;

pub use account::{Account, Finding, Outcomes};
pub use auth::Credentials;
pub use settings::StatusSettings;
pub use site::StatusPage;
pub use updates::Lookout;

#[cfg(test)]
mod tests;
