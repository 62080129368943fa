//! What the log and the metrics say of each check.

mod line;
mod reporter;
mod tally;

pub(crate) use self::{reporter::Reporter, tally::Load};
use crate::numbers;

/// Whether our own network is out.
pub(crate) fn network_out(is_out: bool) {
    numbers::NETWORK_OUT
        .gauge()
        .set(f64::from(u8::from(is_out)));
}
