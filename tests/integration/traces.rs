//! A check is one trace, from its due time to its row, as a collector gets it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    sync::{Arc, Mutex},
};

use axum::{Router, body::Bytes, extract::State, http::Uri};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::any_value::Value,
    trace::v1::{Span, status::StatusCode},
};
use prost::Message;
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::support::{Answer, Database, Service, ServiceSettings, Site, Topic, eventually};

/// A span, and whose it is.
#[derive(Clone)]
struct Told {
    service: String,
    span: Span,
}

/// What a collector was told.
#[derive(Clone, Default)]
struct Collector {
    bodies: Arc<Mutex<Vec<Bytes>>>,
}

async fn take(State(collector): State<Collector>, uri: Uri, body: Bytes) {
    assert_eq!(uri, "/v1/traces");
    collector.bodies.lock().unwrap().push(body);
}

impl Collector {
    async fn start() -> (Self, String) {
        let collector = Self::default();
        let router = Router::new().fallback(take).with_state(collector.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async { axum::serve(listener, router).await });
        (collector, url)
    }

    fn bodies(&self) -> Vec<Bytes> {
        self.bodies.lock().unwrap().clone()
    }

    /// The spans of each trace, by their names.
    fn traces(&self) -> BTreeMap<Vec<u8>, BTreeMap<String, Told>> {
        let mut traces: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
        for body in self.bodies() {
            let request = ExportTraceServiceRequest::decode(body).unwrap();
            for resource in request.resource_spans {
                let attributes = resource.resource.unwrap().attributes;
                let name = attributes.iter().find(|it| it.key == "service.name");
                let name = name.and_then(|it| it.value.clone()?.value);
                let Some(Value::StringValue(service)) = name else {
                    panic!("no service.name")
                };
                for span in resource.scope_spans.into_iter().flat_map(|it| it.spans) {
                    let service = service.clone();
                    let trace = traces.entry(span.trace_id.clone()).or_default();
                    trace.insert(span.name.clone(), Told { service, span });
                }
            }
        }
        traces
    }
}

fn text(span: &Span, key: &str) -> Option<String> {
    let attribute = span.attributes.iter().find(|it| it.key == key)?;
    match attribute.value.clone()?.value? {
        Value::StringValue(text) => Some(text),
        other => Some(format!("{other:?}")),
    }
}

/// The spans of a check of a plain http site, each with its parent.
const TREE: [(&str, &str, &str); 11] = [
    ("monitor", "check", ""),
    ("monitor", "queue", "check"),
    ("monitor", "probe", "check"),
    ("monitor", "connect", "probe"),
    ("monitor", "first_byte", "probe"),
    ("monitor", "publish", "check"),
    ("consumer", "consume", "publish"),
    ("consumer", "read", "consume"),
    ("consumer", "wait", "consume"),
    ("consumer", "decode", "consume"),
    ("consumer", "commit", "consume"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_check_is_one_trace_from_its_due_time_to_its_row() {
    let (collector, url) = Collector::start().await;
    let site = Site::start(Answer::page("all is well")).await;
    let folder = tempfile::tempdir().unwrap();
    let targets = folder.path().join("urls.csv");
    let address = site.url.replace("http://", "http://user:geheim@");
    fs::write(&targets, format!("url\n{address}\nhttp://127.0.0.1:1/\n")).unwrap();
    let (topic, database) = (Topic::create(1).await, Database::create().await);
    let consumer = ServiceSettings::consumer(&topic, &database);
    let monitor = ServiceSettings::monitor(&topic, &targets);
    let with_traces = |settings: ServiceSettings| settings.set("OTEL_EXPORTER_OTLP_ENDPOINT", &url);
    let mut consumer = Service::start("consumer", &[], &with_traces(consumer));
    let mut monitor = Service::start("monitor", &[], &with_traces(monitor));
    let traces = eventually("both services tell of checks of both sites", async || {
        let mut traces = collector.traces();
        let failed = |spans: &BTreeMap<String, Told>| text(&spans["check"].span, "error.type");
        // On a busy machine a check may be missed, or fail otherwise.
        traces.retain(|_, spans| {
            let Some(check) = spans.get("check") else {
                return false;
            };
            let fails = text(&check.span, "error.type");
            // Its spans come by several ways, each in its own time.
            names(fails.as_deref()).all(|(_, name, _)| spans.contains_key(name))
                && fails.is_none_or(|reason| reason == "connect_refused")
        });
        let outcomes: BTreeSet<_> = traces.values().map(failed).collect();
        (outcomes.len() == 2).then_some(traces)
    })
    .await;
    assert_eq!(monitor.terminate().await, Some(0));
    assert_eq!(consumer.terminate().await, Some(0));
    for (trace, spans) in &traces {
        assert_tree(spans);
        // The trace's id is the row's check.
        let id = Uuid::from_slice(trace).unwrap();
        let due = format!(
            "SELECT (extract(epoch FROM scheduled_at) * 1000000)::bigint FROM metrics WHERE check_id = '{id}'"
        );
        let due_us: i64 = database.value(&due).await;
        let begin_us = spans["check"].span.start_time_unix_nano / 1_000;
        assert_eq!(begin_us, u64::try_from(due_us).unwrap());
    }
    for body in collector.bodies() {
        assert!(!body.windows(6).any(|it| it == b"geheim"));
    }
}

/// The tree of a check that fails so, or does not: who is refused gets no first byte.
fn names(fails: Option<&str>) -> impl Iterator<Item = (&str, &str, &str)> {
    let tree = TREE.into_iter();
    tree.filter(move |(_, name, _)| fails.is_none() || *name != "first_byte")
}

/// Each span is of its service and under its parent, and lies within what it belongs to.
fn assert_tree(spans: &BTreeMap<String, Told>) {
    let fails = text(&spans["check"].span, "error.type");
    for (service, name, parent) in names(fails.as_deref()) {
        let told = &spans[name];
        assert_eq!(told.service, service, "{name}");
        assert!(told.span.start_time_unix_nano <= told.span.end_time_unix_nano);
        let parent_id = match parent {
            "" => vec![],
            parent => spans[parent].span.span_id.clone(),
        };
        assert_eq!(told.span.parent_span_id, parent_id, "{name}");
    }
    let (check, probe, commit) = (
        &spans["check"].span,
        &spans["probe"].span,
        &spans["commit"].span,
    );
    assert!(check.start_time_unix_nano <= probe.start_time_unix_nano);
    assert!(probe.end_time_unix_nano <= commit.end_time_unix_nano);
    let status = text(probe, "http.response.status_code");
    let code = probe.status.as_ref().map_or(0, |status| status.code);
    match fails.as_deref() {
        None => assert_eq!(status.as_deref(), Some("IntValue(200)")),
        Some(reason) => {
            assert_eq!(reason, "connect_refused");
            assert_eq!((status, code), (None, StatusCode::Error as i32));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_away_costs_neither_checks_nor_rows_and_is_said() {
    let site = Site::start(Answer::page("all is well")).await;
    let folder = tempfile::tempdir().unwrap();
    let targets = folder.path().join("urls.csv");
    fs::write(&targets, format!("url\n{}\n", site.url)).unwrap();
    let (topic, database) = (Topic::create(1).await, Database::create().await);
    let consumer = ServiceSettings::consumer(&topic, &database);
    let monitor = ServiceSettings::monitor(&topic, &targets);
    let away = |settings: ServiceSettings| {
        settings.set("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    };
    let mut consumer = Service::start("consumer", &[], &away(consumer));
    let mut monitor = Service::start("monitor", &[], &away(monitor));
    for service in [&monitor, &consumer] {
        let said = ["Traces are not told", "Connection refused", "check OTEL_"];
        service.await_line(&said).await;
        let told = [
            "200 OK",
            "traces: not told: the collector (http://127.0.0.1:1/v1/traces)",
        ];
        service.await_answer("/readyz", &told).await;
        let dropped = ["_dropped_spans_total"];
        service.await_answer("/metrics", &dropped).await;
    }
    database.await_rows(2).await;
    assert_eq!(monitor.terminate().await, Some(0));
    let records = topic.ends()[0].1;
    database.await_rows(records).await;
    assert_eq!(consumer.terminate().await, Some(0));
    database.assert_accounts(records).await;
}
