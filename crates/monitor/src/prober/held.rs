//! Results that wait for what the witnesses say.

use std::collections::{HashSet, VecDeque};

use messages::{CheckResult, OutcomeKind, Witness};

/// Results that may wait. With more, nobody waits: what the witnesses say is worth less than a result.
const HELD_MAX: usize = 10_000;

/// Failed checks that wait for what the witnesses say, and behind each the later ones of its site, so
/// that none overtakes another.
#[derive(Debug, Default)]
pub(super) struct Held {
    results: VecDeque<CheckResult>,
    /// Whose they are.
    urls: HashSet<String>,
}

impl Held {
    pub(super) fn is_empty(&self) -> bool {
        self.results.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.results.len() >= HELD_MAX
    }

    /// Whether one of this site waits.
    pub(super) fn holds(&self, url: &str) -> bool {
        !self.is_empty() && self.urls.contains(url)
    }

    pub(super) fn hold(&mut self, result: CheckResult) {
        self.urls.insert(result.check.url.clone());
        self.results.push_back(result);
    }

    /// All of them, in their order; those that failed with what the witnesses said.
    pub(super) fn release(&mut self, witness: Option<Witness>) -> VecDeque<CheckResult> {
        self.urls.clear();
        let mut results = std::mem::take(&mut self.results);
        for result in &mut results {
            if result.kind() == OutcomeKind::Down {
                result.self_doubt.witness = witness;
            }
        }
        results
    }
}

#[cfg(test)]
mod tests {
    use messages::FailureReason;

    use super::*;
    use crate::testing::{down, up};

    #[test]
    fn what_waits_goes_on_in_its_order_and_only_the_failed_ones_need_a_witness() {
        let mut held = Held::default();
        assert!(!held.holds("https://a.example/"));
        held.hold(down("https://a.example/", FailureReason::DnsTimeout));
        held.hold(up("https://a.example/"));
        assert!(held.holds("https://a.example/") && !held.holds("https://b.example/"));
        let released = held.release(Some(Witness::Down));
        let witnesses: Vec<_> = released
            .iter()
            .map(|result| (result.kind(), result.self_doubt.witness))
            .collect();
        assert_eq!(
            witnesses,
            [
                (OutcomeKind::Down, Some(Witness::Down)),
                (OutcomeKind::Up, None)
            ]
        );
        assert!(held.is_empty() && !held.holds("https://a.example/"));
    }
}
