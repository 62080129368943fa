//! Mutual TLS to Kafka, TLS to PostgreSQL, and what is said when a certificate is wrong.

use std::fs;

use devstack::{Authority, ClientFiles};

use crate::support::{Answer, Database, Service, ServiceSettings, Site, Topic, shared};

fn encrypted(settings: ServiceSettings, bootstrap: &str, files: &ClientFiles) -> ServiceSettings {
    let settings = settings
        .set("SECURITY_PROTOCOL", "SSL")
        .set("BOOTSTRAP_SERVERS", bootstrap);
    files
        .environment()
        .iter()
        .fold(settings, |settings, (name, path)| {
            settings.set(name, path.display())
        })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pair_works_by_mutual_tls() {
    let kafka = &shared().await.kafka;
    let (bootstrap, files) = (
        kafka.tls_bootstrap().unwrap(),
        kafka.client_files().unwrap(),
    );
    let site = Site::start(Answer::page("well")).await;
    let folder = tempfile::tempdir().unwrap();
    let targets = folder.path().join("urls.csv");
    fs::write(&targets, format!("url\n{}\n", site.url)).unwrap();
    let (topic, database) = (Topic::create(1).await, Database::create().await);
    let ca_file = shared().await.postgres.ca_file().unwrap();
    let monitor = encrypted(
        ServiceSettings::monitor(&topic, &targets),
        &bootstrap,
        files,
    );
    let uri = format!(
        "{}?sslmode=verify-full&sslrootcert={}",
        database.uri,
        ca_file.display()
    );
    let consumer = encrypted(
        ServiceSettings::consumer(&topic, &database),
        &bootstrap,
        files,
    )
    .set("PG_URI", uri);
    let mut monitor = Service::start("monitor", &[], &monitor);
    let mut consumer = Service::start("consumer", &[], &consumer);
    database.await_rows(2).await;
    assert_eq!(monitor.terminate().await, Some(0));
    assert_eq!(consumer.terminate().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_the_broker_refuses_is_named_in_the_log() {
    let kafka = &shared().await.kafka;
    let bootstrap = kafka.tls_bootstrap().unwrap();
    let stranger = Authority::new("a stranger").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let identity = stranger.client("intruder").unwrap();
    let files = ClientFiles::write(folder.path(), kafka.authority().unwrap(), &identity).unwrap();
    let topic = Topic::create(1).await;
    let targets = folder.path().join("urls.csv");
    fs::write(&targets, "url\nhttp://127.0.0.1:1/\n").unwrap();
    let settings = encrypted(
        ServiceSettings::monitor(&topic, &targets),
        &bootstrap,
        &files,
    );
    let monitor = Service::start("monitor", &[], &settings);
    monitor
        .await_line(&[
            "Kafka",
            &files.certificate.display().to_string(),
            "SSL_CERTFILE",
        ])
        .await;

    let database = Database::create().await;
    let settings = encrypted(
        ServiceSettings::consumer(&topic, &database),
        &bootstrap,
        &files,
    );
    let consumer = Service::start("consumer", &[], &settings);
    consumer
        .await_line(&[
            "Kafka",
            &files.certificate.display().to_string(),
            "SSL_CERTFILE",
        ])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_we_do_not_trust_is_said_with_the_authority_s_file() {
    let kafka = &shared().await.kafka;
    let stranger = Authority::new("a stranger").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let identity = kafka.authority().unwrap().client("welcome").unwrap();
    let files = ClientFiles::write(folder.path(), &stranger, &identity).unwrap();
    let topic = Topic::create(1).await;
    let targets = folder.path().join("urls.csv");
    fs::write(&targets, "url\nhttp://127.0.0.1:1/\n").unwrap();
    let settings = ServiceSettings::monitor(&topic, &targets);
    let settings = encrypted(settings, &kafka.tls_bootstrap().unwrap(), &files);
    let monitor = Service::start("monitor", &[], &settings);
    monitor
        .await_line(&["Kafka", &files.ca.display().to_string(), "SSL_CAFILE"])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_server_that_is_not_the_one_is_refused() {
    let (topic, database) = (Topic::create(1).await, Database::create().await);
    let folder = tempfile::tempdir().unwrap();
    let wrong = folder.path().join("wrong.pem");
    fs::write(&wrong, Authority::new("a stranger").unwrap().pem()).unwrap();
    let uri = format!(
        "{}?sslmode=verify-ca&sslrootcert={}",
        database.uri,
        wrong.display()
    );
    let settings = ServiceSettings::consumer(&topic, &database).set("PG_URI", uri);
    let consumer = Service::start("consumer", &[], &settings);
    consumer.await_line(&["PostgreSQL", "certificate"]).await;
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
    assert_eq!(database.value::<i64>(tables).await, 0);
}
