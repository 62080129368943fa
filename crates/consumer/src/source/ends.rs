//! Where partitions end, as the Kafka client's statistics say, and so how far behind we are.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

/// The offset after the last record of each partition that the client knows.
#[derive(Debug, Default)]
pub(super) struct Ends(Mutex<BTreeMap<i32, i64>>);

impl Ends {
    /// Learns where partitions end. A negative offset is the client's word for not knowing it.
    pub(super) fn learn(&self, ends: impl IntoIterator<Item = (i32, i64)>) {
        let known = ends.into_iter().filter(|&(_, end)| end >= 0);
        let mut ends = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ends.extend(known);
    }

    /// How far partitions that are stored so far are behind, where their end is known. Never
    /// negative: an end may be older than what was stored meanwhile.
    pub(super) fn lags(&self, stored: &BTreeMap<i32, i64>) -> Vec<(i32, i64)> {
        let ends = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        stored
            .iter()
            .filter_map(|(partition, at)| Some((*partition, (ends.get(partition)? - at).max(0))))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lag_is_what_lies_between_the_stored_offset_and_the_end() {
        let ends = Ends::default();
        ends.learn([(0, 100), (1, 7), (2, -1001)]);
        ends.learn([(0, 110), (1, -1)]);
        let stored = [(0, 90), (1, 9), (2, 5), (3, 5)].into();
        assert_eq!(ends.lags(&stored), [(0, 20), (1, 0)]);
    }
}
