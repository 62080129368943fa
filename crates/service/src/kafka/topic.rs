//! One way to have the topic: it is there, or it is made, or it is waited for.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, anyhow, bail};
use rdkafka::{
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication},
    consumer::{BaseConsumer, Consumer},
    error::KafkaError,
    types::{RDKafkaErrorCode, RDKafkaRespErr},
};
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info};

use super::{observer::Observer, settings::KafkaSettings};
use crate::backoff::Backoff;

/// A time limit on each question to Kafka.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
/// Waits between attempts: a topic made elsewhere is found within 10 s.
const RETRY_FIRST: Duration = Duration::from_millis(200);
const RETRY_MAX: Duration = Duration::from_secs(3);
/// What the client tells at a time that is listened to.
const EVENTS_MAX: usize = 100;
/// Brokers that are asked for data of the topic before all count as unreachable.
const LEADERS_ASKED_MAX: usize = 3;
/// How long a topic that was just made may be without leaders before that is said.
const SETTLING_MAX: Duration = Duration::from_secs(5);
/// The broker decides (Kafka 2.4 and later).
const REPLICATION_BY_BROKER: i32 = -1;

/// What is done about a topic that is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// It is made, where the broker allows it.
    Make,
    /// It was there before: whoever took it away knows why, and how it is to be made again.
    Await,
}

/// What is said of a topic that was there.
pub fn gone(topic: &str) -> String {
    format!(
        "the topic {topic:?} is gone: it was deleted, or may not be seen any more; make it again as it was, or \
         restart this service, which makes it where the broker allows that; it is waited for"
    )
}

/// Waits until the topic exists. `false` when `stop` came first.
///
/// # Errors
///
/// Only when no client can be made from the settings.
pub async fn await_topic(
    settings: &KafkaSettings,
    client_id: &str,
    observer: &Observer,
    missing: Missing,
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
    let mut settling_since = None;
    loop {
        let attempt = async {
            match missing {
                Missing::Make => have_topic(settings, &admin, &reader).await,
                Missing::Await if exists(&settings.topic, &reader).await? => Ok(()),
                Missing::Await => bail!(gone(&settings.topic)),
            }
        };
        match stop.run_until_cancelled(attempt).await {
            None => return Ok(false),
            Some(Ok(())) => {
                observer.found();
                return Ok(true);
            }
            Some(Err(error)) if is_settling(&error, &mut settling_since, Instant::now()) => {
                debug!("{error:#}");
            }
            Some(Err(error)) => observer.failed(&format!("{error:#}")),
        }
        if !backoff.wait(stop).await {
            return Ok(false);
        }
    }
}

/// What is over in a moment: partitions that have no leader yet, as those of a topic that was just
/// made, or of a broker that has just started.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Settling(String);

/// Whether an error is one that may still pass by itself.
fn is_settling(error: &anyhow::Error, since: &mut Option<Instant>, now: Instant) -> bool {
    if error.downcast_ref::<Settling>().is_none() {
        *since = None;
        return false;
    }
    let since = *since.get_or_insert(now);
    now.duration_since(since) < SETTLING_MAX
}

async fn have_topic(
    settings: &KafkaSettings,
    admin: &AdminClient<Observer>,
    reader: &Arc<BaseConsumer<Observer>>,
) -> anyhow::Result<()> {
    let topic = settings.topic.as_str();
    if !exists(topic, reader).await? {
        make(settings, admin).await?;
        // It can be used once its partitions have leaders, which the metadata say a moment later.
        if !exists(topic, reader).await? {
            bail!(Settling(format!(
                "the topic {topic:?} was made and is awaited"
            )));
        }
    }
    Ok(())
}

async fn make(settings: &KafkaSettings, admin: &AdminClient<Observer>) -> anyhow::Result<()> {
    let topic = settings.topic.as_str();
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
    Ok(())
}

/// Whether the topic is there and can be talked to.
async fn exists(topic: &str, reader: &Arc<BaseConsumer<Observer>>) -> anyhow::Result<bool> {
    let topic = topic.to_owned();
    let reader = Arc::clone(reader);
    // The client's calls block their thread, each at most for its time limit.
    let answer = spawn_blocking(move || {
        let found = partitions(&topic, &reader).and_then(|partitions| match partitions {
            None => Ok(false),
            Some(partitions) => ask_a_leader(&topic, &partitions, &reader).map(|()| true),
        });
        // What the client has to say of its connections, it says while it is polled.
        for _ in 0..EVENTS_MAX {
            if reader.poll(Duration::ZERO).is_none() {
                break;
            }
        }
        found
    });
    answer.await.context("asking Kafka for its topics")?
}

/// The topic's partitions, where there is one: whatever broker answers, also one that has nothing of
/// the topic.
fn partitions(
    topic: &str,
    reader: &BaseConsumer<Observer>,
) -> anyhow::Result<Option<Vec<Partition>>> {
    let metadata = reader.client().fetch_metadata(Some(topic), REQUEST_TIMEOUT);
    let metadata = metadata.map_err(|error| no_answer(&error, reader.context()))?;
    let found = metadata.topics().iter().find(|it| it.name() == topic);
    match found.map(|found| (found.error(), found.partitions())) {
        Some((None, partitions)) if !partitions.is_empty() => {
            let partitions = partitions.iter().map(|it| Partition {
                id: it.id(),
                leader: it.leader(),
                address: metadata
                    .brokers()
                    .iter()
                    .find(|broker| broker.id() == it.leader())
                    .map(|broker| format!("{}:{}", broker.host(), broker.port())),
            });
            Ok(Some(partitions.collect()))
        }
        None | Some((None | Some(RDKafkaRespErr::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART), _)) => {
            Ok(None)
        }
        Some((Some(error), _)) => {
            let code = RDKafkaErrorCode::from(error);
            let story = format!("Kafka does not show the topic {topic:?}: {code}");
            if settles(code) {
                bail!(Settling(story));
            }
            bail!(story)
        }
    }
}

/// A partition, and the broker that has it.
struct Partition {
    id: i32,
    leader: i32,
    address: Option<String>,
}

/// Asks a broker that has data of the topic. That some broker answers proves little: it may be a
/// balancer that was asked, while the brokers' own addresses cannot be reached from here.
fn ask_a_leader(
    topic: &str,
    partitions: &[Partition],
    reader: &BaseConsumer<Observer>,
) -> anyhow::Result<()> {
    let mut asked = Vec::new();
    let mut outcome = Err(anyhow!(Settling(format!(
        "no partition of the topic {topic:?} has a leader"
    ))));
    for partition in partitions {
        let is_new = partition.leader >= 0 && !asked.contains(&partition.leader);
        if !is_new || asked.len() >= LEADERS_ASKED_MAX {
            continue;
        }
        asked.push(partition.leader);
        match reader.fetch_watermarks(topic, partition.id, REQUEST_TIMEOUT) {
            Ok(_) => return Ok(()),
            Err(error) => {
                let address = partition.address.as_deref().unwrap_or("an unknown address");
                let reason = no_answer(&error, reader.context());
                outcome = Err(reason.context(format!(
                    "the broker at {address} has the topic {topic:?} and gives no answer"
                )));
            }
        }
    }
    outcome
}

fn no_answer(error: &KafkaError, observer: &Observer) -> anyhow::Error {
    let code = error.rdkafka_error_code();
    if let Some(code) = code.filter(|code| settles(*code)) {
        let story = format!("its partitions have no leader that answers ({code})");
        return anyhow!(Settling(story));
    }
    let reason = code.map_or_else(|| error.to_string(), |code| code.to_string());
    anyhow!("no broker answers ({reason}); {}", observer.advice())
}

/// Whether a broker that says so knows more in a moment.
fn settles(code: RDKafkaErrorCode) -> bool {
    matches!(
        code,
        RDKafkaErrorCode::NotLeaderForPartition
            | RDKafkaErrorCode::LeaderNotAvailable
            | RDKafkaErrorCode::UnknownTopicOrPartition
            | RDKafkaErrorCode::UnknownPartition
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_without_leaders_is_only_told_of_when_that_lasts() {
        let settling = anyhow!(Settling("no leader".into())).context("asking");
        let (begin, mut since) = (Instant::now(), None);
        assert!(is_settling(&settling, &mut since, begin));
        let still = begin + SETTLING_MAX / 2;
        assert!(is_settling(&settling, &mut since, still));
        assert!(!is_settling(&settling, &mut since, begin + SETTLING_MAX));
        // Another trouble is told at once, and what settles afterwards begins anew.
        assert!(!is_settling(&anyhow!("denied"), &mut since, begin));
        assert!(is_settling(&settling, &mut since, begin + SETTLING_MAX));
    }
}
