//! Kafka and PostgreSQL together.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::files::{make_folder, write_secret};
use crate::kafka::Kafka;
use crate::postgres::Postgres;
use crate::process::{Lifetime, Server};

/// The topic of the local stack, and its partitions.
pub const TOPIC: &str = "websites-monitor";
const TOPIC_PARTITIONS: i32 = 4;

/// A Kafka and a PostgreSQL.
#[derive(Debug)]
pub struct Stack {
    /// The broker, in which the topic [`TOPIC`] is made ahead.
    pub kafka: Kafka,
    /// The database.
    pub postgres: Postgres,
}

impl Stack {
    /// The one whose data is kept in `home`, running already or not yet.
    pub fn in_home(home: &Path, lifetime: Lifetime) -> Result<Self> {
        Ok(Self {
            kafka: Kafka::in_folder(&home.join("kafka"), lifetime)?,
            postgres: Postgres::in_folder(&home.join("postgres"), lifetime)?,
        })
    }

    /// Starts what does not run and waits until both answer.
    pub async fn start(&mut self) -> Result<()> {
        tokio::try_join!(self.kafka.start(), self.postgres.start())?;
        self.kafka.create_topic(TOPIC, TOPIC_PARTITIONS).await
    }

    /// Stops both in good order. Stopping twice is fine.
    pub async fn stop(&mut self) -> Result<()> {
        // The second is stopped also when the first could not be.
        let (kafka, postgres) = tokio::join!(self.kafka.stop(), self.postgres.stop());
        kafka.and(postgres)
    }

    /// Whether both processes are there.
    pub fn is_running(&mut self) -> bool {
        self.kafka.is_running() && self.postgres.is_running()
    }

    /// The settings by which the services find them.
    pub fn settings(&self) -> [(&'static str, String); 4] {
        [
            ("BOOTSTRAP_SERVERS", self.kafka.bootstrap()),
            ("SECURITY_PROTOCOL", "PLAINTEXT".to_owned()),
            ("TOPIC_NAME", TOPIC.to_owned()),
            ("PG_URI", self.postgres.uri()),
        ]
    }

    /// Writes the settings to `home/env` as lines of `KEY=VALUE`, and returns that file's path.
    pub fn write_settings(&self, home: &Path) -> Result<PathBuf> {
        let lines = self
            .settings()
            .map(|(key, value)| format!("{key}={value}\n"))
            .concat();
        let (file, unfinished) = (home.join("env"), home.join("env.unfinished"));
        write_secret(&unfinished, &lines)?;
        fs::rename(&unfinished, &file).with_context(|| format!("naming {}", file.display()))?;
        Ok(file)
    }
}

/// Keeps other commands from starting or stopping the same stack meanwhile. It is released when
/// the returned file is dropped.
pub async fn lock(home: &Path) -> Result<File> {
    make_folder(home)?;
    let path = home.join("lock");
    tokio::task::spawn_blocking(move || {
        let file = File::create(&path).with_context(|| format!("opening {}", path.display()))?;
        file.lock()
            .with_context(|| format!("locking {}", path.display()))?;
        Ok(file)
    })
    .await
    .context("waiting for the lock of the local stack")?
}
