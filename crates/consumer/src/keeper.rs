//! The keeper: what has to be looked after in PostgreSQL while records come and go.
//!
//! - `partitions`: prepares the tables, sees that the server is there also while nothing is to be
//!   stored, and makes the partitions of the days to come.
//! - `retention`: lets go of what is kept no longer.
//! - `burns`: watches error budgets.
//! - `maintenance`: plans it some days ahead.
//! - `rollups`: counts what hours and days came to.
//! - `notifier`: gathers what is to be told, and delivers it.
//! - `reminder`: says again what is still wrong.

mod burns;
mod maintenance;
mod notifier;
mod partitions;
mod pause;
mod reminder;
mod retention;
mod rollups;

pub(crate) use burns::{Names, watch_budgets};
pub(crate) use maintenance::plan_ahead;
pub(crate) use notifier::notify;
pub(crate) use partitions::{keep, prepare};
pub(crate) use reminder::remind;
pub(crate) use retention::expire;
pub(crate) use rollups::count;
