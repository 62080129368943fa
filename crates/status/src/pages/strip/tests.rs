use super::{bar::Bar, *};
use crate::queries::Day;

fn bar(json: &str) -> Bar {
    let mut bar = Bar {
        is_begun: true,
        ..Bar::default()
    };
    bar.count(serde_json::from_str::<Day>(json).unwrap());
    bar
}

fn drawn(bar: &Bar) -> Vec<(&'static str, i64, i64)> {
    let mut parts = Vec::new();
    bar.draw(|class, y, height| parts.push((class, y, height)));
    parts
}

#[test]
fn a_good_day_is_plain_also_with_a_check_missed_in_a_thousand() {
    assert_eq!(bar("[0, 1440, 0, 0, 0, 0]").look(), Look::Plain);
    assert_eq!(bar("[0, 1439, 0, 1, 3, 0]").look(), Look::Plain);
}

#[test]
fn what_was_missed_is_hatched_and_never_green_or_red() {
    let missed = bar("[0, 0, 0, 1440, 0, 0]");
    assert_eq!(drawn(&missed), [("hatch", 4, 20)]);
    assert_eq!(missed.words(), "missed: no check was made");
    let part = bar("[0, 934, 0, 66, 0, 0]");
    assert_eq!(drawn(&part), [("hatch", 4, 5), ("fu", 10, 14)]);
    assert_eq!(part.words(), "100 %, 93.4 % seen");
}

#[test]
fn an_incident_is_longer_than_the_rest_by_its_share() {
    let mut day = bar("[0, 75, 25, 0, 0, 0]");
    day.incidents = 1;
    assert_eq!(drawn(&day), [("fd", 0, 28)]);
    assert_eq!(day.words(), "75 %, 1 incident");
    let mut day = bar("[0, 981, 19, 0, 0, 0]");
    day.incidents = 1;
    assert_eq!(drawn(&day), [("fu", 4, 4), ("fd", 9, 19)]);
    let single = bar("[0, 1439, 1, 0, 0, 0]");
    assert_eq!(single.words(), "99.93 %, 1 failed check");
    assert_eq!(drawn(&single)[1], ("fp", 14, 10));
}

#[test]
fn a_day_that_is_not_counted_is_neither_good_nor_missed() {
    let mut day = Bar {
        is_begun: true,
        is_uncounted: true,
        ..Bar::default()
    };
    assert_eq!(
        (day.look(), &*day.words()),
        (Look::Before, "not counted yet")
    );
    day.is_uncounted = false;
    assert_eq!(day.look(), Look::Odd);
    assert_eq!(drawn(&day), [("hatch", 4, 20)]);
}
