//! When a website fails: for whole spells, so that there are incidents and not only failed checks.

use twox_hash::XxHash64;

/// One spell in so many.
const FAILING_ONE_IN: u64 = 4;

/// Whether a website fails in a spell.
pub(super) fn is_failing(seed: u64, url: &str, spell: u64) -> bool {
    let hash = XxHash64::oneshot(
        seed ^ spell.wrapping_mul(0x9e37_79b9_7f4a_7c15),
        url.as_bytes(),
    );
    hash.is_multiple_of(FAILING_ONE_IN)
}
