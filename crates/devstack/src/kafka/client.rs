//! What we ask a broker ourselves.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::{ClientConfig, TopicPartitionList};

use crate::poll::POLL_EVERY;

/// How long one question to the broker may take before the next look at the process.
const ANSWER_MAX: Duration = Duration::from_millis(500);
const TOPIC_MAX: Duration = Duration::from_secs(20);
const GROUPS_MAX: Duration = Duration::from_secs(30);

/// A client of one broker, for what administers it. Its questions block, each in a thread of its
/// own.
pub(super) struct Client {
    admin: Arc<AdminClient<DefaultClientContext>>,
    config: ClientConfig,
}

impl Client {
    pub(super) fn new(bootstrap: &str) -> Result<Self> {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", bootstrap)
            .set("reconnect.backoff.ms", "20")
            .set("reconnect.backoff.max.ms", "100");
        let admin = config
            .create()
            .context("making a client of the local Kafka")?;
        let admin = Arc::new(admin);
        Ok(Self { admin, config })
    }

    /// Whether there is an answer, and from the broker at this port.
    pub(super) async fn knows_broker(&self, port: i32) -> bool {
        let admin = Arc::clone(&self.admin);
        let asked = move || {
            let metadata = admin.inner().fetch_metadata(None, ANSWER_MAX);
            metadata.is_ok_and(|known| known.brokers().iter().any(|broker| broker.port() == port))
        };
        tokio::task::spawn_blocking(asked).await.unwrap_or(false)
    }

    /// Waits until consumer groups can be joined. The first one to ask makes the broker's own topic
    /// for their offsets, which takes seconds that are better spent here than in a service's start.
    pub(super) async fn until_groups_ready(&self) -> Result<()> {
        let mut config = self.config.clone();
        let client: BaseConsumer = config.set("group.id", "devstack").create()?;
        let mut partitions = TopicPartitionList::new();
        partitions.add_partition("devstack", 0);
        let asked = move || {
            let deadline = Instant::now() + GROUPS_MAX;
            loop {
                match client.committed_offsets(partitions.clone(), ANSWER_MAX) {
                    Ok(_) => return Ok(()),
                    Err(error) if Instant::now() > deadline => {
                        return Err(error).context("waiting for Kafka's group coordinator");
                    }
                    Err(_) => std::thread::sleep(POLL_EVERY),
                }
            }
        };
        tokio::task::spawn_blocking(asked).await?
    }

    /// Makes a topic, or leaves the one that is there, and waits until each partition has a leader.
    pub(super) async fn create_topic(&self, name: &str, partitions: i32) -> Result<()> {
        let topic = NewTopic::new(name, partitions, TopicReplication::Fixed(1));
        let options = AdminOptions::new().operation_timeout(Some(TOPIC_MAX));
        let made = self.admin.create_topics([&topic], &options).await;
        match made
            .with_context(|| format!("making the topic {name}"))?
            .pop()
        {
            Some(Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists))) => {}
            Some(Err((_, error))) => return Err(anyhow!(error).context(format!("making {name}"))),
            None => bail!("the broker did not say whether it made the topic {name}"),
        }
        let deadline = Instant::now() + TOPIC_MAX;
        while !self.has_leaders(name).await? {
            if Instant::now() > deadline {
                bail!("the topic {name} has no leader for a partition after {TOPIC_MAX:?}");
            }
            tokio::time::sleep(POLL_EVERY).await;
        }
        Ok(())
    }

    /// Removes a topic and its records.
    pub(super) async fn delete_topic(&self, name: &str) -> Result<()> {
        let options = AdminOptions::new().operation_timeout(Some(TOPIC_MAX));
        let deleted = self.admin.delete_topics(&[name], &options).await;
        match deleted
            .with_context(|| format!("deleting the topic {name}"))?
            .pop()
        {
            Some(Err((_, error))) => Err(anyhow!(error).context(format!("deleting {name}"))),
            _ => Ok(()),
        }
    }

    async fn has_leaders(&self, topic: &str) -> Result<bool> {
        let (admin, topic) = (Arc::clone(&self.admin), topic.to_owned());
        let asked = move || {
            let Ok(metadata) = admin.inner().fetch_metadata(Some(&topic), ANSWER_MAX) else {
                return false;
            };
            metadata.topics().iter().any(|topic| {
                let partitions = topic.partitions();
                !partitions.is_empty() && partitions.iter().all(|partition| partition.leader() >= 0)
            })
        };
        Ok(tokio::task::spawn_blocking(asked).await?)
    }
}
