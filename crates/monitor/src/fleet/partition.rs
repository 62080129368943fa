//! The targets of one partition of the topic, record by record. Pure.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use jiff::Timestamp;

use super::record::{BadRecord, KeyId, Said};
use crate::targets::Target;

/// Targets by their urls.
pub(super) type Targets = HashMap<String, Arc<Target>>;

/// How far the monitor came that had the partition before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Predecessor {
    /// It knew the topic up to this offset.
    pub(super) known_until: i64,
    /// Every check that was due until then is acknowledged.
    pub(super) watermark: Timestamp,
}

impl Predecessor {
    /// There was none: nothing is owed before now.
    pub(super) fn nobody(now: Timestamp) -> Self {
        Self {
            known_until: 0,
            watermark: now,
        }
    }
}

/// What the monitor left that had the partition before.
#[derive(Debug)]
pub(super) struct Legacy {
    /// The targets as it knew them.
    pub(super) targets: Targets,
    /// How far it came.
    pub(super) came_to: Predecessor,
}

/// A partition was read to its end.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) legacy: Option<Legacy>,
}

/// What a record changed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// A target is new, or another version of itself.
    Put(Arc<Target>),
    /// A target is no more, or switched off.
    Removed(Arc<Target>),
}

/// A partition that is read.
#[derive(Debug, Default)]
pub(super) struct Partition {
    /// The first offset that was not read.
    next: i64,
    /// Those that are checked.
    targets: Targets,
    /// The keys whose last record is bad: no more than the topic has, at a few bytes each.
    bad: HashSet<KeyId>,
    predecessor: Option<Predecessor>,
    /// The targets as the predecessor knew them, once that is known.
    before: Option<Targets>,
    is_loaded: bool,
}

impl Partition {
    /// A partition that is read from its beginning.
    pub(super) fn new(predecessor: Option<Predecessor>) -> Self {
        Self {
            predecessor,
            ..Self::default()
        }
    }

    /// A record was read. One that is bad is as good as not there: what its key said before stands.
    pub(super) fn read(
        &mut self,
        offset: i64,
        record: Result<(String, Said), BadRecord>,
    ) -> Option<Heard> {
        self.remember_before(offset);
        self.next = offset + 1;
        let (url, said) = match record {
            Ok(record) => record,
            Err(bad) => {
                self.bad.insert(bad.key_id);
                return None;
            }
        };
        // Nearly always there is none.
        if !self.bad.is_empty() {
            self.bad.remove(&KeyId::of(Some(url.as_bytes())));
        }
        match said {
            Said::Target(target) if target.own.enabled != Some(false) => {
                self.targets.insert(url, Arc::clone(&target));
                Some(Heard::Put(target))
            }
            Said::Target(_) | Said::Removed => self.targets.remove(&url).map(Heard::Removed),
        }
    }

    fn remember_before(&mut self, offset: i64) {
        let is_behind = |predecessor: Predecessor| offset >= predecessor.known_until;
        if self.before.is_none() && self.predecessor.is_some_and(is_behind) {
            self.before = Some(self.targets.clone());
        }
    }

    /// Its end was read. The first time, it is ours from now on, with what the predecessor left.
    pub(super) fn end_was_read(&mut self) -> Option<Loaded> {
        if std::mem::replace(&mut self.is_loaded, true) {
            return None;
        }
        self.remember_before(i64::MAX);
        let legacy = self.predecessor.take().zip(self.before.take());
        let legacy = legacy.map(|(came_to, targets)| Legacy { targets, came_to });
        Some(Loaded { legacy })
    }

    /// The targets that are checked.
    pub(super) fn targets(&self) -> &Targets {
        &self.targets
    }

    /// The first offset that was not read, once all before are.
    pub(super) fn position(&self) -> Option<i64> {
        self.is_loaded.then_some(self.next)
    }

    /// How many keys' last records cannot be used.
    pub(super) fn bad(&self) -> usize {
        self.bad.len()
    }
}

#[cfg(test)]
mod tests {
    use rdkafka::message::OwnedMessage;
    use service::settings::Variables;

    use super::*;
    use crate::{fleet::record::understand, targets::UnknownNames, testing::target};

    type Read = Result<(String, Said), BadRecord>;

    #[expect(clippy::unnecessary_wraps, reason = "as it is read")]
    fn put(url: &str) -> Read {
        Ok((url.to_owned(), Said::Target(target(url))))
    }

    #[expect(clippy::unnecessary_wraps, reason = "as it is read")]
    fn removed(url: &str) -> Read {
        Ok((url.to_owned(), Said::Removed))
    }

    fn bad(url: &str) -> Read {
        let (key, value) = (Some(url.into()), Some(b"nonsense".to_vec()));
        let time = rdkafka::Timestamp::NotAvailable;
        let record = OwnedMessage::new(value, key, "targets".into(), time, 0, 0, None);
        let mut unknown = UnknownNames::default();
        understand(&record, &Variables::default(), &mut unknown)
    }

    #[test]
    fn what_the_predecessor_knew_is_told_from_what_came_after_it() {
        let watermark = Timestamp::UNIX_EPOCH;
        let predecessor = Predecessor {
            known_until: 3,
            watermark,
        };
        let mut partition = Partition::new(Some(predecessor));
        partition.read(0, put("https://a.test/"));
        partition.read(2, put("https://b.test/"));
        assert_eq!(partition.position(), None);
        partition.read(7, removed("https://a.test/"));
        partition.read(8, put("https://c.test/"));
        let legacy = partition.end_was_read().unwrap().legacy.unwrap();
        let mut before: Vec<_> = legacy.targets.keys().collect();
        before.sort();
        assert_eq!(before, ["https://a.test/", "https://b.test/"]);
        assert_eq!(legacy.came_to, predecessor);
        assert!(partition.targets().contains_key("https://c.test/"));
        assert_eq!(partition.position(), Some(9));
        assert!(partition.end_was_read().is_none(), "it is ours by now");
    }

    #[test]
    fn a_predecessor_that_knew_everything_leaves_everything() {
        let predecessor = Predecessor {
            known_until: 50,
            watermark: Timestamp::UNIX_EPOCH,
        };
        let mut partition = Partition::new(Some(predecessor));
        partition.read(0, put("https://a.test/"));
        let legacy = partition.end_was_read().unwrap().legacy.unwrap();
        assert_eq!(legacy.targets.len(), 1);
        let mut partition = Partition::new(None);
        assert!(partition.end_was_read().unwrap().legacy.is_none());
    }

    #[test]
    fn a_bad_record_costs_nothing_that_was_good_until_a_good_one_takes_its_place() {
        let url = "https://a.test/";
        let mut partition = Partition::new(None);
        partition.read(0, put(url));
        assert_eq!(partition.read(1, bad(url)), None);
        assert!(partition.targets().contains_key(url));
        assert_eq!(partition.bad(), 1);
        assert!(matches!(partition.read(2, put(url)), Some(Heard::Put(_))));
        assert_eq!(partition.bad(), 0);
        partition.read(3, bad(url));
        assert!(matches!(
            partition.read(4, removed(url)),
            Some(Heard::Removed(_))
        ));
        assert_eq!(partition.bad(), 0);
        assert_eq!(partition.read(5, removed(url)), None);
    }

    #[test]
    fn a_good_record_clears_no_other_bad_one_that_looks_alike() {
        let long = format!("https://a.test/{}", "a".repeat(300));
        let alike = [
            [format!("{long}1"), format!("{long}2")],
            ["https://me:1@a.test/".into(), "https://me:2@a.test/".into()],
        ];
        for [one, other] in alike {
            let mut partition = Partition::new(None);
            partition.read(0, bad(&one));
            partition.read(1, bad(&other));
            partition.read(2, bad(&other));
            assert_eq!(partition.bad(), 2, "{one}");
            partition.read(3, put(&one));
            assert_eq!(partition.bad(), 1, "{one}");
            partition.read(4, removed(&other));
            assert_eq!(partition.bad(), 0, "{one}");
        }
    }

    #[test]
    fn every_bad_record_is_counted() {
        let mut partition = Partition::new(None);
        for number in 0..2500 {
            partition.read(number, bad(&format!("https://a.test/{number}")));
        }
        assert_eq!(partition.bad(), 2500);
    }
}
