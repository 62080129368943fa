//! The consumer as its user runs it, and what it costs.

use std::{
    env, fs,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use devstack::Server;
use tempfile::TempDir;

use crate::{
    Servers,
    database::Database,
    usage::{self, Family},
};

/// How often it is asked how much is stored, which the server pays for: seldom at first.
const POLL_INTERVAL: Duration = Duration::from_millis(20);
const POLL_SELDOM_INTERVAL: Duration = Duration::from_millis(100);
/// Long enough for any run: whoever waits longer, waits in vain.
const DRAIN_MAX: Duration = Duration::from_mins(10);
/// After a backlog, how long until memory is what an idle consumer has: the allocator gives back what
/// was not used for ten seconds.
const IDLE: Duration = Duration::from_secs(15);

/// A running consumer, killed when it is let go.
pub(crate) struct Consumer {
    process: Child,
    /// Where its pages are.
    address: String,
    /// Where it runs: an empty folder, so that no `.env` of a developer's gets in.
    _folder: TempDir,
}

/// Processor time of a consumer and its server, and when that was.
#[derive(Clone, Copy)]
pub(crate) struct Moment {
    at: Instant,
    consumer: Duration,
    postgres: Family,
}

/// What something cost.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cost {
    pub(crate) took: Duration,
    pub(crate) consumer: Duration,
    pub(crate) postgres: Duration,
    /// Of these, what PostgreSQL does beside its connections.
    pub(crate) helpers: Duration,
}

/// What a drained backlog cost.
pub(crate) struct Drained {
    /// Records that were stored meanwhile.
    pub(crate) records: i64,
    pub(crate) cost: Cost,
    /// MiB.
    pub(crate) memory_max: u64,
    pub(crate) memory_idle: u64,
}

impl Consumer {
    pub(crate) fn start(
        servers: &Servers,
        topic: &str,
        database: &Database,
    ) -> anyhow::Result<Self> {
        Self::start_with(servers, topic, database, "")
    }

    /// The same, with receivers as a file names them.
    pub(crate) fn start_with(
        servers: &Servers,
        topic: &str,
        database: &Database,
        receivers: &str,
    ) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let alerts = folder.path().join("alerts.toml");
        if !receivers.is_empty() {
            fs::write(&alerts, receivers)?;
        }
        let address = format!("127.0.0.1:{}", devstack::free_port()?);
        let here = env::current_exe()?;
        let programs = here.ancestors().nth(2).context("target/release/examples")?;
        let process = Command::new(programs.join("consumer"))
            .env_clear()
            .env("BOOTSTRAP_SERVERS", servers.kafka.bootstrap())
            .env("SECURITY_PROTOCOL", "PLAINTEXT")
            .env("TOPIC_NAME", topic)
            .env("PG_URI", database.uri())
            .env("HTTP_LISTEN", &address)
            .env("LOG_LEVEL", "WARNING")
            .env(
                "ALERTS_FILE",
                if receivers.is_empty() {
                    Path::new("")
                } else {
                    &alerts
                },
            )
            .env("ALERT_GROUP_WAIT", "5")
            .envs(servers.settings.iter().cloned())
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .spawn()
            .context("the consumer does not start: is it built with --release?")?;
        Ok(Self {
            process,
            address,
            _folder: folder,
        })
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    pub(crate) fn moment(&self, servers: &mut Servers) -> anyhow::Result<Moment> {
        let postgres = servers.postgres.pid().context("PostgreSQL is gone")?;
        Ok(Moment {
            at: Instant::now(),
            consumer: usage::of_process(self.pid())?,
            postgres: usage::of_family(postgres)?,
        })
    }

    /// Waits until so many records are stored. What it costs is counted from the first of them on.
    pub(crate) async fn drain(
        self,
        servers: &mut Servers,
        database: &Database,
        records: i64,
    ) -> anyhow::Result<Drained> {
        let deadline = Instant::now() + DRAIN_MAX;
        let mut began = None;
        loop {
            ensure!(Instant::now() < deadline, "the backlog is not drained");
            let stored = database.stored().await;
            if stored > 0 && began.is_none() {
                began = Some((stored, self.moment(servers)?));
            }
            if stored >= records {
                break;
            }
            let is_amid = stored > 0 && stored < records / 10 * 9;
            let pause = if is_amid {
                POLL_SELDOM_INTERVAL
            } else {
                POLL_INTERVAL
            };
            tokio::time::sleep(pause).await;
        }
        let ended = self.moment(servers)?;
        let (first, began) = began.context("something was stored")?;
        let memory_max = usage::memory(self.pid(), "VmHWM")?;
        tokio::time::sleep(IDLE).await;
        Ok(Drained {
            records: records - first,
            cost: ended.since(began),
            memory_max,
            memory_idle: usage::memory(self.pid(), "VmRSS")?,
        })
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        // It is gone already where it failed, which was said.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

impl Moment {
    pub(crate) fn since(self, before: Self) -> Cost {
        let postgres = self.postgres.since(before.postgres);
        Cost {
            took: self.at - before.at,
            consumer: self.consumer.saturating_sub(before.consumer),
            postgres: postgres.all,
            helpers: postgres.helpers,
        }
    }
}

impl Cost {
    pub(crate) fn rate(&self, rows: f64) -> f64 {
        rows / self.took.as_secs_f64()
    }

    /// Microseconds a row.
    pub(crate) fn each(time: Duration, rows: f64) -> f64 {
        time.as_secs_f64() * 1e6 / rows
    }
}
