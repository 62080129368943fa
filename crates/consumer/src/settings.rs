//! What the environment says, as the stages understand it.

mod uri;

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use secrecy::{ExposeSecret, SecretString};
use service::{
    kafka::{self, KafkaSettings},
    settings::{Reader, Setting},
    telemetry::{self, LogSettings},
};

use crate::{
    batch::BatchSettings,
    source::{OffsetReset, SourceSettings},
    store::{Roots, StoreSettings, TlsSettings, Verification},
};

const PG_URI: Setting = Setting::required(
    "PG_URI",
    "the database: postgres://user:password@host:port/database?sslmode=…",
);
const PG_SSL_CAFILE: Setting = Setting::optional(
    "PG_SSL_CAFILE",
    "the authority that signed PostgreSQL's certificate, PEM; PG_URI's sslrootcert comes first",
);
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
    Setting::with_default("BATCH_ROWS_MAX", "500", "records in one transaction");
const HTTP_LISTEN: Setting = Setting::with_default(
    "HTTP_LISTEN",
    "127.0.0.1:8080",
    "where /healthz, /readyz and /metrics are served",
);

/// The settings read here.
const SETTINGS: &[Setting] = &[
    PG_URI,
    PG_SSL_CAFILE,
    CLIENT_ID,
    CONSUMER_GROUP,
    AUTO_OFFSET_RESET,
    DROP_MESSAGES_IF_ABORT,
    DRAIN_TIMEOUT,
    WORKERS,
    BATCH_ROWS_MAX,
    HTTP_LISTEN,
];

/// With the few connections beside the workers', the pool stays below 20.
const WORKERS_MAX: u64 = 16;
/// Larger transactions are no faster, and memory grows with them.
const BATCH_ROWS_LIMIT: u64 = 10_000;
/// The longest name of a group or a client: Kafka's own limit on a string.
const NAME_BYTES_MAX: usize = 255;

/// Everything that the service needs to know.
#[derive(Debug)]
pub struct Settings {
    /// How the log is written.
    pub log: LogSettings,
    /// Where Kafka is, and the topic.
    pub kafka: KafkaSettings,
    /// How the topic is read.
    pub source: SourceSettings,
    /// How large batches get.
    pub batch: BatchSettings,
    /// Where rows go.
    pub store: StoreSettings,
    /// How many batches are decoded and written at the same time.
    pub workers: usize,
    /// Let go what is queued when told to stop.
    pub drop_on_stop: bool,
    /// From the order to stop until everything is given up.
    pub drain_timeout: Duration,
    /// Where HTTP is served.
    pub http_address: SocketAddr,
}

/// What `consumer migrate` needs to know.
#[derive(Debug)]
pub struct MigrateSettings {
    /// How the log is written.
    pub log: LogSettings,
    /// The database.
    pub store: StoreSettings,
}

/// Every setting, for `--help`.
pub fn help() -> String {
    service::settings::help(&[kafka::SETTINGS, SETTINGS, telemetry::SETTINGS])
}

impl Settings {
    /// Reads the settings, and checks the files that they name.
    pub fn read(reader: &mut Reader) -> Self {
        let log = LogSettings::read(reader);
        let kafka = KafkaSettings::read(reader);
        let workers = read_count(reader, &WORKERS, WORKERS_MAX);
        let group = read_name(reader, &CONSUMER_GROUP);
        let source = SourceSettings {
            client_id: read_name(reader, &CLIENT_ID),
            group: group.clone(),
            topic: kafka.topic.clone(),
            reset: reader.choice(
                &AUTO_OFFSET_RESET,
                &[
                    ("earliest", OffsetReset::Earliest),
                    ("latest", OffsetReset::Latest),
                ],
            ),
        };
        Self {
            log,
            source,
            batch: BatchSettings {
                rows_max: read_count(reader, &BATCH_ROWS_MAX, BATCH_ROWS_LIMIT),
            },
            store: read_store(reader, workers),
            workers,
            drop_on_stop: reader.flag(&DROP_MESSAGES_IF_ABORT),
            drain_timeout: reader.seconds(&DRAIN_TIMEOUT),
            http_address: read_http_address(reader),
            kafka,
        }
    }
}

impl MigrateSettings {
    /// Reads the settings.
    pub fn read(reader: &mut Reader) -> Self {
        Self {
            log: LogSettings::read(reader),
            store: read_store(reader, 0),
        }
    }
}

/// Where HTTP is served: all that `consumer healthcheck` needs to know.
pub fn read_http_address(reader: &mut Reader) -> SocketAddr {
    reader.address(&HTTP_LISTEN)
}

fn read_count(reader: &mut Reader, setting: &Setting, max: u64) -> usize {
    let count = reader.count(setting, 1..=max);
    // The bounds above are far below usize's.
    usize::try_from(count).unwrap_or(usize::MAX)
}

fn read_name(reader: &mut Reader, setting: &Setting) -> String {
    let name = reader.text(setting);
    if name.len() > NAME_BYTES_MAX || name.contains(char::is_control) {
        reader.problem(
            setting,
            format_args!("is not a name of at most {NAME_BYTES_MAX} bytes"),
        );
    }
    name
}

fn read_store(reader: &mut Reader, workers: usize) -> StoreSettings {
    let uri: SecretString = reader.secret(&PG_URI);
    let authority = reader.optional_text(&PG_SSL_CAFILE).map(PathBuf::from);
    let (connection, tls) = match uri::parse(uri.expose_secret()) {
        Ok(parsed) => {
            let tls = read_tls(reader, &parsed, authority);
            (parsed.config, tls)
        }
        // An absent one was reported as missing.
        Err(_) if uri.expose_secret().is_empty() => Default::default(),
        Err(problem) => {
            reader.problem(&PG_URI, problem);
            Default::default()
        }
    };
    StoreSettings {
        connection,
        tls,
        workers,
    }
}

/// What libpq makes of `sslmode` and `sslrootcert` together.
fn read_tls(reader: &mut Reader, uri: &uri::Parsed, authority: Option<PathBuf>) -> TlsSettings {
    let (setting, root) = match (&uri.root, authority) {
        (Some(root), _) => (&PG_URI, Some(root.clone())),
        (None, Some(path)) => (&PG_SSL_CAFILE, Some(path.into_os_string())),
        (None, None) => (&PG_URI, None),
    };
    let system = root.as_deref().is_some_and(|root| root == "system");
    let mode = match (uri.mode, system) {
        (Some(mode), false) => mode,
        (None, false) => uri::Mode::Prefer,
        (None | Some(uri::Mode::VerifyFull), true) => uri::Mode::VerifyFull,
        (Some(_), true) => {
            reader.problem(setting, "sslrootcert=system needs sslmode=verify-full");
            uri::Mode::VerifyFull
        }
    };
    let verification = match (mode, &root) {
        (uri::Mode::Disable, _) => return TlsSettings::Off,
        (uri::Mode::VerifyFull, _) => Verification::ChainAndName,
        (uri::Mode::VerifyCa, _) | (uri::Mode::Prefer | uri::Mode::Require, Some(_)) => {
            Verification::Chain
        }
        (uri::Mode::Prefer | uri::Mode::Require, None) => Verification::Nothing,
    };
    let roots = match root.filter(|_| !system).map(PathBuf::from) {
        None => Roots::System,
        Some(path) => match service::certificates::read_authorities(&path) {
            Ok(_) => Roots::File(path),
            Err(problem) => {
                reader.problem(setting, problem);
                Roots::System
            }
        },
    };
    TlsSettings::On {
        required: mode != uri::Mode::Prefer,
        verification,
        roots,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Settings, Vec<String>> {
        let mut pairs = pairs.to_vec();
        pairs.extend([("TOPIC_NAME", "checks"), ("SECURITY_PROTOCOL", "PLAINTEXT")]);
        let mut reader = Reader::from_pairs(&pairs);
        let settings = Settings::read(&mut reader);
        reader
            .finish(settings)
            .map_err(|invalid| invalid.problems().to_vec())
    }

    fn tls(uri: &str) -> TlsSettings {
        read(&[("PG_URI", uri)]).unwrap().store.tls
    }

    #[test]
    fn defaults_are_the_originals() {
        let settings = read(&[("PG_URI", "postgres://u:p@h/d")]).unwrap();
        assert_eq!(settings.source.client_id, "MetricsConsumer1");
        assert_eq!(settings.source.group, "MetricsCG");
        assert_eq!(settings.source.reset, OffsetReset::Earliest);
        assert!(!settings.drop_on_stop);
        assert_eq!(settings.drain_timeout, Duration::from_secs(25));
    }

    #[test]
    fn sslmode_means_what_it_means_to_libpq() {
        let on = |required, verification| TlsSettings::On {
            required,
            verification,
            roots: Roots::System,
        };
        let uri = |mode: &str| format!("postgres://u:p@h/d?sslmode={mode}");
        assert_eq!(tls("postgres://u:p@h/d"), on(false, Verification::Nothing));
        assert_eq!(tls(&uri("disable")), TlsSettings::Off);
        assert_eq!(tls(&uri("require")), on(true, Verification::Nothing));
        assert_eq!(tls(&uri("verify-ca")), on(true, Verification::Chain));
        assert_eq!(
            tls(&uri("verify-full")),
            on(true, Verification::ChainAndName)
        );
        assert_eq!(
            tls("postgres://u:p@h/d?sslrootcert=system"),
            on(true, Verification::ChainAndName)
        );
        assert!(
            read(&[(
                "PG_URI",
                "postgres://h/d?sslmode=require&sslrootcert=system"
            )])
            .is_err()
        );
    }

    #[test]
    fn require_with_an_authority_verifies_the_chain() {
        let pair = rcgen::generate_simple_self_signed(["h".to_owned()]).unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), pair.cert.pem()).unwrap();
        let path = file.path().to_str().unwrap();
        let expected = TlsSettings::On {
            required: true,
            verification: Verification::Chain,
            roots: Roots::File(path.into()),
        };
        let uri = "postgres://u:p@h/d?sslmode=require";
        assert_eq!(tls(&format!("{uri}&sslrootcert={path}")), expected);
        let settings = read(&[("PG_URI", uri), ("PG_SSL_CAFILE", path)]).unwrap();
        assert_eq!(settings.store.tls, expected);
    }

    #[test]
    fn a_missing_authority_and_every_other_problem_are_named_at_once() {
        let problems = read(&[
            ("PG_URI", "postgres://u:p@h/d"),
            ("PG_SSL_CAFILE", "/nonexistent/ca.pem"),
            ("WORKERS", "17"),
            ("AUTO_OFFSET_RESET", "none"),
        ])
        .unwrap_err();
        assert_eq!(problems.len(), 3, "{problems:?}");
        assert!(
            problems
                .iter()
                .any(|it| it.starts_with("PG_SSL_CAFILE: cannot read"))
        );
        assert!(read(&[]).unwrap_err()[0].starts_with("PG_URI: is not set"));
    }
}
