//! A check that is due: what the schedule hands to the prober.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;

use crate::targets::Target;

/// A check that came due, whose time was jumped over, or whose target left.
#[derive(Clone, Debug)]
pub struct Due {
    /// Whom to check.
    pub target: Arc<Target>,
    /// When it was due.
    pub scheduled_at: Timestamp,
    /// From this check to the target's next one: the time within which it must begin.
    pub interval: Duration,
    /// How its time came.
    pub arrival: Arrival,
}

/// How a check's time came, which decides what its lag says and who goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// It came due while we were there: its lag is ours to answer for.
    CameDue,
    /// Its slot was under way when its target was taken up, so its lag says nothing about us.
    UnderWay,
    /// Its time had passed before anybody could look: the clock jumped, or the machine slept.
    JumpedOver,
    /// Its target left the list: this is the first check that it will not have, and may be still to
    /// come.
    Left,
}
