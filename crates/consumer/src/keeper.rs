//! The keeper: what has to be looked after in PostgreSQL while records come and go.
//!
//! - `partitions`: prepares the tables, sees that the server is there also while nothing is to be
//!   stored, and makes the partitions of the days to come.
//! - `retention`: lets go of what is kept no longer.
//! - `burns`: watches error budgets.
//! - `accounts`: proves for the status page that all checks are accounted for.
//! - `maintenance`: plans it some days ahead.
//! - `rollups`: counts what hours and days came to.
//! - `keeping`: all of these side by side.
//! - `locations`: sees which locations are silent, and whose own network is out.
//! - `notices`: finds what else is to be told besides incidents. `telling`: writes it into the outbox.
//! - `notifier`: gathers what is to be told, and delivers it.
//! - `reminder`: says again what is still wrong.

mod accounts;
mod burns;
mod keeping;
mod locations;
mod maintenance;
mod notices;
mod notifier;
mod partitions;
mod pause;
mod reminder;
mod retention;
mod rollups;
mod telling;

pub(crate) use accounts::Accounts;
pub(crate) use keeping::Keeping;
pub(crate) use partitions::prepare;
pub(crate) use reminder::remind;
