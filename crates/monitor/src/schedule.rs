//! When each target is due.
//!
//! A target's due times are [`messages::DueTimes`]. [`Schedule`] knows those of all targets and is
//! pure: it is told what the time is. [`run`] tells it, passes on how the list changes, and hands on
//! each [`Due`].

mod agenda;
mod due;
mod entry;
mod plan;
mod planned;
mod run;
mod under_way;

pub use self::{
    due::{Arrival, Due},
    entry::{Entry, Feed},
    plan::Schedule,
    run::run,
};
