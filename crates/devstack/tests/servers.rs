//! The servers themselves: each start, stop and fault that the other tests build on.

use std::time::Duration;

use anyhow::{Context, Result};
use devstack::{Authority, ClientFiles, Kafka, KafkaOptions, Postgres, PostgresOptions, Server};
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::producer::{FutureProducer, FutureRecord};

const SECONDS_10: Duration = Duration::from_secs(10);

/// Whether a client with these certificates gets an answer from the listener that asks for them.
async fn is_welcome(kafka: &Kafka, files: &ClientFiles, patience: Duration) -> Result<bool> {
    let client: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", kafka.tls_bootstrap()?)
        .set("security.protocol", "ssl")
        .set(
            "ssl.ca.location",
            files.ca.to_str().context("a path that is no text")?,
        )
        .set(
            "ssl.certificate.location",
            files
                .certificate
                .to_str()
                .context("a path that is no text")?,
        )
        .set(
            "ssl.key.location",
            files.key.to_str().context("a path that is no text")?,
        )
        .create()?;
    let asked = move || client.fetch_metadata(None, patience).is_ok();
    Ok(tokio::task::spawn_blocking(asked).await?)
}

async fn end_offset(kafka: &Kafka, topic: &'static str) -> Result<i64> {
    let client: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", kafka.bootstrap())
        .create()?;
    let asked = move || client.fetch_watermarks(topic, 0, SECONDS_10);
    Ok(tokio::task::spawn_blocking(asked).await??.1)
}

#[tokio::test(flavor = "multi_thread")]
async fn kafka_keeps_its_records_and_ports_through_kill_pause_and_stop() -> Result<()> {
    let mut kafka = Kafka::throwaway(KafkaOptions::default()).await?;
    kafka.create_topic("kept", 1).await?;
    let bootstrap = kafka.bootstrap();
    let producer: FutureProducer = ClientConfig::new()
        .set("bootstrap.servers", &bootstrap)
        .create()?;
    for step in 1..=3 {
        let record = FutureRecord::to("kept").key("key").payload("value");
        producer
            .send(record, SECONDS_10)
            .await
            .map_err(|(error, _)| error)?;
        match step {
            1 => kafka.kill().await?,
            2 => {
                kafka.pause()?;
                kafka.resume()?;
            }
            _ => kafka.stop().await?,
        }
        assert_eq!(kafka.is_running(), step == 2);
        kafka.start().await?;
        assert_eq!(kafka.bootstrap(), bootstrap);
        assert_eq!(end_offset(&kafka, "kept").await?, step);
    }
    kafka.delete_topic("kept").await
}

#[tokio::test(flavor = "multi_thread")]
async fn kafka_welcomes_only_clients_that_its_own_authority_signed() -> Result<()> {
    let kafka = Kafka::throwaway(KafkaOptions {
        tls: true,
        ..Default::default()
    })
    .await?;
    assert!(is_welcome(&kafka, kafka.client_files()?, SECONDS_10).await?);

    let folder = tempfile::tempdir()?;
    let stranger = Authority::new("A stranger")?;
    let ours = kafka.authority()?;
    let wrong_client = ClientFiles::write(folder.path(), ours, &stranger.client("service")?)?;
    assert!(!is_welcome(&kafka, &wrong_client, Duration::from_secs(1)).await?);
    let wrong_ca = ClientFiles::write(folder.path(), &stranger, &ours.client("service")?)?;
    assert!(!is_welcome(&kafka, &wrong_ca, Duration::from_secs(1)).await?);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_keeps_its_rows_and_port_through_kill_pause_and_stop() -> Result<()> {
    let options = PostgresOptions {
        tls: true,
        ..Default::default()
    };
    let mut postgres = Postgres::throwaway(options).await?;
    let uri = postgres.create_database("kept").await?;
    assert_eq!(postgres.uri_of("kept"), uri);
    assert!(postgres.ca_file()?.is_file());
    let client = postgres.connect().await?;
    let encoding = client.query_one("SHOW server_encoding", &[]).await?;
    assert_eq!(encoding.get::<_, &str>(0), "UTF8");
    client
        .batch_execute("CREATE TABLE kept (step bigint)")
        .await?;

    postgres.pause()?;
    let frozen = client.query("SELECT 1", &[]);
    assert!(
        tokio::time::timeout(Duration::from_millis(300), frozen)
            .await
            .is_err()
    );
    postgres.resume()?;
    client.query("SELECT 1", &[]).await?;

    for step in 1_i64..=2 {
        let client = postgres.connect().await?;
        client
            .execute("INSERT INTO kept VALUES ($1)", &[&step])
            .await?;
        if step == 1 {
            postgres.kill().await?;
        } else {
            postgres.stop().await?;
        }
        assert!(!postgres.is_running());
        assert!(client.query("SELECT 1", &[]).await.is_err());
        postgres.start().await?;
        assert_eq!(postgres.uri_of("kept"), uri);
        let client = postgres.connect().await?;
        let rows = client.query_one("SELECT count(*) FROM kept", &[]).await?;
        assert_eq!(rows.get::<_, i64>(0), step);
    }
    Ok(())
}
