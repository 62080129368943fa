//! The servers and the consumers, all real, with a proxy between them, and what has been done to
//! them that the oracle must know.

mod database;
mod topic;

use std::{path::Path, time::Duration};

use anyhow::{Context, Result};
use devstack::{Kafka, KafkaOptions, Postgres, PostgresOptions, Proxied, Server};
use tokio::time::{Instant, sleep};

use crate::{
    consumer::Consumer, plan::Plan, proxy::Proxy, receiver::Receivers, stream::PARTITIONS,
};

pub(crate) use self::{database::Database, topic::Topic};

/// Consumers that always run; another one comes and goes.
const CONSUMERS: usize = 2;
const GROUP: &str = "torture";
const POLL: Duration = Duration::from_millis(50);
const UNTOLD_POLL: Duration = Duration::from_millis(500);

/// Everything that can be hurt.
pub(crate) struct World {
    pub(crate) consumers: Vec<Consumer>,
    /// Not running unless a fault starts it.
    pub(crate) guest: Consumer,
    pub(crate) kafka: Kafka,
    pub(crate) kafka_proxy: Proxy,
    pub(crate) postgres: Postgres,
    pub(crate) postgres_proxy: Proxy,
    pub(crate) topic: Topic,
    pub(crate) database: Database,
    pub(crate) receivers: Receivers,
    pub(crate) history: History,
}

/// What was done that changes what has to be stored.
#[derive(Debug, Default)]
pub(crate) struct History {
    /// Offsets whose records were removed before anybody read them: partition, first, end.
    pub(crate) lost: Vec<(i32, i64, i64)>,
    /// Offsets that were read again because the stored offset was set back.
    pub(crate) reread: Vec<(i32, i64, i64)>,
    /// Dead letters that were tried again.
    pub(crate) redriven: Redriven,
    /// What a consumer did that it must never do.
    pub(crate) wrongs: Vec<String>,
}

/// Dead letters that are none any more.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Redriven {
    /// That became rows.
    pub(crate) stored: i64,
    /// Whose check had its row.
    pub(crate) repeats: i64,
}

impl World {
    /// Starts everything.
    pub(crate) async fn start(plan: &Plan, folder: &Path) -> Result<Self> {
        let behind = devstack::free_port()?;
        let kafka_proxy = Proxy::start(behind).await?;
        let proxied = Some(Proxied {
            listen: behind,
            advertise: kafka_proxy.port,
        });
        let options = KafkaOptions {
            proxied,
            ..KafkaOptions::default()
        };
        let (kafka, (postgres, database)) =
            tokio::try_join!(Kafka::throwaway(options), start_postgres())?;
        let postgres_proxy = Proxy::start(database.port).await?;
        let topic = Topic {
            name: "torture".to_owned(),
            bootstrap: kafka.bootstrap(),
        };
        kafka.create_topic(&topic.name, PARTITIONS as i32).await?;
        topic.keep_for_ever().await?;
        let receivers = Receivers::start(folder, plan.seed).await?;
        let brokers = format!("127.0.0.1:{}", kafka_proxy.port);
        let always = [
            ("BOOTSTRAP_SERVERS", brokers),
            ("SECURITY_PROTOCOL", "PLAINTEXT".to_owned()),
            ("TOPIC_NAME", topic.name.clone()),
            ("PG_URI", database.uri_by(postgres_proxy.port)),
            ("CONSUMER_GROUP", GROUP.to_owned()),
            ("HTTP_LISTEN", "127.0.0.1:0".to_owned()),
            ("ALERTS_FILE", receivers.file.display().to_string()),
            ("ALERT_GROUP_WAIT", "1".to_owned()),
        ];
        let always = always.map(|(name, value)| (name.to_owned(), value));
        let variables = [&always, plan.settings.as_slice()].concat();
        let consumer = |name: &str| Consumer::new(&plan.consumer, folder, name, variables.clone());
        let mut consumers: Vec<_> = (1..=CONSUMERS)
            .map(|number| consumer(&format!("consumer-{number}")))
            .collect();
        for consumer in &mut consumers {
            consumer.start()?;
        }
        Ok(Self {
            consumers,
            guest: consumer("guest"),
            kafka,
            kafka_proxy,
            postgres,
            postgres_proxy,
            topic,
            database,
            receivers,
            history: History::default(),
        })
    }

    /// Notes consumers that ended by themselves, and starts them again.
    pub(crate) fn look_after_consumers(&mut self) -> Result<()> {
        for (consumer, number) in self.consumers.iter_mut().zip(1..) {
            if let Some(status) = consumer.ended() {
                let wrong = format!("consumer {number} ended by itself with {status}");
                self.history.wrongs.push(wrong);
                consumer.start()?;
            }
        }
        Ok(())
    }

    /// Waits until more is stored than `before`, or everything.
    pub(crate) async fn progress(&self, before: i64, wait: Duration) -> Result<()> {
        let deadline = Instant::now() + wait;
        while Instant::now() < deadline {
            let stored = self.database.stored().await.unwrap_or_default();
            let sum: i64 = stored.values().sum();
            if sum > before || stored == self.topic.ends().await.unwrap_or_default() {
                return Ok(());
            }
            sleep(POLL).await;
        }
        Ok(())
    }

    /// Waits until everything that is to be told now is told. `wait` begins anew with each step
    /// forward.
    pub(crate) async fn tell(&self, wait: Duration) -> Result<()> {
        self.receivers.heal();
        let mut left = self.database.untold().await?;
        let mut deadline = Instant::now() + wait;
        while left > 0 {
            sleep(UNTOLD_POLL).await;
            let now = self.database.untold().await?;
            if now < left {
                left = now;
                deadline = Instant::now() + wait;
            }
            if Instant::now() > deadline {
                anyhow::bail!("stuck: {left} are still to be told");
            }
        }
        Ok(())
    }

    /// Waits until everything in the topic is stored. `wait` begins anew with each step forward.
    pub(crate) async fn settle(&self, wait: Duration) -> Result<()> {
        let ends = self
            .topic
            .ends()
            .await
            .context("asking where the topic ends")?;
        let mut stored = self.database.stored().await.unwrap_or_default();
        let mut deadline = Instant::now() + wait;
        while stored != ends {
            sleep(POLL).await;
            let now = self.database.stored().await.unwrap_or_default();
            if now != stored {
                stored = now;
                deadline = Instant::now() + wait;
            }
            if Instant::now() > deadline {
                anyhow::bail!("stuck: {stored:?} is stored of {ends:?}");
            }
        }
        Ok(())
    }
}

/// A server that notes when each transaction was committed.
async fn start_postgres() -> Result<(Postgres, Database)> {
    let mut postgres = Postgres::throwaway(PostgresOptions::default()).await?;
    let database = Database::of(&postgres)?;
    database.keep_times_of_commits().await?;
    postgres.stop().await?;
    postgres.start().await?;
    Ok((postgres, database))
}
