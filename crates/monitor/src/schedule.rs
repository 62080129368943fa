//! When each target is due.
//!
//! A target's due times are [`messages::DueTimes`]. [`Schedule`] knows those of all targets and is
//! pure: it is told what the time is. [`run`] tells it, and hands on each [`Due`].

mod due;
mod plan;
mod run;

pub use self::{
    due::{Arrival, Due},
    plan::{Entry, Schedule},
    run::run,
};
