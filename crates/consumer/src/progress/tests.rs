use super::*;

fn rows(rows: i64) -> Counts {
    Counts {
        rows,
        ..Counts::default()
    }
}

#[test]
fn a_summary_says_what_was_stored_since_the_last_one() {
    let mut state = State::default();
    let start = state.said_at;
    assert_eq!(state.summary(start + Duration::from_secs(10)), None);
    state.stored = rows(3);
    let summary = state.summary(start + Duration::from_secs(20)).unwrap();
    assert_eq!(summary.stored, rows(3));
    state.stored = rows(8);
    let summary = state.summary(start + Duration::from_secs(30)).unwrap();
    assert_eq!(summary.stored, rows(5));
    assert_eq!(state.summary(start + Duration::from_secs(30)), None);
}

#[test]
fn a_record_of_a_clock_that_is_ahead_is_no_younger_than_now() {
    assert!((seconds_since(1_500, 4_000) - 2.5).abs() < 1e-9);
    assert!(seconds_since(4_000, 1_500).abs() < 1e-9);
    assert!(seconds_since(i64::MIN, i64::MAX) > 0.0);
}

#[test]
fn few_rows_are_not_called_none_a_second() {
    assert!((rate(3, SUMMARY_INTERVAL) - 0.3).abs() < 1e-9);
    assert!((rate(1, SUMMARY_INTERVAL) - 0.1).abs() < 1e-9);
    assert!((rate(53_217, SUMMARY_INTERVAL) - 5321.7).abs() < 1e-9);
    assert!((rate(3, Duration::from_millis(1)) - 3.0).abs() < 1e-9);
}
