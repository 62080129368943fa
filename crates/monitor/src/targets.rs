//! The targets file: which websites are checked, and which rows cannot be.
//!
//! `single` reads a target from a record of the targets topic; `spelled` spells the file's rows for it.
//!
//! One bad row costs itself and nobody else: it is skipped and named with its line and reason. The
//! way of a row: `text` (bytes to lines) → `csv` or `json` (what it says, by the table of
//! `fields`) → `check` (whether that makes a target) → `list`. While the monitor runs, `reload` reads
//! the file again and tells the schedule each [`Change`].

mod address;
mod change;
mod check;
mod csv;
mod draft;
mod elements;
mod fields;
mod file;
mod given;
mod json;
mod keys;
mod known;
mod list;
mod own;
mod reload;
mod row;
mod settings;
mod shown;
mod single;
mod spelled;
mod target;
mod text;
mod unknown;
mod unlooked;
mod values;

pub use self::{
    change::Change,
    fields::shown_settings,
    given::{setting_names, target_of},
    list::Targets,
    own::{About, Asked, Expected, OwnSettings},
    reload::Reloader,
    row::BadRow,
    settings::{Format, TargetsSettings},
    target::{Host, Target},
};
pub(crate) use self::{
    single::target_of_object,
    spelled::{SpelledRow, SpelledRows, spell_rows},
    unknown::UnknownNames,
};

#[cfg(test)]
mod tests;
