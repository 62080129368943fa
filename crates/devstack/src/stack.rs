//! Kafka and PostgreSQL together.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::files::{make_folder, write_secret};
use crate::kafka::Kafka;
use crate::postgres::Postgres;
use crate::process::{Lifetime, Server};

const TOPIC_PARTITIONS: i32 = 4;

/// Whose results: the samples of a demo are never among those of real websites.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dataset {
    /// Those of the person's own targets.
    Own,
    /// Those of the sample sites.
    Demo,
}

impl Dataset {
    /// The topic that they are in.
    pub fn topic(self) -> &'static str {
        match self {
            Self::Own => "websites-monitor",
            Self::Demo => "websites-monitor-demo",
        }
    }

    /// Where a monitor keeps those that are not in the topic yet.
    pub fn state(self, home: &Path) -> PathBuf {
        home.join("state").join(self.topic())
    }

    /// The database that they get to.
    pub fn database(self) -> &'static str {
        match self {
            Self::Own => "websites",
            Self::Demo => "websites_demo",
        }
    }
}

/// A Kafka and a PostgreSQL.
#[derive(Debug)]
pub struct Stack {
    /// The broker.
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

    /// Starts what does not run, waits until both answer, and makes the dataset's topic and database
    /// where they are missing.
    pub async fn start(&mut self, dataset: Dataset) -> Result<()> {
        tokio::try_join!(
            start_kafka(&mut self.kafka, dataset),
            start_postgres(&mut self.postgres, dataset)
        )?;
        Ok(())
    }

    /// Starts Kafka alone.
    pub async fn start_kafka(&mut self, dataset: Dataset) -> Result<()> {
        start_kafka(&mut self.kafka, dataset).await
    }

    /// Starts PostgreSQL alone.
    pub async fn start_postgres(&mut self, dataset: Dataset) -> Result<()> {
        start_postgres(&mut self.postgres, dataset).await
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

    /// The settings by which the services find a dataset.
    pub fn settings(&self, dataset: Dataset) -> [(&'static str, String); 4] {
        [
            ("BOOTSTRAP_SERVERS", self.kafka.bootstrap()),
            ("SECURITY_PROTOCOL", "PLAINTEXT".to_owned()),
            ("TOPIC_NAME", dataset.topic().to_owned()),
            ("PG_URI", self.postgres.uri_of(dataset.database())),
        ]
    }

    /// Where the data stays, in a phrase: PostgreSQL's may have had to go elsewhere.
    pub fn whereabouts(&self, home: &Path) -> String {
        let data = self.postgres.data();
        if data.starts_with(home) {
            home.display().to_string()
        } else {
            format!("{}, PostgreSQL's in {}", home.display(), data.display())
        }
    }

    /// Writes the settings of [`Dataset::Own`] to `home/env` as lines of `KEY=VALUE`, and returns that file's path.
    pub fn write_settings(&self, home: &Path) -> Result<PathBuf> {
        let lines = self
            .settings(Dataset::Own)
            .map(|(key, value)| format!("{key}={value}\n"))
            .concat();
        let (file, unfinished) = (home.join("env"), home.join("env.unfinished"));
        write_secret(&unfinished, &lines)?;
        fs::rename(&unfinished, &file).with_context(|| format!("naming {}", file.display()))?;
        Ok(file)
    }
}

async fn start_kafka(kafka: &mut Kafka, dataset: Dataset) -> Result<()> {
    kafka.start().await?;
    kafka.create_topic(dataset.topic(), TOPIC_PARTITIONS).await
}

async fn start_postgres(postgres: &mut Postgres, dataset: Dataset) -> Result<()> {
    postgres.start().await?;
    postgres.create_database_once(dataset.database()).await
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
