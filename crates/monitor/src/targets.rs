//! The targets file: which websites are checked, and which rows cannot be.
//!
//! One bad row costs itself and nobody else: it is skipped and named with its line and reason. The
//! way of a row: `text` (bytes to lines) → `csv` or `json` (what it says, by the table of
//! `fields`) → `check` (whether that makes a target) → `list`.

mod address;
mod change;
mod check;
mod csv;
mod draft;
mod elements;
mod fields;
mod json;
mod list;
mod own;
mod row;
mod settings;
mod shown;
mod target;
mod text;
mod unknown;
mod values;

pub use self::{
    change::Change,
    fields::shown_settings,
    list::Targets,
    own::{About, Asked, Expected, IpVersion, OwnSettings},
    row::BadRow,
    settings::{Format, TargetsSettings},
    target::{Host, Target},
};

#[cfg(test)]
mod tests;
