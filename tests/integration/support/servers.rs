//! The broker and the database server that tests share.

use std::{
    process,
    sync::atomic::{AtomicU32, Ordering},
};

use devstack::{Kafka, KafkaOptions, Postgres, PostgresOptions};
use tokio::sync::OnceCell;

/// A broker and a database server for every test that does not break them.
pub(crate) struct Servers {
    pub(crate) kafka: Kafka,
    pub(crate) postgres: Postgres,
}

static SHARED: OnceCell<Servers> = OnceCell::const_new();
static NAMES: AtomicU32 = AtomicU32::new(0);

/// The shared servers, started by the first test that asks. They end with this process.
pub(crate) async fn shared() -> &'static Servers {
    SHARED
        .get_or_init(|| async {
            let (kafka, postgres) = tokio::try_join!(
                Kafka::throwaway(KafkaOptions {
                    tls: true,
                    sasl: true,
                    ..Default::default()
                }),
                Postgres::throwaway(PostgresOptions {
                    tls: true,
                    ..Default::default()
                }),
            )
            .expect("the shared servers start");
            Servers { kafka, postgres }
        })
        .await
}

/// A name that no other test uses, for a topic or a database.
pub(crate) fn unique_name(purpose: &str) -> String {
    format!(
        "{purpose}_{}_{}",
        process::id(),
        NAMES.fetch_add(1, Ordering::Relaxed)
    )
}
