//! Maintenance windows: when websites are worked on, so that their checks then count for nothing and
//! nobody is alerted.
//!
//! - `planned`: from windows and websites to spans of time, without a database.
//! - `tables`: reads both, and writes what changes.
//! - `plan`: the transaction that does so, one process at a time.
//! - `command`: a person adds, lists and removes windows.

mod command;
mod plan;
mod planned;
mod tables;
#[cfg(test)]
mod tests;

pub use command::{AddOptions, add, list, remove};
pub(crate) use plan::{Turn, plan};
