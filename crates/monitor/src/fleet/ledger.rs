//! How far the checks of shared targets are acknowledged by Kafka. A result that is merely spooled does not
//! count: the disk may be gone with its monitor.

use std::{
    collections::{BTreeMap, HashMap, hash_map::Entry},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::{SignedDuration, Timestamp};
use messages::DueTimes;

use crate::state::Mark;

/// How long a target that left is waited for: its last result is on its way.
const LEFT_KEPT: SignedDuration = SignedDuration::from_secs(60);
const MICROSECOND: SignedDuration = SignedDuration::from_micros(1);

/// The accounts of the targets that are ours: the publisher settles, the reader asks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger(Arc<Mutex<HashMap<String, Account>>>);

/// A target's account.
#[derive(Debug)]
struct Account {
    /// Where it lives in the topic.
    partition: i32,
    times: DueTimes,
    mark: Mark,
    leaving: Option<Leaving>,
}

/// A target that is no more, and of which a last result is awaited.
#[derive(Clone, Copy, Debug)]
struct Leaving {
    /// Every check until then is awaited.
    until: Timestamp,
    /// Where the topic says that it is no more.
    offset: i64,
    /// It is waited for until then.
    patience: Timestamp,
}

impl Ledger {
    /// Kafka has the result of a check, or will never get it.
    pub(crate) fn settle(&self, url: &str, scheduled_at: Timestamp) {
        let mut accounts = self.lock();
        let Some(account) = accounts.get_mut(url) else {
            return;
        };
        account.mark.settle(scheduled_at);
        if account
            .leaving
            .is_some_and(|leaving| account.mark.watermark() >= leaving.until)
        {
            accounts.remove(url);
        }
    }

    /// Whether this target is ours.
    pub(crate) fn knows(&self, url: &str) -> bool {
        self.lock().contains_key(url)
    }

    /// Where a target lives that is ours and in the list.
    pub(super) fn home(&self, url: &str) -> Option<i32> {
        let accounts = self.lock();
        let account = accounts.get(url)?;
        account.leaving.is_none().then_some(account.partition)
    }

    /// A target is ours, and acknowledged until then. One that was ours before with these due times stays
    /// as it is.
    pub(super) fn open(&self, url: &str, partition: i32, times: DueTimes, watermark: Timestamp) {
        let mut accounts = self.lock();
        let new = Account {
            partition,
            times,
            mark: Mark::new(times, watermark),
            leaving: None,
        };
        match accounts.entry(url.to_owned()) {
            Entry::Occupied(mut old) if old.get().times == times => {
                let account = old.get_mut();
                account.partition = partition;
                account.leaving = None;
            }
            Entry::Occupied(mut old) => {
                old.insert(new);
            }
            Entry::Vacant(place) => {
                place.insert(new);
            }
        }
    }

    /// A target is no more, as the topic says at this offset; its checks until then are awaited.
    pub(super) fn leave(&self, url: &str, offset: i64, until: Timestamp, now: Timestamp) {
        if let Some(account) = self.lock().get_mut(url) {
            account.leaving = Some(Leaving {
                until,
                offset,
                patience: now.saturating_add(LEFT_KEPT).unwrap_or(Timestamp::MAX),
            });
        }
    }

    /// Waits no longer for last results that should have long been there.
    pub(super) fn forget_left(&self, now: Timestamp) {
        let mut accounts = self.lock();
        accounts.retain(|_, account| account.leaving.is_none_or(|leaving| now < leaving.patience));
    }

    /// The targets of a partition are no longer ours.
    pub(super) fn close(&self, partition: i32) {
        self.lock()
            .retain(|_, account| account.partition != partition);
    }

    /// Until when every check of a partition is acknowledged, and the first offset that says that a target is
    /// no more whose last result is awaited; nothing of partitions without targets.
    pub(super) fn balance(&self, now: Timestamp) -> BTreeMap<i32, Balance> {
        self.forget_left(now);
        let mut accounts = self.lock();
        let mut balances = BTreeMap::new();
        for account in accounts.values_mut() {
            account.mark.follow_set_back(now);
            let balance = balances.entry(account.partition).or_insert(Balance {
                watermark: now,
                leaving_at: None,
            });
            balance.count(account);
        }
        balances
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Account>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How far a partition's checks are acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Balance {
    pub(super) watermark: Timestamp,
    /// The first offset that says that a target is no more whose last result is awaited.
    pub(super) leaving_at: Option<i64>,
}

impl Balance {
    fn count(&mut self, account: &Account) {
        let owed = account.mark.next_owed();
        let before = owed.and_then(|owed| owed.checked_sub(MICROSECOND).ok());
        self.watermark = before.map_or(self.watermark, |before| self.watermark.min(before));
        let leaving_at = account.leaving.map(|leaving| leaving.offset);
        self.leaving_at = self.leaving_at.into_iter().chain(leaving_at).min();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const URL: &str = "https://a.test/";

    fn times(url: &str) -> DueTimes {
        DueTimes::new(url, Duration::from_secs(10))
    }

    fn slots(url: &str, count: i64) -> Vec<Timestamp> {
        let first = times(url).slot_at("2026-01-01T00:00:00Z".parse().unwrap());
        let slot = |number| first + SignedDuration::from_secs(10 * number);
        (0..count).map(slot).collect()
    }

    #[test]
    fn a_partition_is_acknowledged_as_far_as_each_of_its_targets() {
        let (ledger, other) = (Ledger::default(), "https://b.test/");
        let slots = slots(URL, 4);
        ledger.open(URL, 3, times(URL), slots[0]);
        let seldom = DueTimes::new(other, Duration::from_hours(1));
        ledger.open(other, 3, seldom, seldom.slot_at(slots[3]));
        let watermark = |now| ledger.balance(now)[&3].watermark;
        // Nothing is owed yet.
        let now = slots[0] + SignedDuration::from_secs(1);
        assert_eq!(watermark(now), now);
        let now = slots[2] + SignedDuration::from_secs(1);
        assert_eq!(watermark(now), slots[1] - MICROSECOND);
        // One that is spooled, or runs, holds up those behind it.
        ledger.settle(URL, slots[2]);
        assert_eq!(watermark(now), slots[1] - MICROSECOND);
        ledger.settle(URL, slots[1]);
        assert_eq!(watermark(now), now);
        ledger.close(3);
        assert!(ledger.balance(now).is_empty() && !ledger.knows(URL));
    }

    #[test]
    fn the_offset_waits_for_the_last_word_of_a_target_that_left() {
        let ledger = Ledger::default();
        let slots = slots(URL, 4);
        ledger.open(URL, 3, times(URL), slots[0]);
        let now = slots[0] + SignedDuration::from_secs(1);
        ledger.leave(URL, 40, now, now);
        assert_eq!(ledger.balance(now)[&3].leaving_at, Some(40));
        assert_eq!(ledger.home(URL), None);
        ledger.settle(URL, slots[1]);
        assert!(ledger.balance(now).is_empty());
        // One that never comes is waited for in vain for a minute.
        ledger.open(URL, 3, times(URL), slots[0]);
        ledger.leave(URL, 40, now, now);
        assert_eq!(ledger.balance(now).len(), 1);
        assert!(ledger.balance(now + LEFT_KEPT).is_empty());
    }

    #[test]
    fn another_version_of_a_target_keeps_its_account_unless_its_times_change() {
        let ledger = Ledger::default();
        let slots = slots(URL, 4);
        ledger.open(URL, 3, times(URL), slots[0]);
        ledger.open(URL, 3, times(URL), slots[3]);
        assert_eq!(
            ledger.balance(slots[2])[&3].watermark,
            slots[1] - MICROSECOND
        );
        let faster = DueTimes::new(URL, Duration::from_secs(1));
        ledger.open(URL, 3, faster, slots[2]);
        assert_eq!(ledger.balance(slots[2])[&3].watermark, slots[2]);
    }
}
