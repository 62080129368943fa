//! The newest result of each target, for Prometheus to ask for.
//!
//! - `results`: what is kept of them. `seen`: what a result tells. `listed`: which targets are told of.

mod listed;
mod results;
mod seen;

pub(crate) use self::{listed::Listed, results::LatestResults};
