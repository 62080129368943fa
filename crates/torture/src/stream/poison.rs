//! Records that cannot become rows, each with the reason that its dead letter must say.

use super::{
    planned::{Meaning, Planned},
    random::random,
    sample::BASE_MS,
};

/// A record of ours with these fields after its first ones.
fn ours(fields: &str) -> String {
    format!(
        r#"{{"url":"http://poison.test/","error_code":200,"response_time":1,"schema_version":1,"check_id":"3b241101-e2bb-4255-8caf-4136c566a962",{fields}}}"#
    )
}

/// Its reason and its value.
#[expect(clippy::too_many_lines, reason = "a list")]
fn kinds(number: u64) -> Vec<(&'static str, Option<Vec<u8>>)> {
    let due = r#""scheduled_at":"2026-03-01T00:00:00Z""#;
    let text = |text: &str| Some(text.as_bytes().to_vec());
    let with = |fields: &str| Some(ours(&format!("{due},{fields}")).into_bytes());
    vec![
        ("empty", None),
        ("empty", text("")),
        ("not_json", text(&format!("no json {number}"))),
        ("not_json", Some(b"\xff\xfe\x00\x80".to_vec())),
        ("not_json", text("[1,2,3]")),
        ("not_json", text("null")),
        ("not_json", text("\u{feff}{}")),
        ("not_json", text(&ours(due)[..120])),
        ("not_json", with(r#""attempt":NaN"#)),
        (
            "not_json",
            text(&ours(&format!(
                "{due},\"target\":{{\"a\":{}1{}}}",
                "[".repeat(200),
                "]".repeat(200)
            ))),
        ),
        ("missing_field", text("{}")),
        (
            "missing_field",
            text(r#"{"error_code":200,"response_time":1}"#),
        ),
        (
            "missing_field",
            text(r#"{"url":null,"error_code":200,"response_time":1}"#),
        ),
        ("missing_field", text(r#"{"url":"u","response_time":1}"#)),
        (
            "missing_field",
            text(r#"{"url":"u","error_code":200,"response_time":null}"#),
        ),
        (
            "missing_field",
            text(r#"{"url":"u","error_code":200,"response_time":1,"schema_version":1}"#),
        ),
        ("missing_field", text(&ours(r#""attempt":1"#))),
        (
            "invalid_field",
            text(r#"{"url":7,"error_code":200,"response_time":1}"#),
        ),
        (
            "invalid_field",
            text(r#"{"url":"u","error_code":"two hundred","response_time":1}"#),
        ),
        (
            "invalid_field",
            text(r#"{"url":"u","error_code":200.5,"response_time":1}"#),
        ),
        (
            "invalid_field",
            text(r#"{"url":"u","error_code":2147483648,"response_time":1}"#),
        ),
        (
            "invalid_field",
            text(r#"{"url":"u","error_code":200,"response_time":"1"}"#),
        ),
        ("invalid_field", with(r#""outcome":"sideways""#)),
        ("invalid_field", with(r#""prober":{"witness":"asleep"}"#)),
        ("invalid_field", with(r#""redirects":-3000000000"#)),
        ("invalid_field", with(r#""body_bytes":9223372036854775808"#)),
        ("invalid_field", with(r#""timings":"quick""#)),
        ("invalid_field", with(r#""started_at":"yesterday""#)),
        (
            "invalid_field",
            text(&ours(due).replace("3b241101", "nothing!")),
        ),
        (
            "duration_out_of_range",
            text(r#"{"url":"u","error_code":200,"response_time":1e300}"#),
        ),
        ("duration_out_of_range", with(r#""interval":-4e38"#)),
        ("duration_out_of_range", with(r#""timings":{"body":1e39}"#)),
        (
            "scheduled_at_out_of_range",
            text(&ours(r#""scheduled_at":"1999-12-31T23:59:59Z""#)),
        ),
        (
            "scheduled_at_out_of_range",
            text(&ours(r#""scheduled_at":"2999-01-01T00:00:00Z""#)),
        ),
        (
            "scheduled_at_out_of_range",
            text(&ours(r#""scheduled_at":"-009999-01-02T02:00:00Z""#)),
        ),
        (
            "url_too_long",
            text(&ours(due).replace("http://poison.test/", &"ü".repeat(2049))),
        ),
    ]
}

/// The poison of this number.
pub(super) fn poison(seed: u64, number: u64) -> Planned {
    let mut random = random(seed, number);
    random.u32(..);
    let mut kinds = kinds(number);
    let (reason, value) = kinds.swap_remove(random.usize(0..kinds.len()));
    Planned {
        partition: None,
        key: format!("poison \0 {number}").into_bytes(),
        value,
        timestamp_ms: BASE_MS + number as i64,
        meaning: Meaning::Letter { reason },
    }
}
