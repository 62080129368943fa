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

/// When its check was due, as a field.
const DUE: &str = r#""scheduled_at":"2026-03-01T00:00:00Z""#;

type Value = Vec<u8>;

fn text(text: &str) -> Value {
    text.as_bytes().to_vec()
}

/// A record that says when its check was due, and these fields.
fn with(fields: &str) -> Value {
    text(&ours(&format!("{DUE},{fields}")))
}

/// Each reason with its values. The order is part of the stream: a seed stands for the same records
/// only as long as it stays.
fn kinds(number: u64) -> Vec<(&'static str, Option<Value>)> {
    let groups = [
        ("empty", vec![text("")]),
        ("not_json", no_json(number)),
        ("missing_field", lacking()),
        ("invalid_field", invalid()),
        ("duration_out_of_range", endless()),
        ("scheduled_at_out_of_range", out_of_time()),
        ("url_too_long", vec![text(&long_url())]),
    ];
    let values = groups
        .into_iter()
        .flat_map(|(reason, values)| values.into_iter().map(move |value| (reason, Some(value))));
    [("empty", None)].into_iter().chain(values).collect()
}

fn no_json(number: u64) -> Vec<Value> {
    let (open, close) = ("[".repeat(200), "]".repeat(200));
    vec![
        text(&format!("no json {number}")),
        b"\xff\xfe\x00\x80".to_vec(),
        text("[1,2,3]"),
        text("null"),
        text("\u{feff}{}"),
        text(&ours(DUE)[..120]),
        with(r#""attempt":NaN"#),
        with(&format!(r#""target":{{"a":{open}1{close}}}"#)),
    ]
}

fn lacking() -> Vec<Value> {
    vec![
        text("{}"),
        text(r#"{"error_code":200,"response_time":1}"#),
        text(r#"{"url":null,"error_code":200,"response_time":1}"#),
        text(r#"{"url":"u","response_time":1}"#),
        text(r#"{"url":"u","error_code":200,"response_time":null}"#),
        text(r#"{"url":"u","error_code":200,"response_time":1,"schema_version":1}"#),
        text(&ours(r#""attempt":1"#)),
    ]
}

fn invalid() -> Vec<Value> {
    vec![
        text(r#"{"url":7,"error_code":200,"response_time":1}"#),
        text(r#"{"url":"u","error_code":"two hundred","response_time":1}"#),
        text(r#"{"url":"u","error_code":200.5,"response_time":1}"#),
        text(r#"{"url":"u","error_code":2147483648,"response_time":1}"#),
        text(r#"{"url":"u","error_code":200,"response_time":"1"}"#),
        with(r#""outcome":"sideways""#),
        with(r#""prober":{"witness":"asleep"}"#),
        with(r#""redirects":-3000000000"#),
        with(r#""body_bytes":9223372036854775808"#),
        with(r#""timings":"quick""#),
        with(r#""started_at":"yesterday""#),
        text(&ours(DUE).replace("3b241101", "nothing!")),
    ]
}

fn endless() -> Vec<Value> {
    vec![
        text(r#"{"url":"u","error_code":200,"response_time":1e300}"#),
        with(r#""interval":-4e38"#),
        with(r#""timings":{"body":1e39}"#),
    ]
}

fn out_of_time() -> Vec<Value> {
    vec![
        text(&ours(r#""scheduled_at":"1999-12-31T23:59:59Z""#)),
        text(&ours(r#""scheduled_at":"2999-01-01T00:00:00Z""#)),
        text(&ours(r#""scheduled_at":"-009999-01-02T02:00:00Z""#)),
    ]
}

fn long_url() -> String {
    ours(DUE).replace("http://poison.test/", &"ü".repeat(2049))
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
