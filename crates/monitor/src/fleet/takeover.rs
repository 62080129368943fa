//! What is owed where a partition comes to us, and where its targets go on. Pure.

use std::{collections::HashMap, sync::Arc, time::Duration};

use jiff::Timestamp;
use messages::DueTimes;

use super::partition::{Legacy, Predecessor, Targets};
use crate::{
    state::{Cover, Owed},
    targets::{Change, Target},
};

/// An account to be opened.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) url: String,
    pub(super) times: DueTimes,
    /// Every check until then is acknowledged.
    pub(super) watermark: Timestamp,
    /// Of a target that is no more: its checks until then are awaited, and the offset until which the
    /// predecessor knew the topic.
    pub(super) awaited: Option<(Timestamp, i64)>,
}

/// What follows from a partition that came.
#[derive(Debug, Default)]
pub(super) struct Taken {
    /// For the schedule.
    pub(super) changes: Vec<Change>,
    /// For the ledger.
    pub(super) opened: Vec<Opened>,
    /// What is to be told as missed.
    pub(super) owed: Vec<Owed>,
}

/// A partition with these targets comes at `now`. A target that its predecessor did not know has missed
/// nothing. `interval` is that of targets without one of their own.
pub(super) fn take_over(
    legacy: Option<Legacy>,
    targets: &Targets,
    interval: Duration,
    now: Timestamp,
) -> Taken {
    let mut taken = Taken::default();
    let (before, came_to) = match legacy {
        Some(legacy) => (legacy.targets, legacy.came_to),
        None => (HashMap::new(), Predecessor::nobody(now)),
    };
    // Another monitor's clock may be ahead of ours: what is due until then, nobody looked at.
    let watermark = came_to.watermark.min(now);
    for target in targets.values() {
        match before.get(&target.url) {
            None => taken.put(target, interval, now),
            Some(known) => {
                let cover = Cover::new(known, interval);
                let by_now = target.own.interval.unwrap_or(interval);
                let goes_on = cover.interval == by_now;
                let owed = Owed {
                    interval: Some(by_now),
                    cover,
                    watermark,
                };
                if goes_on {
                    taken.go_on(target, &owed, now);
                } else {
                    // By its new interval, nothing was due until now.
                    taken.put(target, interval, now);
                }
                taken.owed.push(owed);
            }
        }
    }
    let gone = before.values().filter(|it| !targets.contains_key(&it.url));
    for target in gone {
        let cover = Cover::new(target, interval);
        let owed = Owed {
            cover,
            watermark,
            interval: None,
        };
        taken.say_last_word(owed, came_to.known_until, now);
    }
    taken
}

impl Taken {
    fn put(&mut self, target: &Arc<Target>, interval: Duration, now: Timestamp) {
        self.changes.push(Change::Put(Arc::clone(target)));
        self.opened.push(Opened {
            url: target.url.clone(),
            times: Cover::new(target, interval).times(),
            watermark: now,
            awaited: None,
        });
    }

    fn go_on(&mut self, target: &Arc<Target>, owed: &Owed, now: Timestamp) {
        let until = owed.told_until(now);
        self.changes
            .push(Change::TakeOver(Arc::clone(target), until));
        self.opened.push(Opened {
            url: target.url.clone(),
            times: owed.cover.times(),
            // What is told as missed is acknowledged in its turn.
            watermark: owed.watermark,
            awaited: None,
        });
    }

    /// What is owed of a target that is no more ends with its last word.
    fn say_last_word(&mut self, owed: Owed, known_until: i64, now: Timestamp) {
        let times = owed.cover.times();
        let last = times.slot_at(now);
        if last > owed.watermark {
            self.opened.push(Opened {
                url: owed.cover.url.clone(),
                times,
                watermark: owed.watermark,
                awaited: Some((last, known_until)),
            });
            self.owed.push(owed);
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::{state::Backfill, testing::target};

    const INTERVAL: Duration = Duration::from_secs(10);
    const URL: &str = "https://a.test/";

    fn targets(urls: &[&str]) -> Targets {
        let targets = urls.iter();
        targets
            .map(|url| ((*url).to_owned(), target(url)))
            .collect()
    }

    fn slot() -> Timestamp {
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        DueTimes::new(URL, INTERVAL).slot_at(now)
    }

    fn seconds(seconds: i64) -> SignedDuration {
        SignedDuration::from_secs(seconds)
    }

    fn legacy(urls: &[&str], watermark: Timestamp) -> Legacy {
        Legacy {
            targets: targets(urls),
            came_to: Predecessor {
                known_until: 7,
                watermark,
            },
        }
    }

    /// Each owed check, as seconds behind a slot, with its outcome.
    fn told(taken: Taken, now: Timestamp) -> Vec<(i64, &'static str)> {
        let backfill = Backfill::new(taken.owed, "here".into(), now, 100);
        let told = backfill.map(|result| {
            let kind = if result.failure().unwrap().reason == messages::FailureReason::TargetRemoved
            {
                "skipped"
            } else {
                "missed"
            };
            (
                result.check.scheduled_at.duration_since(slot()).as_secs(),
                kind,
            )
        });
        told.collect()
    }

    #[test]
    fn a_target_goes_on_behind_its_watermark_and_what_was_due_since_is_told() {
        let now = slot() + seconds(35);
        let taken = take_over(
            Some(legacy(&[URL], slot())),
            &targets(&[URL]),
            INTERVAL,
            now,
        );
        let Change::TakeOver(_, until) = &taken.changes[0] else {
            panic!("{:?}", taken.changes);
        };
        // The slot under way is checked at once.
        assert!(*until < slot() + seconds(30) && *until > slot() + seconds(29));
        assert_eq!(taken.opened[0].watermark, slot());
        assert_eq!(told(taken, now), [(10, "missed"), (20, "missed")]);
    }

    #[test]
    fn a_slot_under_way_that_is_acknowledged_is_not_checked_again() {
        let now = slot() + seconds(35);
        let watermark = slot() + seconds(33);
        let taken = take_over(
            Some(legacy(&[URL], watermark)),
            &targets(&[URL]),
            INTERVAL,
            now,
        );
        assert_eq!(taken.changes, [Change::TakeOver(target(URL), watermark)]);
        assert!(told(taken, now).is_empty());
    }

    #[test]
    fn a_target_that_the_predecessor_did_not_know_has_missed_nothing() {
        let now = slot() + seconds(35);
        for legacy in [None, Some(legacy(&[], slot()))] {
            let taken = take_over(legacy, &targets(&[URL]), INTERVAL, now);
            assert_eq!(taken.changes, [Change::Put(target(URL))]);
            assert_eq!(taken.opened[0].watermark, now);
            assert!(taken.owed.is_empty());
        }
    }

    #[test]
    fn a_target_that_is_no_more_has_a_last_word_if_a_check_was_due() {
        let now = slot() + seconds(35);
        let taken = take_over(Some(legacy(&[URL], slot())), &Targets::new(), INTERVAL, now);
        assert!(taken.changes.is_empty());
        assert_eq!(taken.opened[0].awaited, Some((slot() + seconds(30), 7)));
        assert_eq!(
            told(taken, now),
            [(10, "missed"), (20, "missed"), (30, "skipped")]
        );
        let taken = take_over(Some(legacy(&[URL], now)), &Targets::new(), INTERVAL, now);
        assert!(taken.opened.is_empty() && taken.owed.is_empty());
    }

    #[test]
    fn a_watermark_ahead_of_our_clock_hides_no_check() {
        let now = slot() + seconds(35);
        let ahead = slot() + seconds(3_600);
        let taken = take_over(Some(legacy(&[URL], ahead)), &targets(&[URL]), INTERVAL, now);
        assert_eq!(taken.changes, [Change::TakeOver(target(URL), now)]);
    }
}
