//! The targets file while the monitor runs: it is read again by an order (SIGHUP), and when it
//! changed.
//!
//! `watch` says when, `list` reads, off the tasks, and compares; `news` tells people; `run`
//! passes the changes on.

mod list;
mod news;
mod run;
mod watch;

pub use self::run::Reloader;
