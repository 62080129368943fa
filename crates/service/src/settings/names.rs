//! Which setting a name that is not known may have been meant for.

/// Names that mean something to somebody: to either service, to `docker-compose.yml`, to the Python
/// original. A service knows its own from reading them; this list is for the others', so that one
/// `.env` can serve all. A test holds it against `--help` and the compose file.
const KNOWN: &[&str] = &[
    // Both services.
    "BAD_SETTINGS_WAIT",
    "BOOTSTRAP_SERVERS",
    "DRAIN_TIMEOUT",
    "HTTP_LISTEN",
    "LOG_FORMAT",
    "LOG_LEVEL",
    "OTEL_EXPORTER_OTLP_CERTIFICATE",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_HEADERS",
    "SASL_MECHANISM",
    "SASL_PASSWORD",
    "SASL_PASSWORD_FILE",
    "SASL_USERNAME",
    "SCHEMA_REGISTRY_CAFILE",
    "SCHEMA_REGISTRY_PASSWORD",
    "SCHEMA_REGISTRY_PASSWORD_FILE",
    "SCHEMA_REGISTRY_URL",
    "SCHEMA_REGISTRY_USERNAME",
    "SECURITY_PROTOCOL",
    "SENTRY_DSN",
    "SENTRY_ENVIRONMENT",
    "SSL_CAFILE",
    "SSL_CERTFILE",
    "SSL_KEYFILE",
    "TOPIC_NAME",
    "TOPIC_PARTITIONS",
    "TOPIC_REPLICATION_FACTOR",
    // The monitor.
    "BODY_BYTES_MAX",
    "CONNECT_TIMEOUT",
    "DNS_TIMEOUT",
    "DOWNLOAD_TIMEOUT",
    "FORBIDDEN_ADDRESSES",
    "MISSED_BACKFILL_MAX",
    "MONITOR_GROUP",
    "MONITOR_LOCATION",
    "MONITOR_SESSION_TIMEOUT",
    "OTEL_TRACES_SAMPLER_ARG",
    "PROBES_MAX",
    "PROBES_PER_HOST_MAX",
    "REDIRECT_ENABLED",
    "REDIRECT_MAX_TIMES",
    "RESULTS_WAITING_MAX",
    "ROBOTSTXT_OBEY",
    "SITES_PROXY",
    "SPOOL_BYTES_MAX",
    "SPOOL_DIR",
    "SSL_CERT_FILE",
    "STATE_DIR",
    "TARGETS_PARTITIONS",
    "TARGETS_TOPIC",
    "URLS_FILE",
    "URLS_PROVIDER_TYPE",
    "VALUE_FORMAT",
    "WEBSITES_CHECK_INTERVAL",
    "WITNESS_URLS",
    // The consumer.
    "ALERTS_FILE",
    "ALERT_GROUP_WAIT",
    "AUTO_OFFSET_RESET",
    "BATCH_ROWS_MAX",
    "CLIENT_ID",
    "CONSUMER_GROUP",
    "DROP_MESSAGES_IF_ABORT",
    "HTTP_AUTH",
    "PG_SSL_CAFILE",
    "PG_URI",
    "PG_URI_FILE",
    "PUBLIC_TAGS",
    "SHOW_URLS",
    "STATUS_TITLE",
    "STATUS_URL",
    "WORKERS",
    // docker-compose.yml.
    "ALERTMANAGER_PORT",
    "CONSUMER_DRAIN_TIMEOUT",
    "CONSUMER_PORT",
    "CONTAINER_USER",
    "GRAFANA_PASSWORD",
    "GRAFANA_PG_DATABASE",
    "GRAFANA_PG_HOST",
    "GRAFANA_PG_PASSWORD",
    "GRAFANA_PG_SSLMODE",
    "GRAFANA_PG_USER",
    "GRAFANA_PORT",
    "MONITOR_DRAIN_TIMEOUT",
    "MONITOR_PORT",
    "PROMETHEUS_PORT",
    "PUBLISH_ADDRESS",
    "REGISTRY_PORT",
    "SITES_CAFILE",
    // The original: there is one of each, so they mean nothing here and do no harm.
    "STREAM_CONSUMER_TYPE",
    "STREAM_PRODUCER_TYPE",
];

/// Names of others that are near to one of ours by chance.
const FOREIGN: &[&str] = &["SSL_CERT_DIR"];

/// Letters of a short name that may differ, and of a long one.
const DISTANCE_SHORT_MAX: usize = 1;
const DISTANCE_LONG_MAX: usize = 2;
/// From here on a name is long.
const LONG_CHARS_MIN: usize = 8;

/// What a name in `.env`, which is ours, was meant for.
pub(super) fn meant_in_file(name: &str, own: &[&'static str]) -> Option<&'static str> {
    let distance = if name.len() < LONG_CHARS_MIN {
        DISTANCE_SHORT_MAX
    } else {
        DISTANCE_LONG_MAX
    };
    nearest(name, own, distance)
}

/// What a name in the environment was meant for, which is full of names of others: only what differs
/// by one letter from a name that nobody else would choose.
pub(super) fn meant_in_environment(name: &str, own: &[&'static str]) -> Option<&'static str> {
    nearest(name, own, DISTANCE_SHORT_MAX).filter(|meant| meant.contains('_'))
}

fn nearest(name: &str, own: &[&'static str], distance_max: usize) -> Option<&'static str> {
    let known = || own.iter().chain(KNOWN).copied();
    if known().any(|it| it == name) || FOREIGN.contains(&name) {
        return None;
    }
    known()
        .map(|it| (strsim::damerau_levenshtein(it, name), it))
        .filter(|(distance, _)| *distance <= distance_max)
        .min()
        .map(|(_, meant)| meant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_told_from_somebody_elses_name() {
        assert_eq!(meant_in_file("TOPIC_NAMES", &[]), Some("TOPIC_NAME"));
        assert_eq!(
            meant_in_file("BOOTSRTAP_SERVER", &[]),
            Some("BOOTSTRAP_SERVERS")
        );
        assert_eq!(meant_in_file("PG_URL", &[]), Some("PG_URI"));
        assert_eq!(meant_in_file("CONTAINER_USR", &[]), Some("CONTAINER_USER"));
        assert_eq!(
            meant_in_file("NEW_SETING", &["NEW_SETTING"]),
            Some("NEW_SETTING")
        );
        for foreign in [
            "COMPOSE_PROJECT_NAME",
            "DATABASE_URL",
            "HOME",
            "KAFKA_TOPIC",
            "SSL_CERT_DIR",
            "STREAM_PRODUCER_TYPE",
        ] {
            assert_eq!(meant_in_file(foreign, &[]), None, "{foreign}");
        }
        assert_eq!(meant_in_environment("TOPIC_NAMES", &[]), Some("TOPIC_NAME"));
        assert_eq!(meant_in_environment("WORKER", &[]), None);
        assert_eq!(meant_in_environment("BOOTSTRAP_SERV", &[]), None);
    }
}
