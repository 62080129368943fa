//! From what was read to HTML. Everything that is not ours is escaped by the template.
//!
//! - `layout`: what stands around each page. `parts`: what many of them use.
//! - `overview` with `banner`, `tools`, `groups`, `row`, `strip`, `spark`, `past`: all websites.
//! - `trouble`: what is shown when there is nothing to show.

mod banner;
mod groups;
mod layout;
mod moment;
mod overview;
mod parts;
mod past;
mod row;
mod spark;
mod strip;
mod tools;
mod trouble;

pub(crate) use layout::Masthead;
pub(crate) use overview::overview;
pub(crate) use trouble::{out, refused};
