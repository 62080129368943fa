//! The topic, asked directly, not through the proxy.

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Context, Result};
use rdkafka::{
    ClientConfig, Offset, TopicPartitionList,
    admin::{AdminClient, AdminOptions, AlterConfig, NewPartitions, ResourceSpecifier},
    client::DefaultClientContext,
    consumer::{BaseConsumer, Consumer},
    producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer},
};

const TIMEOUT: Duration = Duration::from_secs(10);
/// Records of a transaction that does not happen.
const ABORTED: usize = 20;

/// The topic that everything goes through.
#[derive(Clone, Debug)]
pub(crate) struct Topic {
    pub(crate) name: String,
    pub(crate) bootstrap: String,
}

impl Topic {
    fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", &self.bootstrap)
            .set("log_level", "0");
        config
    }

    fn admin(&self) -> Result<AdminClient<DefaultClientContext>> {
        Ok(self.client().create()?)
    }

    /// Records have the times of another day: Kafka must not think them old.
    pub(crate) async fn keep_for_ever(&self) -> Result<()> {
        let resource = ResourceSpecifier::Topic(&self.name);
        let setting = AlterConfig::new(resource).set("retention.ms", "-1");
        let admin = self.admin()?;
        let altered = admin
            .alter_configs(&[setting], &AdminOptions::new())
            .await?;
        for topic in altered {
            topic.map_err(|(_, code)| code)?;
        }
        Ok(())
    }

    /// Adds a partition to those that there are.
    pub(crate) async fn grow(&self) -> Result<()> {
        let partitions = self.ends().await?.len() + 1;
        let grown = NewPartitions::new(&self.name, partitions);
        let admin = self.admin()?;
        let answers = admin
            .create_partitions([&grown], &AdminOptions::new())
            .await?;
        for answer in answers {
            answer.map_err(|(_, code)| code)?;
        }
        Ok(())
    }

    /// Removes the records of a partition before an offset, as the topic's retention does.
    pub(crate) async fn remove_before(&self, partition: i32, offset: i64) -> Result<()> {
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(&self.name, partition, Offset::Offset(offset))?;
        let admin = self.admin()?;
        let removed = admin.delete_records(&list, &AdminOptions::new()).await?;
        for partition in removed.elements() {
            partition.error()?;
        }
        Ok(())
    }

    /// The offset at the end of each partition.
    pub(crate) async fn ends(&self) -> Result<BTreeMap<i32, i64>> {
        let consumer: BaseConsumer = self.client().create()?;
        let name = self.name.clone();
        let ask = move || -> Result<BTreeMap<i32, i64>> {
            let metadata = consumer.fetch_metadata(Some(&name), TIMEOUT)?;
            let topic = metadata.topics().first().context("no such topic")?;
            let ends = topic.partitions().iter().map(|partition| {
                let (_, end) = consumer.fetch_watermarks(&name, partition.id(), TIMEOUT)?;
                Ok((partition.id(), end))
            });
            ends.collect()
        };
        tokio::task::spawn_blocking(ask).await?
    }

    /// Writes records in a transaction that is given up: nobody may ever see them.
    pub(crate) async fn abort_transaction(&self) -> Result<()> {
        let mut config = self.client();
        config.set("transactional.id", "torture");
        let producer: ThreadedProducer<DefaultProducerContext> = config.create()?;
        let name = self.name.clone();
        let abort = move || -> Result<()> {
            producer.init_transactions(TIMEOUT)?;
            producer.begin_transaction()?;
            for number in 0..ABORTED {
                let value = format!(
                    r#"{{"url":"http://aborted.test/","error_code":{number},"response_time":1}}"#
                );
                let key = number.to_le_bytes();
                let record = BaseRecord::to(&name).key(&key).payload(&value);
                producer.send(record).map_err(|(error, _)| error)?;
            }
            producer.flush(TIMEOUT)?;
            Ok(producer.abort_transaction(TIMEOUT)?)
        };
        tokio::task::spawn_blocking(abort).await?
    }
}
