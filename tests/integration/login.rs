//! Kafka that asks for a user and a password, and secrets that come as files.

use std::{fs, path::Path};

use devstack::{SaslListener, SaslUser};

use crate::support::{Answer, Database, Service, ServiceSettings, Site, Topic, shared};

/// No part of it is anywhere near a word that a service would say.
const WRONG: &str = "wr0ng-geheim";

async fn with_login(
    settings: ServiceSettings,
    listener: SaslListener,
    mechanism: &str,
) -> ServiceSettings {
    let kafka = &shared().await.kafka;
    let settings = settings
        .set("BOOTSTRAP_SERVERS", kafka.sasl_bootstrap(listener).unwrap())
        .set("SASL_MECHANISM", mechanism)
        .set("SASL_USERNAME", SaslUser::FIRST.name)
        .set("SASL_PASSWORD", SaslUser::FIRST.password);
    if listener == SaslListener::Tls {
        settings
            .set("SECURITY_PROTOCOL", "SASL_SSL")
            .set("SSL_CAFILE", kafka.client_files().unwrap().ca.display())
    } else {
        settings.set("SECURITY_PROTOCOL", "SASL_PLAINTEXT")
    }
}

fn targets(folder: &Path, url: &str) -> std::path::PathBuf {
    let targets = folder.join("urls.csv");
    fs::write(&targets, format!("url\n{url}\n")).unwrap();
    targets
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pair_logs_in_by_each_mechanism_with_tls_and_without() {
    let site = Site::start(Answer::page("well")).await;
    let folder = tempfile::tempdir().unwrap();
    let targets = targets(folder.path(), &site.url);
    let password_file = folder.path().join("password");
    fs::write(&password_file, format!("{}\n", SaslUser::FIRST.password)).unwrap();
    let uri_file = folder.path().join("uri");
    for listener in [SaslListener::Plaintext, SaslListener::Tls] {
        for mechanism in ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] {
            let (topic, database) = (Topic::create(1).await, Database::create().await);
            let monitor = ServiceSettings::monitor(&topic, &targets);
            let monitor = with_login(monitor, listener, mechanism).await;
            let consumer = ServiceSettings::consumer(&topic, &database);
            // One has its secrets as they are, the other in files.
            fs::write(&uri_file, &database.uri).unwrap();
            let consumer = with_login(consumer, listener, mechanism)
                .await
                .set("SASL_PASSWORD", "")
                .set("SASL_PASSWORD_FILE", password_file.display())
                .set("PG_URI", "")
                .set("PG_URI_FILE", uri_file.display());
            let mut monitor = Service::start("monitor", &[], &monitor);
            let mut consumer = Service::start("consumer", &[], &consumer);
            database.await_rows(1).await;
            assert_eq!(monitor.terminate().await, Some(0));
            assert_eq!(consumer.terminate().await, Some(0));
            let said = [monitor.log(), consumer.log()].concat().join("\n");
            assert!(!said.contains(SaslUser::FIRST.password), "{said}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_login_is_said_without_the_password_and_waited_for() {
    const LATE: SaslUser = SaslUser {
        name: "late",
        password: WRONG,
    };
    let site = Site::start(Answer::page("well")).await;
    let folder = tempfile::tempdir().unwrap();
    let targets = targets(folder.path(), &site.url);
    let (topic, database) = (Topic::create(1).await, Database::create().await);
    let monitor = ServiceSettings::monitor(&topic, &targets);
    let consumer = ServiceSettings::consumer(&topic, &database);
    let mut services = Vec::new();
    for (name, settings) in [("monitor", monitor), ("consumer", consumer)] {
        let settings = with_login(settings, SaslListener::Plaintext, "SCRAM-SHA-256")
            .await
            .set("SASL_USERNAME", LATE.name)
            .set("SASL_PASSWORD", LATE.password);
        services.push(Service::start(name, &[], &settings));
    }
    for service in &services {
        let refused = "our login is refused by 127.0.0.1:";
        service
            .await_line(&[
                "Kafka",
                refused,
                "\"late\" (SASL_USERNAME)",
                "SCRAM-SHA-256",
            ])
            .await;
        let answer = service.await_answer("/readyz", &[refused]).await;
        assert!(answer.contains("503"), "{answer}");
        assert!(!answer.contains(WRONG), "{answer}");
    }
    shared().await.kafka.let_in(LATE).await.unwrap();
    database.await_rows(2).await;
    for service in &mut services {
        service.await_answer("/readyz", &["200 OK"]).await;
        assert_eq!(service.terminate().await, Some(0));
        let said = service.log().join("\n");
        assert!(!said.contains(WRONG), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_a_mechanism_that_the_broker_lacks_and_a_port_without_login_are_told_apart()
 {
    let folder = tempfile::tempdir().unwrap();
    let targets = targets(folder.path(), "http://127.0.0.1:1/");
    let topic = Topic::create(1).await;
    let monitor = || ServiceSettings::monitor(&topic, &targets);
    let wrong = with_login(monitor(), SaslListener::Tls, "PLAIN")
        .await
        .set("SASL_PASSWORD", WRONG);
    let wrong = Service::start("monitor", &[], &wrong);
    let lacks = with_login(monitor(), SaslListener::PlainOnly, "SCRAM-SHA-512").await;
    let lacks = Service::start("monitor", &[], &lacks);
    let invalid = ["our login is refused", "Invalid username or password"];
    wrong.await_line(&invalid).await;
    wrong.await_answer("/readyz", &invalid[1..]).await;
    let unsupported = ["our login is refused", "supported mechanisms: PLAIN"];
    lacks.await_line(&unsupported).await;
    lacks.await_answer("/readyz", &unsupported[1..]).await;
    assert!(!wrong.log().join("\n").contains(WRONG));
    let unasked = monitor()
        .set("SECURITY_PROTOCOL", "SASL_PLAINTEXT")
        .set("SASL_MECHANISM", "SCRAM-SHA-256")
        .set("SASL_USERNAME", SaslUser::FIRST.name)
        .set("SASL_PASSWORD", SaslUser::FIRST.password);
    let unasked = Service::start("monitor", &[], &unasked);
    let without = ["no login is taken by 127.0.0.1:", "check SECURITY_PROTOCOL"];
    unasked.await_line(&without).await;
    unasked.await_answer("/readyz", &[without[0]]).await;
}
