//! Local Apache Kafka, PostgreSQL and sample sites, for `make run`, `make demo` and the tests.
//!
//! Each server is the real program, a process of its own session with a folder and ports of its
//! own, and is ready only when it has answered its own protocol. A test that breaks things starts
//! servers of its own:
//!
//! ```no_run
//! # async fn example() -> anyhow::Result<()> {
//! use devstack::{Kafka, KafkaOptions, Server};
//!
//! let mut kafka = Kafka::throwaway(KafkaOptions { tls: true, ..Default::default() }).await?;
//! kafka.create_topic("results", 4).await?;
//! kafka.kill().await?;
//! kafka.start().await?; // the same ports, the same records
//! # Ok(())
//! # }
//! ```

mod certificates;
mod checkout;
mod disk;
mod files;
mod inbox;
mod jars;
mod java;
mod kafka;
mod notice;
mod poll;
mod ports;
mod postgres;
mod process;
mod random;
mod registry;
mod sites;
mod stack;

pub use certificates::{Authority, ClientFiles, Identity};
pub use checkout::{home, root};
pub use disk::SmallDisk;
pub use inbox::{Answer, Inbox, Posted};
pub use jars::{KAFKA_VERSION, kafka_jars};
pub use kafka::{Kafka, KafkaOptions, Proxied, SaslListener, SaslUser};
pub use notice::say;
pub use ports::{free_port, is_free};
pub use postgres::{Postgres, PostgresOptions};
pub use process::{Daemon, Lifetime, Server, Watchdog, exit_code, in_new_session, send};
pub use registry::SchemaRegistry;
pub use sites::{Site, Sites};
pub use stack::{Dataset, Stack, lock};
