use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::{Maintenance, parse::DATES_MAX};

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The spans of a text between two times, as texts.
fn spans(text: &str, since: &str, until: &str) -> Vec<String> {
    let maintenance = Maintenance::parse(text).unwrap();
    let spans = maintenance.spans(time(since), time(until));
    let spans = spans.iter().map(|(start, end)| format!("{start} {end}"));
    spans.map(|it| it.replace(":00Z", "")).collect()
}

#[test]
fn windows_begin_by_the_clock_of_their_zone() {
    // A Thursday.
    let week = ("2026-11-26T00:00:00Z", "2026-12-03T00:00:00Z");
    let found = spans("Mon,Thu 23:00 1h Europe/Amsterdam", week.0, week.1);
    assert_eq!(
        found,
        [
            "2026-11-26T22:00 2026-11-26T23:00",
            "2026-11-30T22:00 2026-11-30T23:00"
        ]
    );
    assert_eq!(spans("daily 02:30 45m UTC", week.0, week.1).len(), 7);
    assert_eq!(spans("Mon-Fri 2:30 45m UTC", week.0, week.1).len(), 5);
    assert_eq!(spans("Friday-mon 02:30 45m UTC", week.0, week.1).len(), 4);
    let dates = "2026-12-01,2027-01-01 18:00 6h America/New_York";
    assert_eq!(
        spans(dates, week.0, week.1),
        ["2026-12-01T23:00 2026-12-02T05:00"]
    );
}

#[test]
fn a_window_over_midnight_belongs_to_the_day_on_which_it_begins() {
    let text = "Sun 23:30 2h30m Europe/Amsterdam";
    let monday = spans(text, "2026-11-30T00:00:00Z", "2026-11-30T12:00:00Z");
    assert_eq!(monday, ["2026-11-29T22:30 2026-11-30T01:00"]);
    // One of a week is under way still, and its end is not within it.
    let week = "Sun 23:30 168h UTC";
    assert_eq!(
        spans(week, "2026-12-06T23:29:00Z", "2026-12-06T23:29:30Z").len(),
        1
    );
    let always = spans(week, "2026-12-01T00:00:00Z", "2026-12-20T00:00:00Z");
    assert_eq!(
        always,
        ["2026-11-29T23:30 2026-12-20T23:30"],
        "what meets is one"
    );
}

#[test]
fn summer_time_begins_and_ends_within_a_window() {
    // At 02:00 the clock shows 03:00: what begins at 02:30 begins half an hour after that.
    let spring = ("2026-03-28T12:00:00Z", "2026-03-29T12:00:00Z");
    let found = spans("daily 02:30 1h Europe/Amsterdam", spring.0, spring.1);
    assert_eq!(found, ["2026-03-29T01:30 2026-03-29T02:30"]);
    let over = spans("Sat 23:00 4h Europe/Amsterdam", spring.0, spring.1);
    assert_eq!(
        over,
        ["2026-03-28T22:00 2026-03-29T02:00"],
        "four hours are four hours"
    );
    // At 03:00 the clock shows 02:00: 02:30 is twice, and the window begins at the first.
    let autumn = ("2026-10-24T12:00:00Z", "2026-10-25T12:00:00Z");
    let found = spans("daily 02:30 1h Europe/Amsterdam", autumn.0, autumn.1);
    assert_eq!(found, ["2026-10-25T00:30 2026-10-25T01:30"]);
    // The day after each, the window begins at the same time by the clock.
    let after = |since: &str, until: &str| spans("daily 04:00 1h Europe/Amsterdam", since, until);
    assert_eq!(
        after("2026-03-28T00:00:00Z", "2026-03-29T23:00:00Z"),
        [
            "2026-03-28T03:00 2026-03-28T04:00",
            "2026-03-29T02:00 2026-03-29T03:00"
        ]
    );
    assert_eq!(
        after("2026-10-24T00:00:00Z", "2026-10-25T23:00:00Z"),
        [
            "2026-10-24T02:00 2026-10-24T03:00",
            "2026-10-25T03:00 2026-10-25T04:00"
        ]
    );
}

#[test]
fn what_is_wrong_is_named_with_what_would_be_right() {
    for (text, named, right) in [
        ("", "is empty", "Mon,Thu 23:00 1h Europe/Amsterdam"),
        (" ; ", "is empty", "daily 02:30 45m UTC"),
        ("every night", "\"every night\"", "four words"),
        ("Mon,Thu 23:00 1h", "\"Mon,Thu 23:00 1h\"", "time zone"),
        ("Mo 23:00 1h UTC", "days \"Mo\"", "Mon,Thu"),
        ("Mond 23:00 1h UTC", "days \"Mond\"", "Mon,Thu"),
        ("Mon, 23:00 1h UTC", "days \"Mon,\"", "Mon-Fri"),
        (
            "2026-02-30 23:00 1h UTC",
            "days \"2026-02-30\"",
            "2026-12-24",
        ),
        ("daily 24:00 1h UTC", "time \"24:00\"", "23:00"),
        ("daily 11pm 1h UTC", "time \"11pm\"", "23:00"),
        ("daily +1:00 1h UTC", "time \"+1:00\"", "23:00"),
        ("daily 23:00 1 UTC", "duration \"1\"", "90m"),
        ("daily 23:00 30s UTC", "duration \"30s\"", "a minute"),
        ("daily 23:00 -1h UTC", "duration \"-1h\"", "1h30m"),
        ("daily 23:00 169h UTC", "duration \"169h\"", "168h"),
        (
            "daily 23:00 1h Europe/Amsterdm",
            "\"Europe/Amsterdm\"",
            "Europe/Amsterdam",
        ),
        (
            "daily 23:00 1h UTC; daily 23:00",
            "\"daily 23:00\"",
            "four words",
        ),
    ] {
        let problem = Maintenance::parse(text).unwrap_err();
        assert!(
            problem.contains(named) && problem.contains(right),
            "{text}: {problem}"
        );
    }
    let many = "daily 23:00 1h UTC;".repeat(21);
    assert!(
        Maintenance::parse(&many)
            .unwrap_err()
            .contains("20 windows")
    );
}

#[test]
fn a_window_has_as_many_dates_as_are_allowed_and_no_more() {
    let dates = |count| {
        let dates = vec!["2026-12-24"; count].join(",");
        Maintenance::parse(&format!("{dates} 23:00 1h UTC"))
    };
    assert!(dates(DATES_MAX).is_ok());
    let problem = dates(DATES_MAX + 1).unwrap_err();
    assert!(problem.contains("more than"), "{problem}");
}

#[test]
fn what_only_touches_a_time_is_not_within_it() {
    let within = |since, until| spans("Thu 12:00 1h UTC", since, until);
    let before = within("2026-11-26T11:00:00Z", "2026-11-26T12:00:00Z");
    let after = within("2026-11-26T13:00:00Z", "2026-11-26T14:00:00Z");
    assert_eq!([before, after], [const { Vec::<String>::new() }; 2]);
    let at_its_end = within("2026-11-26T12:59:59Z", "2026-11-26T14:00:00Z");
    assert_eq!(at_its_end.len(), 1);
}

proptest! {
    /// Spans are the same from wherever they are looked for: none is lost or twice at a border.
    #[test]
    fn spans_do_not_depend_on_when_they_are_looked_for(
        hour in 0..24_u8, minute in 0..60_u8, lasts in 1..2_000_u32, days in 0..400_i64, ahead in 1..20_i64,
    ) {
        let text = format!("Mon,Wed-Fri {hour}:{minute} {lasts}m Europe/Amsterdam; Sun 3:15 1h America/New_York");
        let maintenance = Maintenance::parse(&text).unwrap();
        let since = time("2026-01-01T00:00:00Z") + SignedDuration::from_hours(24 * days);
        let until = since + SignedDuration::from_hours(24 * ahead);
        let all = maintenance.spans(time("2025-12-01T00:00:00Z"), time("2027-04-01T00:00:00Z"));
        let within: Vec<_> = all.iter().filter(|(start, end)| *start < until && *end > since).collect();
        let found = maintenance.spans(since, until);
        prop_assert_eq!(within.len(), found.len());
        // At the ends, spans that meet may be longer in the whole.
        prop_assert!(found.iter().zip(within).all(|(one, all)| one.0 >= all.0 && one.1 <= all.1));
    }
}
