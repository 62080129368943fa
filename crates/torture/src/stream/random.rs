//! Where a record's contents come from.

use fastrand::Rng;

/// Random numbers of one record's own.
pub(super) fn random(seed: u64, number: u64) -> Rng {
    // An odd constant spreads neighbours over the whole range of seeds.
    Rng::with_seed(seed ^ (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
}
