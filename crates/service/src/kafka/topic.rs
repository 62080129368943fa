//! One way to have the topic: it is there, or it is made, or it is waited for.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, anyhow, bail};
use rdkafka::{
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication},
    consumer::{BaseConsumer, Consumer},
    error::KafkaError,
    types::{RDKafkaErrorCode, RDKafkaRespErr},
};
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;
use tracing::info;

use super::{KafkaSettings, Observer};
use crate::backoff::Backoff;

/// A time limit on each question to Kafka.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
/// Waits between attempts: a topic made elsewhere is found within 10 s.
const RETRY_FIRST: Duration = Duration::from_millis(200);
const RETRY_MAX: Duration = Duration::from_secs(3);
/// What the client tells at a time that is listened to.
const EVENTS_MAX: usize = 100;
/// The broker decides (Kafka 2.4 and later).
const REPLICATION_BY_BROKER: i32 = -1;

/// Waits until the topic exists, making it where the broker allows it. `false` when `stop` came
/// first.
///
/// # Errors
///
/// Only when no client can be made from the settings.
pub async fn await_topic(
    settings: &KafkaSettings,
    client_id: &str,
    observer: &Observer,
    stop: &CancellationToken,
) -> anyhow::Result<bool> {
    let config = settings.client_config(client_id);
    let admin: AdminClient<Observer> = config
        .create_with_context(observer.clone())
        .context("making a Kafka client")?;
    // A consumer, since a producer's question would make the broker make the topic, its way.
    let reader: BaseConsumer<Observer> = config
        .create_with_context(observer.clone())
        .context("making a Kafka client")?;
    let reader = Arc::new(reader);
    let mut backoff = Backoff::new(RETRY_FIRST, RETRY_MAX);
    loop {
        let attempt = have_topic(settings, &admin, &reader);
        match stop.run_until_cancelled(attempt).await {
            None => return Ok(false),
            Some(Ok(())) => {
                observer.heard();
                return Ok(true);
            }
            Some(Err(error)) => observer.failed(&format!("{error:#}")),
        }
        if !backoff.wait(stop).await {
            return Ok(false);
        }
    }
}

async fn have_topic(
    settings: &KafkaSettings,
    admin: &AdminClient<Observer>,
    reader: &Arc<BaseConsumer<Observer>>,
) -> anyhow::Result<()> {
    let topic = settings.topic.as_str();
    if exists(topic, reader).await? {
        return Ok(());
    }
    let replication = TopicReplication::Fixed(
        settings
            .topic_replication_factor
            .unwrap_or(REPLICATION_BY_BROKER),
    );
    let new_topic = NewTopic::new(topic, settings.topic_partitions, replication);
    let options = AdminOptions::new()
        .request_timeout(Some(REQUEST_TIMEOUT))
        .operation_timeout(Some(REQUEST_TIMEOUT));
    let answers = admin
        .create_topics([&new_topic], &options)
        .await
        .with_context(|| format!("making the topic {topic:?}"))?;
    match answers.into_iter().next() {
        Some(Ok(_)) => info!(
            partitions = settings.topic_partitions,
            "Made the topic {topic:?}"
        ),
        // Somebody was faster.
        Some(Err((_, RDKafkaErrorCode::TopicAlreadyExists))) => {}
        Some(Err((_, code))) => bail!(
            "the topic {topic:?} is missing and could not be made ({code}); make it, or allow it to \
             be made; it is waited for"
        ),
        None => bail!("Kafka gave no answer about making the topic {topic:?}"),
    }
    // It can be used once its partitions have leaders, which the metadata say a moment later.
    anyhow::ensure!(
        exists(topic, reader).await?,
        "the topic {topic:?} was made and is awaited"
    );
    Ok(())
}

async fn exists(topic: &str, reader: &Arc<BaseConsumer<Observer>>) -> anyhow::Result<bool> {
    let question = topic.to_owned();
    let reader = Arc::clone(reader);
    // The client's call blocks its thread, at most for its time limit.
    let answer = spawn_blocking(move || {
        let metadata = reader
            .client()
            .fetch_metadata(Some(&question), REQUEST_TIMEOUT);
        // What the client has to say of its connections, it says while it is polled.
        for _ in 0..EVENTS_MAX {
            if reader.poll(Duration::ZERO).is_none() {
                break;
            }
        }
        let metadata = metadata.map_err(|error| no_answer(&error, reader.context()))?;
        let found = metadata
            .topics()
            .iter()
            .find(|found| found.name() == question);
        anyhow::Ok(found.map(|found| (found.error(), found.partitions().len())))
    });
    match answer.await.context("asking Kafka for its topics")?? {
        Some((None, partitions)) => Ok(partitions > 0),
        None | Some((Some(RDKafkaRespErr::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART), _)) => {
            Ok(false)
        }
        Some((Some(error), _)) => {
            bail!(
                "Kafka does not show the topic {topic:?}: {}",
                RDKafkaErrorCode::from(error)
            )
        }
    }
}

fn no_answer(error: &KafkaError, observer: &Observer) -> anyhow::Error {
    let code = error.rdkafka_error_code();
    let reason = code.map_or_else(|| error.to_string(), |code| code.to_string());
    anyhow!("no broker answers ({reason}); {}", observer.advice())
}
