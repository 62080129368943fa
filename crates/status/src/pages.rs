//! From what was read to HTML. Everything that is not ours is escaped by the template.
//!
//! - `layout`, `masthead`, `foot`: what stands around each page. `parts`: what many of them use.
//! - `overview` with `banner`, `tools`, `groups`, `row`, `strip`, `spark`, `past`: all websites.
//! - `website` with `chart`, `checks`: one of them. `incident`, `incidents`: what happened.
//! - `trouble`: what is shown when there is nothing to show.

mod banner;
mod chart;
mod checks;
mod foot;
mod groups;
mod incident;
mod incidents;
mod layout;
mod masthead;
mod moment;
mod overview;
mod parts;
mod past;
mod row;
mod spark;
mod strip;
mod tools;
mod trouble;
mod website;

pub(crate) use incident::incident;
pub(crate) use incidents::incidents;
pub(crate) use masthead::Masthead;
pub(crate) use overview::overview;
pub(crate) use parts::{incident_path, website_path};
pub(crate) use trouble::{missing, out, refused};
pub(crate) use website::website;
