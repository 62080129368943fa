//! What the cases share.

use std::{fmt::Write, time::Duration};

use anyhow::Result;
use devstack::{Kafka, KafkaOptions};
use tempfile::TempDir;

use crate::{
    records::{self, Record},
    service::{Monitor, MonitorSettings},
    site::Sites,
};

/// What is sought in every page, and stands near its end.
const PATTERN: &str = r"all systems \w+";

/// A Kafka, and a folder for what the sites show.
pub(crate) struct Bench {
    kafka: Kafka,
    pub(crate) folder: TempDir,
}

impl Bench {
    /// Starts what all cases need.
    pub(crate) async fn start() -> Result<Self> {
        Ok(Self {
            kafka: Kafka::throwaway(KafkaOptions::default()).await?,
            folder: tempfile::Builder::new().prefix("bench-").tempdir()?,
        })
    }

    /// Sites, as often as wanted.
    pub(crate) async fn sites(&self) -> Result<Sites> {
        Sites::start(self.folder.path()).await
    }

    /// A monitor of these targets.
    pub(crate) async fn monitor(
        &self,
        sites: &Sites,
        topic: &str,
        targets: &str,
        interval: Duration,
    ) -> Result<Monitor> {
        self.monitor_with(&MonitorSettings {
            bootstrap: &self.bootstrap(),
            topic,
            ca_file: &sites.ca_file,
            targets,
            interval,
            resolv_conf: None,
        })
        .await
    }

    /// A monitor with these settings, and its topic.
    pub(crate) async fn monitor_with(&self, settings: &MonitorSettings<'_>) -> Result<Monitor> {
        self.kafka.create_topic(settings.topic, 4).await?;
        Monitor::start(settings)
    }

    /// Where Kafka is.
    pub(crate) fn bootstrap(&self) -> String {
        self.kafka.bootstrap()
    }

    /// What came of it.
    pub(crate) async fn records(&self, topic: &str) -> Result<Vec<Record>> {
        let (bootstrap, topic) = (self.kafka.bootstrap(), topic.to_owned());
        tokio::task::spawn_blocking(move || records::read(&bootstrap, &topic)).await?
    }
}

/// A targets file of these urls, each with a pattern that its page holds.
pub(crate) fn targets(urls: &[String]) -> Result<String> {
    let mut text = String::from("url,regexp\n");
    for url in urls {
        writeln!(text, "{url},{PATTERN}")?;
    }
    Ok(text)
}
