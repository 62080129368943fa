//! What results come to, beside a recount that knows every result and remembers nothing.

use jiff::{SignedDuration, Timestamp};
use proptest::{collection::vec, prelude::*};

use super::{Effect, Turn, Verdict, Website};

/// The first of them are those of most tests.
const LOCATIONS: [&str; 6] = ["ams", "nyc", "sin", "fra", "lon", "syd"];
const LOCATIONS_FEW: usize = 3;
const DOWN_AFTER: u32 = 2;
const UP_AFTER: u32 = 2;

/// A result: who looked, when, whether the site failed.
type Seen = (usize, i64, bool);

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_764_000_000 + second).unwrap()
}

fn verdict((location, second, is_down): Seen) -> Verdict<'static> {
    Verdict {
        location: LOCATIONS[location],
        due: at(second),
        interval: SignedDuration::from_secs(10),
        is_down,
        down_after: DOWN_AFTER,
        up_after: UP_AFTER,
    }
}

/// What the results come to, one after the other.
fn told(seen: &[Seen]) -> Vec<Option<Turn>> {
    let mut website = Website::default();
    let turns = seen.iter().map(|&it| website.see(&verdict(it)).1);
    turns.collect()
}

/// The same, shortly: down, up or nothing.
fn words(turns: &[Option<Turn>]) -> String {
    let word = |turn: &Option<Turn>| match turn {
        Some(Turn::Down(_)) => 'D',
        Some(Turn::Up(_)) => 'U',
        None => '.',
    };
    turns.iter().map(word).collect()
}

/// The results of one location that were newer than all before them.
fn newer(seen: &[Seen], location: usize) -> Vec<(i64, bool)> {
    let mut newer: Vec<(i64, bool)> = Vec::new();
    for &(by, second, is_down) in seen {
        if by == location && newer.last().is_none_or(|last| last.0 < second) {
            newer.push((second, is_down));
        }
    }
    newer
}

/// Whether a location sees the site down: what the last run of alike results says that is long enough.
fn is_down(newer: &[(i64, bool)]) -> bool {
    let ends = (1..=newer.len()).rev();
    let decided = ends.filter_map(|end| {
        let last = newer[end - 1].1;
        let run = newer[..end].iter().rev().take_while(|it| it.1 == last);
        let enough = if last { DOWN_AFTER } else { UP_AFTER };
        (run.count() >= enough as usize).then_some(last)
    });
    decided.into_iter().next().unwrap_or(false)
}

/// Whether most of those heard see it down.
fn is_down_as_a_whole(seen: &[Seen]) -> bool {
    let newest = seen.iter().map(|it| it.1).max().unwrap();
    let locations = (0..LOCATIONS_FEW).map(|location| newer(seen, location));
    let heard = locations.filter(|it| it.last().is_some_and(|last| newest - last.0 <= 30));
    let (down, up): (Vec<_>, Vec<_>) = heard.partition(|it| is_down(it));
    down.len() > up.len()
}

/// What the results come to, counted anew for each of them.
fn recount(seen: &[Seen]) -> String {
    let mut was_down = false;
    let words = (1..=seen.len()).map(|count| {
        let (location, second, failed) = seen[count - 1];
        let before = newer(&seen[..count - 1], location);
        let is_old = before.last().is_some_and(|last| last.0 >= second);
        let is_down = is_down_as_a_whole(&seen[..count]);
        if is_old || failed != is_down || is_down == was_down {
            return '.';
        }
        was_down = is_down;
        if is_down { 'D' } else { 'U' }
    });
    words.collect()
}

proptest! {
    #[test]
    fn any_results_in_any_order_come_to_what_a_recount_says(
        seen in vec((0..LOCATIONS_FEW, 0..400_i64, prop::bool::weighted(0.6)), 0..120),
        is_in_order: bool,
    ) {
        let mut seen = seen;
        if is_in_order {
            seen.sort_by_key(|it| it.1);
        }
        let turns = told(&seen);
        prop_assert_eq!(words(&turns), recount(&seen));
        for turn in turns.into_iter().flatten() {
            if let Turn::Up(closed) = turn {
                prop_assert!(closed.started_at <= closed.ended_at);
            }
        }
    }
}

/// Results of one location, every ten seconds: `x` failed, `o` did not.
fn alone(results: &str) -> Vec<Seen> {
    let results = results.chars().zip(0..);
    results
        .map(|(it, number)| (0, number * 10, it == 'x'))
        .collect()
}

#[test]
fn an_incident_reaches_from_its_first_failed_check_to_the_first_good_one() {
    let turns = told(&alone("oxoxxxoxooo"));
    assert_eq!(words(&turns), "....D....U.");
    let Some(Turn::Down(opened)) = turns[4] else {
        panic!("it begins")
    };
    assert_eq!(
        (opened.started_at, opened.last_good_at),
        (at(30), Some(at(20)))
    );
    assert_eq!((opened.locations_down, opened.locations_heard), (1, 1));
    let Some(Turn::Up(closed)) = turns[9] else {
        panic!("it ends")
    };
    assert_eq!((closed.started_at, closed.ended_at), (at(30), at(80)));
}

#[test]
fn it_takes_more_than_half_of_those_heard() {
    let both = |second, first, other| [(0, second, first), (1, second + 1, other)];
    let partial = [
        both(0, true, false),
        both(10, true, false),
        both(20, true, false),
    ]
    .concat();
    assert_eq!(words(&told(&partial)), "......", "one of two is partial");
    let whole = [
        partial,
        both(30, true, true).into(),
        both(40, true, true).into(),
    ]
    .concat();
    let turns = told(&whole);
    assert_eq!(words(&turns), ".........D");
    let Some(Turn::Down(opened)) = turns[9] else {
        panic!("it begins")
    };
    // The first location failed from the start: most of them did when the other failed, too.
    assert_eq!(opened.started_at, at(31));
    assert_eq!(opened.last_good_at, Some(at(21)));
    assert_eq!((opened.locations_down, opened.locations_heard), (2, 2));
}

#[test]
fn who_is_silent_for_three_intervals_has_no_say() {
    let mut seen = vec![(1, 0, false)];
    seen.extend((0..=4).map(|number| (0, number * 10, true)));
    // At 30 s the other was heard 30 s ago; at 40 s it is not heard any more.
    assert_eq!(words(&told(&seen)), ".....D");
    // It comes back and is well: one of two is no majority, from this check on.
    seen.push((1, 50, false));
    let turns = told(&seen);
    let Some(Turn::Up(closed)) = turns[6] else {
        panic!("it ends")
    };
    assert_eq!((closed.started_at, closed.ended_at), (at(0), at(50)));
}

#[test]
fn the_last_good_check_of_an_incident_was_due_before_it_began() {
    let well = (3..6).flat_map(|location| [(location, 0, false), (location, 30, false)]);
    // Three fail one after the other: half of those heard, until the other three are silent.
    let failing = (0..=60).step_by(10).flat_map(|second| {
        let results = (0..3_u8).map(move |by| (by.into(), second, second > i64::from(by) * 10));
        results.collect::<Vec<Seen>>()
    });
    let mut seen: Vec<Seen> = failing.chain(well).collect();
    seen.sort_by_key(|it| it.1);
    assert_eq!(words(&told(&seen)).trim_matches('.'), "");
    seen.push((2, 61, true));
    let Some(Some(Turn::Down(opened))) = told(&seen).pop() else {
        panic!("it begins")
    };
    // The third was still well when the second one began to fail.
    assert_eq!(opened.started_at, at(20));
    assert_eq!(opened.last_good_at, Some(at(10)));
    assert_eq!((opened.locations_down, opened.locations_heard), (3, 3));
}

#[test]
fn a_result_that_says_what_was_known_is_told_from_one_that_casts_or_lifts_a_doubt() {
    let mut website = Website::default();
    for (second, is_down, effect) in [
        (10, false, Effect::Changed),
        (20, false, Effect::Confirmed),
        (30, true, Effect::Changed),
        (40, false, Effect::Changed),
        (50, false, Effect::Confirmed),
        (50, true, Effect::None),
    ] {
        let (seen, _) = website.see(&verdict((0, second, is_down)));
        assert_eq!(seen, effect, "at {second}");
    }
}
