//! `ALERTS_FILE`: who is told, and how. It is TOML, a table `[[receiver]]` for each.
//!
//! Everything that is wrong is said at once, each with its line, its field and what would be right. No
//! secret stands in it: those are the environment's, as `${NAME}`, or in files of their own.

mod bounded;
mod document;
mod expand;
mod fields;
mod secrets;
mod span;
mod tables;
mod value;

pub(crate) use document::Document;
pub(crate) use fields::Fields;
pub(crate) use tables::read_each;
