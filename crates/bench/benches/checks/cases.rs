//! The cases, and what they share.

mod accuracy;
mod bench;
mod cost;
mod hostile;
mod reload;
mod start;

pub(crate) use self::{
    accuracy::accuracy, bench::Bench, cost::cost, hostile::hostile, reload::reload, start::start,
};
