//! Making the topic of targets.

use std::time::Duration;

use anyhow::{Context as _, bail};
use rdkafka::{
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication},
    client::DefaultClientContext,
    types::RDKafkaErrorCode,
};
use service::kafka::KafkaSettings;

use crate::fleet::settings::FleetSettings;

/// A time limit on each question to Kafka.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// The broker decides (Kafka 2.4 and later).
const REPLICATION_BY_BROKER: i32 = -1;
/// How this client names itself to Kafka.
const CLIENT_ID: &str = concat!("websites-monitor/publish/", env!("CARGO_PKG_VERSION"));

/// Makes the topic, compacted: of each target its last record stays.
pub(super) async fn make_topic(kafka: &KafkaSettings, fleet: &FleetSettings) -> anyhow::Result<()> {
    let topic = fleet.topic.as_str();
    let admin: AdminClient<DefaultClientContext> = kafka
        .client_config(CLIENT_ID)
        .create()
        .context("making a Kafka client")?;
    let replication = kafka.topic_replication_factor;
    let replication = TopicReplication::Fixed(replication.unwrap_or(REPLICATION_BY_BROKER));
    let new = NewTopic::new(topic, fleet.partitions, replication).set("cleanup.policy", "compact");
    let options = AdminOptions::new()
        .request_timeout(Some(REQUEST_TIMEOUT))
        .operation_timeout(Some(REQUEST_TIMEOUT));
    let answers = admin
        .create_topics([&new], &options)
        .await
        .with_context(|| format!("making the topic {topic:?}"))?;
    match answers.into_iter().next() {
        // Or somebody was faster.
        Some(Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists))) => Ok(()),
        Some(Err((_, code))) => bail!(
            "the topic {topic:?} could not be made ({code}); make it with cleanup.policy=compact"
        ),
        None => bail!("Kafka gave no answer about making the topic {topic:?}"),
    }
}
