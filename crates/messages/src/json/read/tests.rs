use jiff::Timestamp;
use proptest::{collection, prelude::*, string::string_regex};

use super::*;
use crate::identity::record_id;

const ORIGIN: Origin<'_> = Origin {
    topic: "checks",
    partition: 3,
    offset: 77,
    timestamp_ms: Some(1_700_000_000_123),
};

fn read(json: &str) -> Result<Record, ReadError> {
    Record::read(json.as_bytes(), &ORIGIN)
}

proptest! {
    #[test]
    fn no_bytes_make_reading_panic(value in collection::vec(any::<u8>(), 0..200)) {
        Record::read(&value, &ORIGIN).ok();
    }

    #[test]
    fn a_code_is_an_integer_or_a_string_that_holds_one(code in any::<i32>()) {
        for form in [format!("{code}"), format!("\"{code}\""), format!("{code}.0")] {
            let json = format!(r#"{{"url":"u","error_code":{form},"response_time":0.1}}"#);
            prop_assert_eq!(read(&json).unwrap().error_code, code);
        }
    }

    #[test]
    fn order_and_unknown_fields_do_not_matter(unknown in string_regex("[a-z]{1,9}_x").unwrap()) {
        let json = format!(
            r#"{{"{unknown}":[1,{{}}],"response_time":1,"error_code":200,"url":"u"}}"#
        );
        prop_assert_eq!(read(&json).unwrap().url, "u");
    }
}

#[test]
fn a_record_of_the_original_takes_its_identity_from_where_it_stands() {
    let record = read(
        r#"{"url": "https://a.example", "error_code": "200", "response_time": 0.005,
            "regex_pattern": null, "matched_text": ""}"#,
    )
    .unwrap();
    assert_eq!(record.error_code, 200);
    assert_eq!(record.regex_pattern, "");
    assert_eq!(record.location, "");
    assert_eq!(record.outcome, None);
    assert_eq!(record.scheduled_at.as_millisecond(), 1_700_000_000_123);
    assert_eq!(
        record.check_id,
        record_id("checks", 3, 77, 1_700_000_000_123)
    );
}

#[test]
fn two_failures_in_the_same_millisecond_stay_two() {
    let next = Origin {
        offset: 78,
        ..ORIGIN
    };
    let value = br#"{"url":"","error_code":-1,"response_time":-1}"#;
    let ids = [ORIGIN, next].map(|origin| Record::read(value, &origin).unwrap().check_id);
    assert_ne!(ids[0], ids[1]);
}

#[test]
fn a_nul_becomes_the_replacement_character() {
    let record = read(
        r#"{"url":"u\u0000","error_code":1,"response_time":1,"matched_text":"a\u0000b",
            "failure":{"detail":"\u0000"},
            "target":{"a\u0000":[{"b":"\u0000c"}]}}"#,
    )
    .unwrap();
    assert_eq!(record.url, "u\u{fffd}");
    assert_eq!(record.matched_text, "a\u{fffd}b");
    assert_eq!(record.failure.detail.as_deref(), Some("\u{fffd}"));
    let target = serde_json::to_string(&record.target).unwrap();
    assert_eq!(target, "{\"a\u{fffd}\":[{\"b\":\"\u{fffd}c\"}]}");
}

#[test]
fn words_of_a_newer_monitor_are_kept_as_they_stand() {
    let record = read(
        r#"{"url":"u","error_code":1,"response_time":1,"match":"guessed",
            "failure":{"reason":"moon_phase","phase":"lift\u0000off"}}"#,
    )
    .unwrap();
    assert_eq!(record.matched.unwrap().as_str(), "guessed");
    assert_eq!(record.failure.reason.unwrap().as_str(), "moon_phase");
    assert_eq!(record.failure.phase.unwrap().as_str(), "lift\u{fffd}off");
    let error = read(r#"{"url":"u","error_code":1,"response_time":1,"outcome":"sideways"}"#);
    let error = error.unwrap_err();
    assert_eq!(error.reason(), "invalid_field");
    assert!(
        error.to_string().starts_with("field `outcome`: "),
        "{error}"
    );
}

#[test]
fn a_certificate_that_ends_never_ends_as_late_as_can_be_told() {
    let record = read(
        r#"{"url":"u","error_code":1,"response_time":1,
            "certificate":{"not_after":"9999-12-31T23:59:59Z"}}"#,
    )
    .unwrap();
    assert_eq!(record.certificate.not_after, Some(Timestamp::MAX));
}

#[test]
fn everything_but_the_three_required_may_be_null() {
    let bare = read(r#"{"url":"","error_code":"1","response_time":0}"#).unwrap();
    let nulls = read(
        r#"{"url":"","error_code":"1","response_time":0,"regex_pattern":null,
            "matched_text":null,"schema_version":null,"check_id":null,"location":null,
            "scheduled_at":null,"started_at":null,"interval":null,"outcome":null,"failure":null,
            "match":null,"timings":null,"attempt":null,"remote_address":null,"http_version":null,"tls_version":null,"target":null,
            "redirects":null,"body_bytes":null,"body_truncated":null,"certificate":null,
            "prober":null}"#,
    );
    assert_eq!(nulls.unwrap(), bare);
    let within = read(
        r#"{"url":"","error_code":"1","response_time":0,
            "failure":{"reason":null,"phase":null,"detail":null},"timings":{"dns":null},
            "certificate":{"not_after":null},"prober":{"in_flight":null}}"#,
    );
    assert_eq!(within.unwrap(), bare);
}

#[test]
fn what_cannot_be_read_says_why() {
    let cases = [
        ("", "the record has no value"),
        ("[]", "not a JSON object: the value does not begin with `{`"),
        (
            "{",
            "not a JSON object: EOF while parsing an object at line 1 column 1",
        ),
        ("{}", "field `url` is missing"),
        (
            r#"{"url":null,"error_code":1,"response_time":1}"#,
            "field `url` is missing",
        ),
        (
            r#"{"url":"u","response_time":1}"#,
            "field `error_code` is missing",
        ),
        (
            r#"{"url":"u","error_code":1}"#,
            "field `response_time` is missing",
        ),
        (
            r#"{"url":"u","error_code":"two","response_time":1}"#,
            "field `error_code`: a string that holds no 32-bit integer",
        ),
        (
            r#"{"url":"u","error_code":1,"response_time":1,"timings":{"dns":"fast"}}"#,
            "field `timings.dns`: invalid type: string \"fast\", expected f64",
        ),
        (
            r#"{"url":"u","url":"v","error_code":1,"response_time":1}"#,
            "duplicate field `url`",
        ),
        (
            r#"{"url":"u","error_code":1,"response_time":1,"schema_version":1}"#,
            "field `check_id` is missing",
        ),
    ];
    for (value, message) in cases {
        let error = read(value).unwrap_err().to_string();
        assert!(error.starts_with(message), "{value}: {error}");
    }
    for word in ["NaN", "Infinity", "-Infinity"] {
        let json = format!("{{\"url\":\"u\",\n\"error_code\":1,\"response_time\":{word}}}");
        let error = read(&json).unwrap_err().to_string();
        let name = word.trim_start_matches('-');
        assert!(
            error.starts_with(&format!("not a JSON object: {name} is no number of JSON: ")),
            "{error}"
        );
    }
    for bad in ["1e999", "\"0.1\"", "true"] {
        let json = format!(r#"{{"url":"u","error_code":1,"response_time":{bad}}}"#);
        assert!(read(&json).is_err(), "{bad}");
    }
}

#[test]
fn what_is_of_another_type_says_what_is_expected() {
    for (field, message) in [
        (
            r#""error_code":true"#,
            "field `error_code`: invalid type: boolean `true`, expected a 32-bit integer, or a string that holds one",
        ),
        (r#""error_code":null"#, "field `error_code` is missing"),
        (
            r#""error_code":1,"timings":7"#,
            "field `timings`: invalid type: integer `7`, expected an object",
        ),
        (
            r#""error_code":1,"started_at":7"#,
            "field `started_at`: invalid type: integer `7`, expected a time as RFC 3339 has it",
        ),
    ] {
        let json = format!(r#"{{"url":"u",{field},"response_time":1}}"#);
        let error = read(&json).unwrap_err().to_string();
        assert!(error.starts_with(message), "{field}: {error}");
    }
}

#[test]
fn the_value_in_an_error_is_short() {
    let json = format!(
        r#"{{"url":"u","error_code":1,"response_time":1,"outcome":"{}"}}"#,
        "x".repeat(100_000)
    );
    assert!(read(&json).unwrap_err().to_string().len() < 1000);
}

#[test]
fn an_array_is_no_object_whatever_its_order() {
    for field in ["timings", "failure", "certificate", "prober", "target"] {
        let json =
            format!(r#"{{"url":"u","error_code":1,"response_time":1,"{field}":[null,null]}}"#);
        let error = read(&json).unwrap_err().to_string();
        let expected = format!("field `{field}`: invalid type: sequence");
        assert!(error.starts_with(&expected), "{error}");
        let json = format!(r#"{{"url":"u","error_code":1,"response_time":1,"{field}":null}}"#);
        assert!(read(&json).is_ok(), "{field}");
    }
}

#[test]
fn half_a_surrogate_pair_costs_no_record() {
    let record = read(
        r#"{"url":"u","error_code":200,"response_time":1,"matched_text":"a\ud83d b\ud83d\ude00",
            "failure":{"detail":"\udc00"},"unknown":"\ud800"}"#,
    )
    .unwrap();
    assert_eq!(record.matched_text, "a\u{fffd} b\u{1f600}");
    assert_eq!(record.failure.detail.as_deref(), Some("\u{fffd}"));
    // What is wrong beside it is still said.
    let error = read(r#"{"url":"\ud83d","error_code":"many","response_time":1}"#).unwrap_err();
    assert!(
        error.to_string().starts_with("field `error_code`"),
        "{error}"
    );
}

#[test]
fn a_code_that_is_no_integer_is_refused() {
    for code in ["200.5", "3e9", "1e400", "-1e10"] {
        let json = format!(r#"{{"url":"u","error_code":{code},"response_time":1}}"#);
        assert!(read(&json).is_err(), "{code}");
    }
}
