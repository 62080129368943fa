//! What the environment says, as the stages understand it.

mod encoding;
mod fleet;
mod probing;
mod sizes;
mod tracing;

use std::{net::SocketAddr, time::Duration};

use service::{
    kafka::KafkaSettings,
    settings::{Reader, Setting, Variables},
    traces::TraceSettings,
};

use self::{
    encoding::read_registry, fleet::read_fleet, probing::read_prober, sizes::read_size,
    tracing::read_sampling,
};
use crate::{
    fleet::{FleetSettings, PublishTargetsSettings},
    prober::ProberSettings,
    publish::{PublishSettings, Sampling},
    state::StateSettings,
    targets::{Format, TargetsSettings},
};

const URLS_PROVIDER_TYPE: Setting = Setting::with_default(
    "URLS_PROVIDER_TYPE",
    "CsvUrlsProvider",
    "where targets come from: CsvUrlsProvider or JsonUrlsProvider, a file; KafkaUrlsProvider, a topic",
);
const URLS_FILE: Setting = Setting::optional(
    "URLS_FILE",
    "the targets file; data/urls.csv or data/urls.json, by its format, when unset; what `monitor targets publish` writes into the topic",
);
const INTERVAL: Setting = Setting::with_default(
    "WEBSITES_CHECK_INTERVAL",
    "60",
    "seconds from one check of a target to the next",
);
const LOCATION: Setting = Setting::with_default(
    "MONITOR_LOCATION",
    "default",
    "which monitor this is, as its results say",
);
const RESULTS_WAITING_MAX: Setting = Setting::with_default(
    "RESULTS_WAITING_MAX",
    "10000",
    "results that may wait in memory while Kafka is away",
);
const STATE_DIR: Setting = Setting::with_default(
    "STATE_DIR",
    "state",
    "the folder, of one monitor alone, of what must outlive a crash: results that Kafka does not take",
);
const SPOOL_DIR: Setting = Setting::optional("SPOOL_DIR", "another name for STATE_DIR");
const SPOOL_BYTES_MAX: Setting = Setting::with_default(
    "SPOOL_BYTES_MAX",
    "1073741824",
    "bytes that results on disk may take; beyond, the oldest give way",
);
const MISSED_BACKFILL_MAX: Setting = Setting::with_default(
    "MISSED_BACKFILL_MAX",
    "100000",
    "checks that were due without a monitor and are told as missed at the next start",
);
const DRAIN_TIMEOUT: Setting = Setting::with_default(
    "DRAIN_TIMEOUT",
    "8",
    "seconds from SIGTERM until what is unfinished is given up",
);
const HTTP_LISTEN: Setting = Setting::with_default(
    "HTTP_LISTEN",
    "127.0.0.1:8081",
    "where /healthz, /readyz, /metrics and /probes are served",
);

const RESULTS_WAITING_LIMIT: u64 = 10_000_000;
/// Less would not hold what Kafka has at the same time.
const SPOOL_BYTES_LEAST: u64 = 4 * 1024 * 1024;
const SPOOL_BYTES_LIMIT: u64 = 1 << 40;
const MISSED_BACKFILL_LIMIT: u64 = 10_000_000;

/// Everything that the service needs to know.
#[derive(Debug)]
pub struct Settings {
    /// Where Kafka is, and the topic.
    pub kafka: KafkaSettings,
    /// What is checked, and how often.
    pub targets: TargetsSettings,
    /// The topic of targets, where they do not come from a file.
    pub fleet: Option<FleetSettings>,
    /// How probes are made.
    pub prober: ProberSettings,
    /// How results are published.
    pub publish: PublishSettings,
    /// How state is kept.
    pub state: StateSettings,
    /// Whom traces are told.
    pub traces: Option<TraceSettings>,
    /// Of which checks.
    pub sampling: Sampling,
    /// Where HTTP is served.
    pub http_address: SocketAddr,
    /// From the order to stop until everything is given up.
    pub drain_timeout: Duration,
}

/// Where the running service serves HTTP.
pub fn read_http_address(reader: &mut Reader) -> SocketAddr {
    reader.address(&HTTP_LISTEN)
}

impl Settings {
    /// Reads all settings; what is wrong with them, the reader remembers.
    pub fn read(reader: &mut Reader) -> Self {
        let kafka = KafkaSettings::read(reader);
        let (targets, fleet) = read_provider(reader);
        Self {
            kafka,
            targets,
            fleet,
            prober: read_prober(reader),
            publish: PublishSettings {
                results_waiting_max: read_size(reader, &RESULTS_WAITING_MAX, RESULTS_WAITING_LIMIT),
                registry: read_registry(reader),
            },
            state: read_state(reader),
            traces: TraceSettings::read(reader),
            sampling: read_sampling(reader),
            http_address: read_http_address(reader),
            drain_timeout: reader.seconds(&DRAIN_TIMEOUT),
        }
    }
}

/// Everything that one check made by hand needs to know.
#[derive(Debug)]
pub struct CheckSettings {
    /// From one check to the next, as the record says it.
    pub interval: Duration,
    /// Which monitor looks.
    pub location: String,
    /// What the options may name as `${NAME}`.
    pub variables: Variables,
    /// How probes are made.
    pub prober: ProberSettings,
}

impl CheckSettings {
    /// Reads them; what is wrong with them, the reader remembers.
    pub fn read(reader: &mut Reader) -> Self {
        Self {
            interval: reader.seconds(&INTERVAL),
            location: reader.name(&LOCATION),
            variables: reader.variables(),
            prober: read_prober(reader),
        }
    }
}

/// Where targets come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ProviderType {
    Csv,
    Json,
    Kafka,
}

/// What `monitor targets` needs to know: what is checked, and how often.
#[derive(Debug)]
pub struct ListingSettings {
    /// The file, and what holds for all targets.
    pub targets: TargetsSettings,
    /// The topic of targets, where they do not come from a file, and where that is.
    pub topic: Option<(FleetSettings, KafkaSettings)>,
}

impl ListingSettings {
    /// Reads them; what is wrong with them, the reader remembers.
    pub fn read(reader: &mut Reader) -> Self {
        let (targets, fleet) = read_provider(reader);
        Self {
            targets,
            topic: fleet.map(|fleet| (fleet, KafkaSettings::read(reader))),
        }
    }
}

/// Reads what `monitor targets publish` needs to know.
pub fn read_publish_targets(reader: &mut Reader) -> PublishTargetsSettings {
    let (_, targets) = read_targets(reader);
    PublishTargetsSettings {
        targets,
        fleet: read_fleet(reader, true),
        kafka: KafkaSettings::read(reader),
    }
}

/// Reads what is checked, and how often; and where that comes from, unless it is a file.
fn read_provider(reader: &mut Reader) -> (TargetsSettings, Option<FleetSettings>) {
    let (provider, targets) = read_targets(reader);
    let is_topic = provider == ProviderType::Kafka;
    let fleet = read_fleet(reader, is_topic);
    (targets, is_topic.then_some(fleet))
}

/// Reads what is checked, and how often.
fn read_targets(reader: &mut Reader) -> (ProviderType, TargetsSettings) {
    let provider = reader.choice(
        &URLS_PROVIDER_TYPE,
        &[
            ("CsvUrlsProvider", ProviderType::Csv),
            ("JsonUrlsProvider", ProviderType::Json),
            ("KafkaUrlsProvider", ProviderType::Kafka),
        ],
    );
    let file = reader.optional_text(&URLS_FILE);
    let ends_in_json = |file: &String| file.to_lowercase().ends_with(".json");
    let format = match provider {
        ProviderType::Json => Format::Json,
        ProviderType::Kafka if file.as_ref().is_some_and(ends_in_json) => Format::Json,
        ProviderType::Csv | ProviderType::Kafka => Format::Csv,
    };
    let default_file = match format {
        Format::Csv => "data/urls.csv",
        Format::Json => "data/urls.json",
    };
    let targets = TargetsSettings {
        file: file.unwrap_or_else(|| default_file.into()).into(),
        format,
        interval: reader.seconds(&INTERVAL),
        location: reader.name(&LOCATION),
        variables: reader.variables(),
    };
    (provider, targets)
}

fn read_state(reader: &mut Reader) -> StateSettings {
    let folder = reader.text(&STATE_DIR);
    let folder = reader.optional_text(&SPOOL_DIR).unwrap_or(folder);
    let spool_bytes_max = reader.count(&SPOOL_BYTES_MAX, SPOOL_BYTES_LEAST..=SPOOL_BYTES_LIMIT);
    let backfill_max = reader.count(&MISSED_BACKFILL_MAX, 0..=MISSED_BACKFILL_LIMIT);
    StateSettings {
        folder: folder.into(),
        spool_bytes_max,
        backfill_max: usize::try_from(backfill_max).unwrap_or(usize::MAX),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Settings, service::settings::InvalidSettings> {
        let mut reader = Reader::from_pairs(pairs);
        let settings = Settings::read(&mut reader);
        reader.finish(settings)
    }

    #[test]
    fn the_defaults_are_those_of_the_documentation() {
        let settings =
            read(&[("TOPIC_NAME", "checks"), ("SECURITY_PROTOCOL", "PLAINTEXT")]).unwrap();
        assert_eq!(settings.targets.file, PathBuf::from("data/urls.csv"));
        assert_eq!(settings.targets.interval, Duration::from_mins(1));
        assert_eq!(settings.prober.probe.redirects_max, None);
        assert_eq!(settings.prober.probe.body_bytes_max, 1024 * 1024);
        assert!(settings.prober.probes_max >= 256);
        assert_eq!(settings.drain_timeout, Duration::from_secs(8));
    }

    #[test]
    fn the_format_decides_on_the_default_file() {
        let mut reader = Reader::from_pairs(&[("URLS_PROVIDER_TYPE", "JsonUrlsProvider")]);
        let (_, targets) = read_targets(&mut reader);
        assert_eq!(targets.file, PathBuf::from("data/urls.json"));
        assert_eq!(targets.format, Format::Json);
    }

    #[test]
    fn only_those_who_read_the_topic_share_it() {
        let kafka = ("URLS_PROVIDER_TYPE", "KafkaUrlsProvider");
        let with = |more: &[(&str, &str)]| read(&[&PLAINTEXT, more].concat());
        assert!(with(&[]).unwrap().fleet.is_none());
        let fleet = with(&[kafka]).unwrap().fleet.unwrap();
        assert_eq!((&*fleet.topic, fleet.partitions), ("targets", 60));
        assert_eq!(fleet.group, None);
        let group = ("MONITOR_GROUP", "eu");
        let fleet = with(&[kafka, group]).unwrap().fleet.unwrap();
        assert_eq!(fleet.group.as_deref(), Some("eu"));
        let problem = with(&[group]).unwrap_err().to_string();
        assert!(problem.contains("KafkaUrlsProvider"), "{problem}");
        let problem = with(&[kafka, group, ("MONITOR_SESSION_TIMEOUT", "2")]);
        assert!(problem.unwrap_err().to_string().contains("from 6 to"));
    }

    #[test]
    fn redirects_are_followed_twenty_times_when_they_are_on() {
        let on = [
            ("TOPIC_NAME", "checks"),
            ("SECURITY_PROTOCOL", "PLAINTEXT"),
            ("REDIRECT_ENABLED", "1"),
        ];
        assert_eq!(read(&on).unwrap().prober.probe.redirects_max, Some(20));
    }

    const PLAINTEXT: [(&str, &str); 2] =
        [("TOPIC_NAME", "checks"), ("SECURITY_PROTOCOL", "PLAINTEXT")];

    #[test]
    fn proxies_of_the_environment_are_ignored_with_a_word() {
        let note = |pairs: &[(&str, &str)]| {
            let mut reader = Reader::from_pairs(pairs);
            Settings::read(&mut reader);
            reader.warnings().concat()
        };
        for name in ["HTTP_PROXY", "https_proxy", "All_Proxy"] {
            let said = note(&[(name, "http://u:geheim@proxy.example:3128")]);
            assert!(said.contains("SITES_PROXY"), "{name}: {said}");
            assert!(said.contains(&name.to_uppercase()), "{name}: {said}");
            assert!(!said.contains("geheim"), "{name}: {said}");
        }
        assert_eq!(note(&[("HTTP_PROXY", "")]), "");
        let own = ("SITES_PROXY", "http://proxy.example:3128");
        assert_eq!(note(&[("HTTP_PROXY", "http://a.example"), own]), "");
    }

    #[test]
    fn a_proxy_and_a_policy_exclude_each_other() {
        let proxy = ("SITES_PROXY", "http://u:geheim@proxy.example:3128");
        let with = |more: &[(&str, &str)]| read(&[&PLAINTEXT, more].concat());
        assert!(with(&[proxy]).unwrap().prober.probe.proxy.is_some());
        let both = [proxy, ("FORBIDDEN_ADDRESSES", "private")];
        for problem in [
            with(&both).unwrap_err(),
            with(&[("SITES_PROXY", "ftp://u:geheim@a.example")]).unwrap_err(),
        ] {
            let problem = problem.to_string();
            assert!(problem.starts_with("SITES_PROXY: "), "{problem}");
            assert!(!problem.contains("geheim"), "{problem}");
        }
    }

    #[test]
    fn names_have_an_end() {
        let long = "x".repeat(100_000);
        let kafka = ("URLS_PROVIDER_TYPE", "KafkaUrlsProvider");
        for name in ["MONITOR_LOCATION", "MONITOR_GROUP", "TARGETS_TOPIC"] {
            let problem = read(&[&PLAINTEXT, [kafka, (name, &*long)].as_slice()].concat());
            let problem = problem.unwrap_err().to_string();
            assert!(problem.starts_with(&format!("{name}: ")), "{name}");
        }
    }

    #[test]
    fn every_problem_is_listed_at_once() {
        let problems = read(&[
            ("SECURITY_PROTOCOL", "PLAINTEXT"),
            ("WEBSITES_CHECK_INTERVAL", "often"),
            ("PROBES_MAX", "0"),
            ("SSL_CERT_FILE", "/nonexistent/authorities.pem"),
            ("FORBIDDEN_ADDRESSES", "10.0.0.0/8, localhost"),
            (
                "WITNESS_URLS",
                "https://a.example, ftp://user:secret@b.example",
            ),
        ])
        .unwrap_err()
        .to_string();
        for name in [
            "TOPIC_NAME",
            "WEBSITES_CHECK_INTERVAL",
            "PROBES_MAX",
            "SSL_CERT_FILE",
            "FORBIDDEN_ADDRESSES",
            "WITNESS_URLS",
        ] {
            assert!(problems.contains(name), "{problems}");
        }
        assert!(!problems.contains("secret"), "{problems}");
    }
}
