//! Which checks are due between rows, by the rows' own intervals.

use std::{ops::Range, time::Duration};

use jiff::{SignedDuration, Timestamp};
use messages::DueTimes;

/// What PostgreSQL tells times apart by.
const TICK: SignedDuration = SignedDuration::from_micros(1);
/// Who has no result of so many checks in a row, up to the end, is silent.
const SILENT_CHECKS: i64 = 3;

/// A row of a website at a location, as far as it tells which check comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    /// When its check was due.
    pub(super) due: Timestamp,
    /// The target's interval at that time.
    pub(super) interval: Duration,
    /// The target left the list with it: nothing is due after it, until the target is back.
    pub(super) is_last: bool,
    /// All rows between the one before and this are known to be there, each once.
    pub(super) ends_run: bool,
}

/// What is wrong with checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// They were due, and have no row.
    Missing,
    /// The same, of all since a time: nothing came of the website any more, not even that it left the
    /// list.
    Silent,
    /// They have more than one row.
    Repeated,
    /// They have a row, and were not due.
    NotDue,
}

/// Checks that are unaccounted for, and follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) wrong: Wrong,
    /// The due times of the first and the last.
    pub(super) first: Timestamp,
    pub(super) last: Timestamp,
    pub(super) checks: i64,
}

impl Finding {
    fn one(wrong: Wrong, due: Timestamp) -> Self {
        Self {
            wrong,
            first: due,
            last: due,
            checks: 1,
        }
    }
}

/// An interval as a row holds it: six digits, of which the shortest spelling is what was configured.
pub(super) fn interval(seconds: f32) -> Duration {
    let seconds: f64 = seconds.to_string().parse().unwrap_or_default();
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
}

/// The due times between two times, neither of them included, as a finding that they are missing.
pub(super) fn between(
    url: &str,
    interval: Duration,
    after: Timestamp,
    before: Timestamp,
) -> Option<Finding> {
    let times = DueTimes::new(url, interval);
    let start = after.checked_add(TICK).ok()?;
    let first = times.within(start..before).next()?;
    let last = times.slot_at(before.checked_sub(TICK).ok()?);
    let micros = last.as_microsecond() - first.as_microsecond();
    let interval = i64::try_from(interval.as_micros()).unwrap_or(i64::MAX);
    Some(Finding {
        wrong: Wrong::Missing,
        first,
        last,
        checks: micros / interval.max(1) + 1,
    })
}

/// What is unaccounted for within a period, of a website at a location: its rows within, in order,
/// the last one before and the first one behind. Without a row before it, it began with its first
/// one; without one behind, it is due until the end, unless it left the list.
pub(super) fn judge(
    url: &str,
    period: &Range<Timestamp>,
    within: &[Seen],
    before: Option<Seen>,
    behind: Option<Seen>,
) -> Vec<Finding> {
    let mut found = Vec::new();
    if let (Some(before), Some(first)) = (before, within.first().copied().or(behind)) {
        found.extend(at_edge(url, period, before, first));
    }
    found.extend(findings(url, within));
    match (last(within, before), behind) {
        (Some(last), None) => found.extend(silence(url, period, last)),
        (Some(last), Some(behind)) if !within.is_empty() => {
            found.extend(at_edge(url, period, last, behind));
        }
        _ => {}
    }
    found
}

/// The last row up to a period's end.
pub(super) fn last(within: &[Seen], before: Option<Seen>) -> Option<Seen> {
    within.last().copied().or(before)
}

/// What is missing up to a period's end, where no row is behind it.
fn silence(url: &str, period: &Range<Timestamp>, last: Seen) -> Option<Finding> {
    if last.is_last {
        return None;
    }
    let after = last.due.max(period.start.checked_sub(TICK).ok()?);
    let missing = between(url, last.interval, after, period.end)?;
    let wrong = if missing.checks >= SILENT_CHECKS {
        Wrong::Silent
    } else {
        Wrong::Missing
    };
    Some(Finding { wrong, ..missing })
}

/// What is wrong with rows in order, and what is missing between them.
fn findings(url: &str, rows: &[Seen]) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut before: Option<Seen> = None;
    for row in rows {
        if DueTimes::new(url, row.interval).slot_at(row.due) != row.due {
            found.push(Finding::one(Wrong::NotDue, row.due));
        }
        match before {
            Some(before) if before.due == row.due => {
                found.push(Finding::one(Wrong::Repeated, row.due));
            }
            Some(before) if !row.ends_run => found.extend(missing(url, before, *row)),
            _ => {}
        }
        before = Some(*row);
    }
    found
}

/// What is missing between two rows, and within the period that has only one of them, or none.
fn at_edge(url: &str, period: &Range<Timestamp>, before: Seen, row: Seen) -> Option<Finding> {
    let missing = missing(url, before, row)?;
    let first = missing.first.max(period.start);
    between(
        url,
        row.interval,
        first.checked_sub(TICK).ok()?,
        row.due.min(period.end),
    )
}

/// What is missing between two rows. Where the interval changed in between, nobody knows when: at
/// the latest when the first check by the old one has no row.
fn missing(url: &str, before: Seen, row: Seen) -> Option<Finding> {
    if before.is_last {
        return None;
    }
    let by_old = between(url, before.interval, before.due, row.due)?;
    if before.interval == row.interval {
        return Some(by_old);
    }
    between(
        url,
        row.interval,
        by_old.first.checked_sub(TICK).ok()?,
        row.due,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "http://a/";

    fn row(due: Timestamp, interval: Duration) -> Seen {
        Seen {
            due,
            interval,
            is_last: false,
            ends_run: false,
        }
    }

    fn rows(seconds: u64, from: &str, to: &str) -> Vec<Seen> {
        let interval = Duration::from_secs(seconds);
        let period = from.parse().unwrap()..to.parse().unwrap();
        let times = DueTimes::new(URL, interval).within(period);
        times.map(|due| row(due, interval)).collect()
    }

    const NOON: &str = "2026-11-25T12:00:00Z";
    const LATER: &str = "2026-11-25T12:10:00Z";
    const END: &str = "2026-11-25T12:20:00Z";

    fn period(from: &str, to: &str) -> Range<Timestamp> {
        from.parse().unwrap()..to.parse().unwrap()
    }

    /// Findings of rows without any before or behind.
    fn alone(rows: &[Seen], to: &str) -> Vec<Finding> {
        judge(URL, &period(NOON, to), rows, None, None)
    }

    #[test]
    fn each_missing_repeated_and_strange_check_is_found() {
        let whole = rows(60, NOON, LATER);
        assert_eq!(alone(&whole, LATER), []);
        for place in 1..whole.len() {
            let mut rows = whole.clone();
            let gone = rows.remove(place);
            let missing = Finding::one(Wrong::Missing, gone.due);
            assert_eq!(alone(&rows, LATER), [missing]);
            let mut rows = whole.clone();
            rows.insert(place, rows[place]);
            let repeated = Finding::one(Wrong::Repeated, whole[place].due);
            assert_eq!(alone(&rows, LATER), [repeated]);
            let mut rows = whole.clone();
            rows[place].due -= TICK;
            let strange = Finding::one(Wrong::NotDue, rows[place].due);
            assert!(alone(&rows, LATER).contains(&strange));
        }
        let silent = Finding {
            wrong: Wrong::Silent,
            first: whole[3].due,
            last: whole[9].due,
            checks: 7,
        };
        assert_eq!(alone(&whole[..3], LATER), [silent]);
    }

    #[test]
    fn an_interval_may_change_between_any_two_checks() {
        for (old, new) in [(60, 7), (7, 60), (60, 90), (7, 900)] {
            let mut all = rows(old, NOON, LATER);
            let (before, behind) = (all.clone(), rows(new, LATER, "2026-11-25T13:00:00Z"));
            all.extend(&behind);
            assert_eq!(findings(URL, &all), [], "from {old} to {new}");
            // The same where one of them lies outside of the period.
            let (last, first) = (before.last().copied(), behind.first().copied());
            let at_start = judge(
                URL,
                &period(LATER, END),
                &behind[..1],
                last,
                behind.get(1).copied(),
            );
            assert_eq!(at_start, [], "from {old} to {new}");
            let at_end = judge(URL, &period(NOON, LATER), &before, None, first);
            assert_eq!(at_end, [], "from {old} to {new}");
        }
        let mut all = rows(60, NOON, LATER);
        let before = all.len();
        all.extend(rows(7, LATER, END).into_iter().skip(20));
        let found = findings(URL, &all);
        assert_eq!(found.len(), 1);
        let next = found[0].last + SignedDuration::from_secs(7);
        assert_eq!(next, all[before].due);
    }

    #[test]
    fn gaps_are_cut_at_the_ends_of_the_period() {
        let all = rows(60, NOON, END);
        let (first, last) = (Some(all[0]), all.last().copied());
        let period = period("2026-11-25T12:05:00Z", LATER);
        let within = |from: usize, to: usize| judge(URL, &period, &all[from..to], first, last);
        let checks = |found: Vec<Finding>| -> i64 { found.iter().map(|it| it.checks).sum() };
        assert_eq!(checks(within(5, 10)), 0);
        assert_eq!(checks(within(7, 10)), 2);
        assert_eq!(checks(within(5, 8)), 2);
        assert_eq!(checks(within(7, 7)), 5, "nothing at all");
    }

    #[test]
    fn nothing_is_due_for_a_target_that_left_the_list() {
        let mut all = rows(60, NOON, LATER);
        all.last_mut().unwrap().is_last = true;
        assert_eq!(alone(&all, END), []);
        let left = all.last().copied();
        assert_eq!(judge(URL, &period(LATER, END), &[], left, None), []);
        all.extend(rows(60, "2026-11-25T12:15:00Z", END));
        assert_eq!(alone(&all, END), [], "it came back");
    }

    #[test]
    fn who_fell_silent_before_the_period_is_silent_in_all_of_it() {
        let last = rows(60, NOON, LATER).last().copied();
        let found = judge(URL, &period(LATER, END), &[], last, None);
        let due = rows(60, LATER, END);
        let silent = Finding {
            wrong: Wrong::Silent,
            first: due[0].due,
            last: due[9].due,
            checks: 10,
        };
        assert_eq!(found, [silent]);
        let soon = due[1].due + TICK;
        let found = judge(URL, &(period(LATER, END).start..soon), &[], last, None);
        assert_eq!((found[0].wrong, found[0].checks), (Wrong::Missing, 2));
    }

    #[test]
    fn a_stored_interval_is_what_was_configured() {
        assert_eq!(interval(60.1), Duration::from_millis(60_100));
        assert_eq!(interval(0.1), Duration::from_millis(100));
    }
}
