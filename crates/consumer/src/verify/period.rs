//! Which checks are looked at, where nobody says it.

use jiff::SignedDuration;

/// The period, where only its end is told.
pub(super) const PERIOD: SignedDuration = SignedDuration::from_hours(24);
/// A check that was due so recently may still be under way, or its record.
pub(super) const UNDER_WAY: SignedDuration = SignedDuration::from_mins(2);
