//! What a Sentry is told, by one of our own on loopback.

use std::{panic::catch_unwind, sync::Arc, time::Duration};

use devstack::Inbox;
use sentry::{Client, Hub, Scope};
use serde_json::Value;
use tracing::{error, level_filters::LevelFilter, warn};
use tracing_subscriber::{Layer, layer::SubscriberExt};

use super::{reporter, settings::DefectSettings};
use crate::settings::{InvalidSettings, Reader, Setting};

const TIMEOUT: Duration = Duration::from_secs(10);
const PASSWORD: Setting = Setting::optional("PASSWORD", "what opens the door");

fn read(pairs: &[(&str, &str)]) -> Result<DefectSettings, InvalidSettings> {
    let mut reader = Reader::from_pairs(pairs);
    reader.optional_secret(&PASSWORD);
    let settings = DefectSettings::read(&mut reader);
    reader.finish(settings)
}

/// Does this where defects are told to a Sentry, and returns the event that it was told, with the request's head.
async fn told_of(act: impl FnOnce()) -> (String, Value) {
    let mut inbox = Inbox::start().await.unwrap();
    let settings = read(&[
        ("SENTRY_DSN", &dsn(&inbox)),
        ("SENTRY_ENVIRONMENT", "kitchen"),
        ("PASSWORD", "geheimwort"),
    ]);
    let options = reporter::options(settings.unwrap(), "monitor").unwrap();
    let client = Arc::new(Client::from(options.unwrap()));
    let scope = Arc::new(Scope::default());
    Hub::run(Arc::new(Hub::new(Some(Arc::clone(&client)), scope)), act);
    let posted = inbox.next().await.unwrap();
    let flushed = tokio::task::spawn_blocking(move || client.flush(Some(TIMEOUT)));
    assert!(flushed.await.unwrap());
    // The envelope's header, the item's, the item.
    let lines = posted.body.lines().map(serde_json::from_str);
    let lines: Vec<Value> = lines.map(Result::unwrap).collect();
    let [_, item, event] = <[Value; 3]>::try_from(lines).unwrap();
    assert_eq!(item["type"], "event");
    assert!(!event.to_string().contains("geheim"), "{event}");
    (posted.head.join("\n"), event)
}

fn dsn(inbox: &Inbox) -> String {
    let url = inbox.url().replace("/alerts", "/42");
    url.replace("://", "://thekey@")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_of_the_log_is_told_with_release_and_environment_and_without_credentials() {
    let (head, event) = told_of(|| {
        let layer = sentry::integrations::tracing::ErrorLayer::new();
        let log = tracing_subscriber::registry().with(layer.with_filter(LevelFilter::ERROR));
        tracing::subscriber::with_default(log, || {
            warn!("nobody has to mend this");
            error!(
                uri = "postgres://me:geheim@db/checks",
                "geheimwort is wrong for https://me:geheim@site.example/"
            );
        });
    })
    .await;
    assert!(head.starts_with("POST /api/42/envelope/ "), "{head}");
    assert!(head.contains("thekey"), "{head}");
    assert_eq!(
        event["message"],
        "*** is wrong for https://***@site.example/"
    );
    assert_eq!(event["environment"], "kitchen");
    let release = format!("websites-monitor@{}", env!("CARGO_PKG_VERSION"));
    assert_eq!(event["release"], release);
    let fields = &event["contexts"]["Rust Tracing Fields"];
    assert_eq!(fields["uri"], "postgres://***@db/checks", "{event}");
    assert!(event["server_name"].is_null(), "{event}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_is_told_with_its_place_and_without_credentials() {
    let (_, event) = told_of(|| {
        reporter::report_panics();
        catch_unwind(|| panic!("no reason but geheimwort")).unwrap_err();
    })
    .await;
    assert_eq!(event["level"], "fatal");
    let exception = &event["exception"]["values"][0];
    assert_eq!(exception["value"], "no reason but ***", "{event}");
    let frames = exception["stacktrace"]["frames"].as_array().unwrap();
    let is_ours = |frame: &Value| {
        let function = frame["function"].as_str();
        function.is_some_and(|it| it.contains("a_panic_is_told"))
    };
    assert!(frames.iter().any(is_ours), "{event}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_service_is_told_with_its_causes() {
    let (_, event) = told_of(|| {
        let error = anyhow::anyhow!("the port is taken").context("serving HTTP");
        reporter::report_end("consumer", &error);
    })
    .await;
    assert_eq!(
        event["message"],
        "consumer ends: serving HTTP: the port is taken"
    );
    assert_eq!(event["level"], "fatal");
}

#[test]
fn nobody_is_told_unless_that_is_set_and_a_wrong_dsn_is_not_quoted() {
    let settings = read(&[]).unwrap();
    assert!(reporter::options(settings, "monitor").unwrap().is_none());
    let problem = read(&[("SENTRY_DSN", "https://thekey@host")])
        .err()
        .unwrap();
    let problem = problem.to_string();
    assert!(problem.starts_with("SENTRY_DSN: is no DSN"), "{problem}");
    assert!(!problem.contains("thekey"), "{problem}");
}

#[test]
fn an_environment_that_sentry_does_not_take_is_said() {
    let long = "x".repeat(65);
    for wrong in ["a b", "a/b", "None", &long] {
        let mut reader = Reader::from_pairs(&[("SENTRY_ENVIRONMENT", wrong)]);
        DefectSettings::read(&mut reader);
        let said = reader.finish(()).unwrap_err().to_string();
        assert!(said.starts_with("SENTRY_ENVIRONMENT: "), "{said}");
    }
    let mut reader = Reader::from_pairs(&[("SENTRY_ENVIRONMENT", "küche-2")]);
    DefectSettings::read(&mut reader);
    assert!(reader.finish(()).is_ok());
}
