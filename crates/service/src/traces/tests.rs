use std::{
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
};
use tokio::{net::TcpListener, task::JoinHandle, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{
    exporter::Said,
    queue::{TRACES_MAX, queue},
    *,
};
use crate::{
    health::Health,
    settings::Reader,
    telemetry::{Metric, MetricKind},
};

const fn counter(name: &'static str) -> Metric {
    Metric {
        name,
        kind: MetricKind::Counter,
        labels: &[],
        help: "",
    }
}

const NUMBERS: TraceNumbers = TraceNumbers {
    told: counter("told"),
    dropped: counter("dropped"),
};

fn settings(pairs: &[(&str, &str)]) -> Result<Option<TraceSettings>, String> {
    let mut reader = Reader::from_pairs(pairs);
    let settings = TraceSettings::read(&mut reader);
    reader.finish(settings).map_err(|it| it.to_string())
}

fn trace(name: &'static str) -> Trace {
    let now = SystemTime::now();
    let mut trace = Trace::default();
    trace.add(Place::new([7; 16], 9), None, Span::new(name, now, now));
    trace
}

/// What a collector was asked.
type Asked = Arc<Mutex<Vec<(String, HeaderMap, Bytes)>>>;

async fn take(
    State(asked): State<Asked>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, &'static str) {
    let mut asked = asked.lock().unwrap();
    asked.push((uri.to_string(), headers, body));
    match asked.len() {
        1 => (StatusCode::OK, ""),
        _ => (StatusCode::UNAUTHORIZED, "who are you?"),
    }
}

/// A collector that takes one request and refuses the others.
async fn collector() -> (String, Asked, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = Asked::default();
    let router = Router::new().fallback(take).with_state(asked.clone());
    let serving = tokio::spawn(async { axum::serve(listener, router).await.unwrap() });
    (url, asked, serving)
}

fn started(pairs: &[(&str, &str)], health: &Health) -> (Tracer, Exporter) {
    let settings = settings(pairs).unwrap();
    start(settings.as_ref(), "monitor", NUMBERS, health).unwrap()
}

#[tokio::test]
async fn spans_come_to_the_collector_and_a_refusal_is_said_where_nobody_is_kept_from_working() {
    let (url, asked, serving) = collector().await;
    let health = Health::default();
    let pairs = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &*url),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-key=geheim%21, x-more = 1"),
    ];
    let (tracer, exporter) = started(&pairs, &health);
    assert!(tracer.is_on());
    tracer.tell(trace("check"));
    let stop = CancellationToken::new();
    let running = tokio::spawn(exporter.run(stop.clone()));
    let told = || asked.lock().unwrap().len();
    while told() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let (uri, headers, body) = asked.lock().unwrap().first().cloned().unwrap();
    assert_eq!(uri, "/v1/traces");
    assert_eq!(headers["content-type"], "application/x-protobuf");
    assert_eq!(
        (&headers["x-key"], &headers["x-more"]),
        (&"geheim!".parse().unwrap(), &"1".parse().unwrap())
    );
    for text in ["check", "monitor", "websites-monitor"] {
        let found = body.windows(text.len()).any(|it| it == text.as_bytes());
        assert!(found, "{text}");
    }
    // What comes last is told at the end, too.
    tracer.tell(trace("refused"));
    stop.cancel();
    running.await.unwrap();
    assert_eq!(told(), 2);
    assert!(health.problems().is_empty());
    let said = health.remarks().concat();
    assert!(
        said.starts_with("traces: not told: the collector (http://127.0.0.1:"),
        "{said}"
    );
    assert!(
        said.contains("answers 401 Unauthorized: who are you?"),
        "{said}"
    );
    serving.abort();
}

#[tokio::test]
async fn a_collector_that_is_away_is_said_with_what_to_check() {
    let (url, _, serving) = collector().await;
    serving.abort();
    serving.await.unwrap_err();
    let health = Health::default();
    let (tracer, exporter) = started(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &url)], &health);
    tracer.tell(trace("check"));
    let stop = CancellationToken::new();
    let running = tokio::spawn(exporter.run(stop.clone()));
    while health.remarks().is_empty() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let said = health.remarks().concat();
    assert!(said.contains("does not answer: "), "{said}");
    assert!(said.contains("Connection refused"), "{said}");
    assert!(
        said.ends_with("check OTEL_EXPORTER_OTLP_ENDPOINT"),
        "{said}"
    );
    assert!(health.problems().is_empty());
    stop.cancel();
    running.await.unwrap();
}

#[test]
fn what_goes_on_is_said_once_a_minute() {
    let (mut said, start) = (Said::default(), Instant::now());
    let due = [0, 1, 59, 60, 61, 120];
    let due = due.map(|seconds| said.is_due(start + Duration::from_secs(seconds)));
    assert_eq!(due, [true, false, false, true, false, true]);
}

#[test]
fn what_finds_no_room_is_dropped_and_counted() {
    let (inlet, outlet) = queue();
    let tracer = Tracer { inlet: Some(inlet) };
    for _ in 0..TRACES_MAX + 3 {
        tracer.tell(trace("check"));
    }
    assert_eq!(outlet.overflow(), 3);
    assert_eq!(outlet.overflow(), 0);
}

#[tokio::test]
async fn without_a_collector_nothing_is_told() {
    let (tracer, exporter) = started(&[], &Health::default());
    assert!(!tracer.is_on());
    tracer.tell(trace("check"));
    let stop = CancellationToken::new();
    stop.cancel();
    exporter.run(stop).await;
}

#[test]
fn a_place_goes_over_the_topic_where_its_trace_is_told() {
    let place = Place::new([0xab; 16], 0x1234);
    let header = place.header();
    assert_eq!(
        header,
        "00-abababababababababababababababab-0000000000001234-01"
    );
    let read = Place::from_header(header.as_bytes()).unwrap();
    assert_eq!(
        read,
        Place {
            is_remote: true,
            ..place
        }
    );
    for other in [
        "00-abababababababababababababababab-0000000000001234-00",
        "00-00000000000000000000000000000000-0000000000001234-01",
        "ff-abababababababababababababababab-0000000000001234-01",
        "geheim",
        "",
    ] {
        assert_eq!(Place::from_header(other.as_bytes()), None, "{other}");
    }
    assert_eq!(Place::from_header(b"\xff"), None);
}

#[test]
fn wrong_settings_are_told_without_what_they_hold() {
    assert!(
        settings(&[("OTEL_EXPORTER_OTLP_HEADERS", "a=b")])
            .unwrap()
            .is_none()
    );
    let url = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://h:4318/otlp/");
    let read = settings(&[url]).unwrap().unwrap();
    assert_eq!(read.url.as_str(), "http://h:4318/otlp/v1/traces");
    for (pair, begin) in [
        (
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "geheim:4317"),
            "OTEL_EXPORTER_OTLP_ENDPOINT: is not an http",
        ),
        (
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://u:geheim@h"),
            "OTEL_EXPORTER_OTLP_ENDPOINT: holds a user",
        ),
        (
            ("OTEL_EXPORTER_OTLP_HEADERS", "geheim"),
            "OTEL_EXPORTER_OTLP_HEADERS: is not name=value",
        ),
        (
            ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/nonexistent"),
            "OTEL_EXPORTER_OTLP_CERTIFICATE: cannot read",
        ),
    ] {
        let said = settings(&[url, pair]).unwrap_err();
        assert!(said.starts_with(begin), "{said}");
        assert!(!said.contains("geheim"), "{said}");
    }
}
