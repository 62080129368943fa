//! What the environment says, as the stages understand it.

use std::{net::SocketAddr, time::Duration};

use database::DatabaseSettings;
use notify::Receivers;
use service::{
    kafka::KafkaSettings,
    registry::RegistrySettings,
    settings::{Reader, Setting},
    traces::TraceSettings,
};
use status::StatusSettings;

use crate::{
    alerts::{AlertSettings, AlertTestSettings},
    batch::BatchSettings,
    incidents::Rules,
    retention::Retention,
    source::{OffsetReset, SourceSettings},
};

const CLIENT_ID: Setting = Setting::with_default(
    "CLIENT_ID",
    "MetricsConsumer1",
    "how this client names itself to Kafka",
);
const CONSUMER_GROUP: Setting = Setting::with_default(
    "CONSUMER_GROUP",
    "MetricsCG",
    "the group whose members share the topic's partitions",
);
const AUTO_OFFSET_RESET: Setting = Setting::with_default(
    "AUTO_OFFSET_RESET",
    "earliest",
    "where a partition begins of which nothing is known: earliest or latest",
);
const DROP_MESSAGES_IF_ABORT: Setting = Setting::with_default(
    "DROP_MESSAGES_IF_ABORT",
    "0",
    "1 to let go what is queued on SIGTERM; the next start reads it again",
);
const DRAIN_TIMEOUT: Setting = Setting::with_default(
    "DRAIN_TIMEOUT",
    "25",
    "seconds from SIGTERM until what is unfinished is given up",
);
const WORKERS: Setting = Setting::with_default(
    "WORKERS",
    "4",
    "batches that are decoded and written at the same time",
);
const BATCH_ROWS_MAX: Setting =
    Setting::with_default("BATCH_ROWS_MAX", "10000", "records in one transaction");
const RETENTION_DAYS: Setting = Setting::with_default(
    "RETENTION_DAYS",
    "0",
    "days for which rows are kept; 0 for ever",
);
const HOURS_RETENTION_DAYS: Setting = Setting::with_default(
    "HOURS_RETENTION_DAYS",
    "0",
    "days for which roll-ups of hours are kept, those of days stay; 0 for ever",
);
const DEAD_LETTERS_RETENTION_DAYS: Setting = Setting::with_default(
    "DEAD_LETTERS_RETENTION_DAYS",
    "365",
    "days for which dead letters are kept; 0 for ever",
);
const ALERTS_RETENTION_DAYS: Setting = Setting::with_default(
    "ALERTS_RETENTION_DAYS",
    "365",
    "days for which alerts are kept, from when what they tell is over; incidents stay; 0 for ever",
);
const DOWN_AFTER: Setting = Setting::with_default(
    "DOWN_AFTER",
    "2",
    "failed checks in a row until a website is down, where its target does not say",
);
const UP_AFTER: Setting = Setting::with_default(
    "UP_AFTER",
    "1",
    "good checks in a row until it is up again, where its target does not say",
);
const HTTP_LISTEN: Setting = Setting::with_default(
    "HTTP_LISTEN",
    "127.0.0.1:8080",
    "where the status page, /healthz, /readyz, /metrics and /probes are served",
);

/// Connections beside the workers': the keeper's, and those that read offsets for new partitions.
const CONNECTIONS_BESIDE_WORKERS: usize = 3;
/// What PostgreSQL is to think of us.
const APPLICATION_NAME: &str = concat!("websites-monitor consumer/", env!("CARGO_PKG_VERSION"));
/// With the few connections beside the workers', the pool stays below 20.
const WORKERS_MAX: u64 = 16;
/// Larger transactions are no faster, and memory grows with them.
const BATCH_ROWS_LIMIT: u64 = 10_000;
/// A century.
const RETENTION_DAYS_LIMIT: u64 = 36_500;
/// Whoever wants more checks than that to fail wants no incidents.
const CHECKS_IN_A_ROW_MAX: u64 = 1000;

/// Everything that the service needs to know.
#[derive(Debug)]
pub struct Settings {
    /// Where Kafka is, and the topic.
    pub kafka: KafkaSettings,
    /// Where the schemas of Avro records are.
    pub registry: Option<RegistrySettings>,
    /// Whom traces are told.
    pub traces: Option<TraceSettings>,
    /// How the topic is read.
    pub source: SourceSettings,
    /// How large batches get.
    pub batch: BatchSettings,
    /// Where rows go.
    pub database: DatabaseSettings,
    /// How many batches are decoded and written at the same time.
    pub workers: usize,
    /// How long things stay in the database.
    pub retention: Retention,
    /// When a website is down, and who is told.
    pub rules: Rules,
    /// Let go what is queued when told to stop.
    pub drop_on_stop: bool,
    /// Who is told of incidents, and how.
    pub alerts: AlertSettings,
    /// From the order to stop until everything is given up.
    pub drain_timeout: Duration,
    /// Where HTTP is served.
    pub http_address: SocketAddr,
    /// What the status page shows.
    pub status: StatusSettings,
}

/// What `consumer migrate` needs to know.
#[derive(Debug)]
pub struct MigrateSettings {
    /// The database.
    pub database: DatabaseSettings,
}

/// What `consumer redrive` needs to know.
#[derive(Debug)]
pub struct RedriveSettings {
    /// The database.
    pub database: DatabaseSettings,
    /// When a website is down: a letter may hold a result that decides it.
    pub rules: Rules,
    /// Where the schemas of Avro records are.
    pub registry: Option<RegistrySettings>,
}

impl RedriveSettings {
    /// Reads the settings.
    pub fn read(reader: &mut Reader) -> Self {
        let AlertTestSettings { receivers } = AlertTestSettings::read(reader);
        Self {
            database: read_database(reader, 0),
            rules: read_rules(reader, &receivers),
            registry: RegistrySettings::read(reader),
        }
    }
}

impl Settings {
    /// Reads the settings, and checks the files that they name.
    pub fn read(reader: &mut Reader) -> Self {
        let kafka = KafkaSettings::read(reader);
        let workers = read_count(reader, &WORKERS, WORKERS_MAX);
        let resets = [
            ("earliest", OffsetReset::Earliest),
            ("latest", OffsetReset::Latest),
        ];
        let source = SourceSettings {
            client_id: reader.name(&CLIENT_ID),
            group: reader.name(&CONSUMER_GROUP),
            topic: kafka.topic.clone(),
            reset: reader.choice(&AUTO_OFFSET_RESET, &resets),
        };
        let alerts = AlertSettings::read(reader);
        Self {
            source,
            registry: RegistrySettings::read(reader),
            traces: TraceSettings::read(reader),
            batch: BatchSettings {
                rows_max: read_count(reader, &BATCH_ROWS_MAX, BATCH_ROWS_LIMIT),
            },
            database: read_database(reader, workers),
            workers,
            retention: Retention {
                rows_days: read_days(reader, &RETENTION_DAYS),
                hours_days: read_days(reader, &HOURS_RETENTION_DAYS),
                letters_days: read_days(reader, &DEAD_LETTERS_RETENTION_DAYS),
                told_days: read_days(reader, &ALERTS_RETENTION_DAYS),
            },
            rules: read_rules(reader, &alerts.receivers),
            alerts,
            drop_on_stop: reader.flag(&DROP_MESSAGES_IF_ABORT),
            drain_timeout: reader.seconds(&DRAIN_TIMEOUT),
            http_address: read_http_address(reader),
            status: StatusSettings::read(reader),
            kafka,
        }
    }
}

impl MigrateSettings {
    /// Reads the settings.
    pub fn read(reader: &mut Reader) -> Self {
        Self {
            database: read_database(reader, 0),
        }
    }
}

/// Where HTTP is served: all that `consumer healthcheck` needs to know.
pub fn read_http_address(reader: &mut Reader) -> SocketAddr {
    reader.address(&HTTP_LISTEN)
}

fn read_database(reader: &mut Reader, workers: usize) -> DatabaseSettings {
    let connections_max = workers + CONNECTIONS_BESIDE_WORKERS;
    DatabaseSettings::read(reader, connections_max, APPLICATION_NAME)
}

fn read_count(reader: &mut Reader, setting: &Setting, max: u64) -> usize {
    let count = reader.count(setting, 1..=max);
    // The bounds above are far below usize's.
    usize::try_from(count).unwrap_or(usize::MAX)
}

fn read_rules(reader: &mut Reader, receivers: &Receivers) -> Rules {
    let mut in_a_row = |setting| {
        let checks = reader.count(setting, 1..=CHECKS_IN_A_ROW_MAX);
        // The limit is far below u32's.
        u32::try_from(checks).unwrap_or(u32::MAX)
    };
    Rules {
        down_after: in_a_row(&DOWN_AFTER),
        up_after: in_a_row(&UP_AFTER),
        receivers: receivers.names().into(),
        defaults: receivers.default_names().into(),
    }
}

fn read_days(reader: &mut Reader, setting: &Setting) -> u16 {
    let days = reader.count(setting, 0..=RETENTION_DAYS_LIMIT);
    // The limit is far below u16's.
    u16::try_from(days).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests;
