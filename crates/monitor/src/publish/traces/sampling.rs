//! Of which checks a trace is told: of the same ones whoever decides it, and whenever.

use uuid::Uuid;

/// The random bits of a trace's id by which it is decided, as OpenTelemetry does (its last seven bytes).
const RANDOM_BITS: u32 = 56;
const RANDOM_END: u64 = 1 << RANDOM_BITS;

/// A share of all checks, chosen by their ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sampling {
    /// From here on, a check is one of them.
    from: u64,
}

impl Sampling {
    /// A share from 0 to 1.
    pub fn new(share: f64) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            clippy::cast_sign_loss,
            reason = "at most 2^56, and never negative"
        )]
        let from = ((1.0 - share.clamp(0.0, 1.0)) * RANDOM_END as f64) as u64;
        Self { from }
    }

    /// Whether a check is one of them.
    pub(super) fn takes(self, check_id: Uuid) -> bool {
        let (_, low) = check_id.as_u64_pair();
        low % RANDOM_END >= self.from
    }
}

impl Default for Sampling {
    fn default() -> Self {
        Self::new(1.0)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use messages::check_id;

    use super::*;

    #[test]
    fn a_share_is_that_share_of_checks_and_a_larger_one_holds_it() {
        let ids = (0..20_000).map(|second| {
            let due = Timestamp::from_second(1_764_000_000 + second).unwrap();
            check_id("here", "https://a.example", due)
        });
        let ids: Vec<_> = ids.collect();
        let taken = |share: f64| {
            let sampling = Sampling::new(share);
            let taken = ids.iter().filter(|id| sampling.takes(**id));
            taken.copied().collect::<std::collections::BTreeSet<_>>()
        };
        assert_eq!(taken(0.0).len(), 0);
        assert_eq!(taken(1.0).len(), ids.len());
        let (tenth, half) = (taken(0.1), taken(0.5));
        assert!((1_800..2_200).contains(&tenth.len()), "{}", tenth.len());
        assert!((9_500..10_500).contains(&half.len()), "{}", half.len());
        assert!(tenth.is_subset(&half));
    }
}
