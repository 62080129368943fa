//! The topic speaks Avro, with a real schema registry.

use std::{
    fs,
    path::{Path, PathBuf},
};

use devstack::{SchemaRegistry, Server};
use messages::{AVRO_SCHEMA, schema_id};
use serde_json::{Value, json};
use service::{
    registry::{Registry, RegistryError, RegistrySettings},
    settings::Reader,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::OnceCell,
};

use crate::support::{Answer, Database, Service, ServiceSettings, Site, Topic, eventually};

static SHARED: OnceCell<SchemaRegistry> = OnceCell::const_new();

async fn shared_registry() -> &'static SchemaRegistry {
    let start = || async { SchemaRegistry::throwaway().await.expect("a registry") };
    SHARED.get_or_init(start).await
}

fn client(registry: &SchemaRegistry) -> Registry {
    let mut reader = Reader::from_pairs(&[("SCHEMA_REGISTRY_URL", &registry.url())]);
    let settings = RegistrySettings::read(&mut reader).unwrap();
    Registry::new(&settings).unwrap()
}

/// Has the registry refuse what cannot read what is there, as Confluent's does unless told otherwise.
async fn check_compatibility(registry: &SchemaRegistry, subject: &str) {
    let url = registry.url();
    let (address, path) = url
        .strip_prefix("http://")
        .unwrap()
        .split_once('/')
        .unwrap();
    let body = r#"{"compatibility":"BACKWARD"}"#;
    let request = format!(
        "PUT /{path}/config/{subject} HTTP/1.0\r\nHost: {address}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.contains(" 200 "), "{answer}");
}

fn targets(folder: &Path, url: &str) -> PathBuf {
    let targets = folder.join("urls.csv");
    fs::write(&targets, format!("url,regexp\n{url},well\n")).unwrap();
    targets
}

fn with_avro(settings: ServiceSettings, registry: &SchemaRegistry) -> ServiceSettings {
    settings
        .set("VALUE_FORMAT", "avro")
        .set("SCHEMA_REGISTRY_URL", registry.url())
}

/// Our schema with some of its fields, or others.
fn changed(change: impl FnOnce(&mut Vec<Value>)) -> String {
    let mut schema: Value = serde_json::from_str(AVRO_SCHEMA).unwrap();
    change(schema["fields"].as_array_mut().unwrap());
    schema.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_may_change_over_to_avro_and_back() {
    let registry = shared_registry().await;
    let site = Site::start(Answer::page("all is well")).await;
    let folder = tempfile::tempdir().unwrap();
    let targets = targets(folder.path(), &site.url);
    let (topic, database) = (Topic::create(1).await, Database::create().await);
    let consumer = ServiceSettings::consumer(&topic, &database);
    let mut consumer = Service::start(
        "consumer",
        &[],
        &consumer.set("SCHEMA_REGISTRY_URL", registry.url()),
    );
    let json = ServiceSettings::monitor(&topic, &targets);
    for settings in [json.clone(), with_avro(json.clone(), registry), json] {
        let before = topic.ends()[0].1;
        let mut monitor = Service::start("monitor", &[], &settings);
        eventually("it has published", async || {
            (topic.ends()[0].1 >= before + 2).then_some(())
        })
        .await;
        assert_eq!(monitor.terminate().await, Some(0));
    }
    let values = topic.values();
    let of_avro = values.iter().filter(|it| schema_id(it).is_some()).count();
    assert!((1..values.len() - 1).contains(&of_avro), "{of_avro}");
    let records = i64::try_from(values.len()).unwrap();
    database
        .await_true(&format!("SELECT sum(next_offset) = {records} FROM offsets"))
        .await;
    assert_eq!(consumer.terminate().await, Some(0));
    database.assert_accounts(records).await;
    let odd = "SELECT count(*) FROM results WHERE outcome IN ('up', 'down') AND (matched_text <> 'well' \
               OR http_version <> 'HTTP/1.1' OR regexp <> 'well' OR started_at < scheduled_at)";
    assert_eq!(database.value::<i64>(odd).await, 0);
    let letters = "SELECT count(*) FROM dead_letters";
    assert_eq!(database.value::<i64>(letters).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_that_is_away_is_waited_for_and_nothing_is_lost() {
    let mut registry = SchemaRegistry::stopped().unwrap();
    let site = Site::start(Answer::page("all is well")).await;
    let folder = tempfile::tempdir().unwrap();
    let targets = targets(folder.path(), &site.url);
    let (topic, database) = (Topic::create(1).await, Database::create().await);
    let state = folder.path().join("state");
    let monitor = ServiceSettings::monitor(&topic, &targets).set("STATE_DIR", state.display());
    let monitor = with_avro(monitor, &registry);
    let mut service = Service::start("monitor", &[], &monitor);
    let away = "Connection refused (os error 111); check SCHEMA_REGISTRY_URL";
    service.await_answer("/readyz", &[away]).await;
    eventually("two checks are made", async || {
        (site.requests() >= 2).then_some(())
    })
    .await;
    // What it found waits on disk for another monitor, as when Kafka is away.
    assert_eq!(service.terminate().await, Some(0));
    service.await_line(&["wait on disk"]).await;
    assert_eq!(topic.ends(), [(0, 0)]);

    registry.start().await.unwrap();
    let mut service = Service::start("monitor", &[], &monitor);
    eventually("records are written", async || {
        (topic.ends()[0].1 >= 3).then_some(())
    })
    .await;
    assert_eq!(service.terminate().await, Some(0));

    // It is there, and does not answer.
    registry.pause().unwrap();
    let consumer = ServiceSettings::consumer(&topic, &database);
    let consumer = consumer.set("SCHEMA_REGISTRY_URL", registry.url());
    let mut service = Service::start("consumer", &[], &consumer);
    service
        .await_line(&["Schema registry", "records of the schema", "wait"])
        .await;
    let silent = "Schema registry: ";
    service.await_answer("/readyz", &[silent]).await;
    registry.resume().unwrap();
    let records = topic.ends()[0].1;
    database.await_rows(records).await;
    assert_eq!(service.terminate().await, Some(0));
    database.assert_accounts(records).await;
    let letters = "SELECT count(*) FROM dead_letters";
    assert_eq!(database.value::<i64>(letters).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_that_does_not_fit_is_a_bad_setting_that_names_the_field() {
    let registry = shared_registry().await;
    let folder = tempfile::tempdir().unwrap();
    let targets = targets(folder.path(), "http://127.0.0.1:1/");
    let (topic, database) = (Topic::create(1).await, Database::create().await);
    let subject = format!("{}-value", topic.name);
    let other = AVRO_SCHEMA.replace(
        r#""name": "url", "type": "string""#,
        r#""name": "url", "type": "int""#,
    );
    let client = client(registry);
    client.register(&subject, &other).await.unwrap();
    check_compatibility(registry, &subject).await;
    let monitor = with_avro(ServiceSettings::monitor(&topic, &targets), registry);
    let consumer = ServiceSettings::consumer(&topic, &database);
    let consumer = consumer.set("SCHEMA_REGISTRY_URL", registry.url());
    for (name, settings) in [("monitor", monitor), ("consumer", consumer)] {
        let mut service = Service::start(name, &[], &settings);
        assert_eq!(service.exit().await.code(), Some(2), "{name}");
        let field = "field `url`: its type is \"int\", and a string is read";
        service.await_line(&[&subject, field]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_of_yesterday_gives_way_to_ours_and_a_field_that_all_must_have_does_not_go_in() {
    let registry = shared_registry().await;
    let client = client(registry);
    let subject = "evolution-value";
    let yesterday = changed(|fields| {
        fields.retain(|field| field["name"] != "prober" && field["name"] != "target");
    });
    let first = client.register(subject, &yesterday).await.unwrap();
    check_compatibility(registry, subject).await;
    let ours = client.register(subject, AVRO_SCHEMA).await.unwrap();
    assert_ne!(ours, first);
    assert_eq!(client.register(subject, AVRO_SCHEMA).await.unwrap(), ours);
    assert_eq!(client.look_up(subject, AVRO_SCHEMA).await.unwrap(), ours);
    let demanding = changed(|fields| fields.push(json!({"name": "colour", "type": "string"})));
    let refused = client.register(subject, &demanding).await.unwrap_err();
    assert!(matches!(refused, RegistryError::Refused(_)), "{refused}");
    let unknown = client.schema(123_456_789).await.unwrap_err();
    assert!(matches!(unknown, RegistryError::Unknown(_)), "{unknown}");
}
