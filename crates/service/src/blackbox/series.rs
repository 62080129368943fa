//! What is told of a website: the names, kinds and meanings of `blackbox_exporter`, whose words the help
//! texts are, and four series of our own.

use super::{
    text::Samples,
    website::{Seen, Website},
};
use crate::telemetry::{Metric, MetricKind};

/// A metric, and how its samples are had.
pub(super) struct Series {
    metric: Metric,
    draw: Draw,
}

/// How the samples of a website are had.
enum Draw {
    /// One, of what was seen.
    Seen(fn(&Seen) -> f64),
    /// One, where there is something to tell.
    Maybe(fn(&Website) -> Option<f64>),
    /// Each with labels of its own.
    Labelled(fn(&Website, &mut Samples<'_>)),
}

/// All of them, in the order in which they are written.
pub(super) static SERIES: [Series; 17] = [
    seen(
        "probe_success",
        "Displays whether or not the probe was a success",
        |seen| f64::from(u8::from(seen.is_up)),
    ),
    seen(
        "probe_duration_seconds",
        "Returns how long the probe took to complete in seconds",
        |seen| seen.response_time,
    ),
    seen(
        "probe_dns_lookup_time_seconds",
        "Returns the time taken for probe dns lookup in seconds",
        |seen| seen.phases.dns,
    ),
    labelled(
        "probe_http_duration_seconds",
        &["phase"],
        "Duration of http request by phase, summed over all redirects",
        phases,
    ),
    seen(
        "probe_http_status_code",
        "Response HTTP status code",
        |seen| f64::from(seen.status),
    ),
    seen(
        "probe_http_version",
        "Returns the version of HTTP of the probe response",
        |seen| seen.http_version,
    ),
    seen(
        "probe_http_ssl",
        "Indicates if SSL was used for the final redirect",
        |seen| f64::from(u8::from(seen.tls_version.is_some())),
    ),
    seen("probe_http_redirects", "The number of redirects", |seen| {
        f64::from(seen.redirects)
    }),
    seen(
        "probe_http_uncompressed_body_length",
        "Length of uncompressed response body",
        body_length,
    ),
    seen(
        "probe_ip_protocol",
        "Specifies whether probe ip protocol is IP4 or IP6",
        |seen| f64::from(seen.ip_version),
    ),
    seen(
        "probe_failed_due_to_regex",
        "Indicates if probe failed due to regex",
        |seen| f64::from(u8::from(seen.failed_by_pattern)),
    ),
    labelled(
        "probe_tls_version_info",
        &["version"],
        "Contains the TLS version used",
        tls_version,
    ),
    maybe(
        "probe_ssl_earliest_cert_expiry",
        "Returns earliest SSL cert expiry in unixtime",
        |website| website.seen.as_ref()?.certificate_ends_at,
    ),
    labelled(
        "website_info",
        &["name", "group", "tags"],
        "What the target says of its website, its tags separated by commas",
        about,
    ),
    maybe(
        "website_newest_result_timestamp_seconds",
        "When the newest result was due, in seconds since 1970",
        |website| website.newest_at,
    ),
    maybe(
        "website_maintenance",
        "1 while the website is being worked on, as was planned; the consumer alone tells it",
        |website| website.is_maintained.map(|it| f64::from(u8::from(it))),
    ),
    Series {
        metric: Metric {
            name: "website_checks_total",
            kind: MetricKind::Counter,
            labels: &["outcome"],
            help: "Checks by what became of them",
        },
        draw: Draw::Labelled(checks),
    },
];

/// What each metric is, for whoever documents them.
pub fn series() -> impl Iterator<Item = &'static Metric> {
    SERIES.iter().map(|series| &series.metric)
}

impl Series {
    /// Its samples of all these websites, as Prometheus reads them.
    pub(super) fn render(&self, websites: &[Website]) -> String {
        let mut samples = Samples::of(&self.metric);
        for website in websites {
            samples.label([
                ("instance", website.instance.as_deref()),
                ("location", website.location.as_deref()),
            ]);
            let value = match self.draw {
                Draw::Seen(draw) => website.seen.as_ref().map(draw),
                Draw::Maybe(draw) => draw(website),
                Draw::Labelled(draw) => {
                    draw(website, &mut samples);
                    None
                }
            };
            if let Some(value) = value {
                samples.push(value);
            }
        }
        samples.finish()
    }
}

const fn seen(name: &'static str, help: &'static str, draw: fn(&Seen) -> f64) -> Series {
    Series {
        metric: gauge(name, &[], help),
        draw: Draw::Seen(draw),
    }
}

const fn maybe(
    name: &'static str,
    help: &'static str,
    draw: fn(&Website) -> Option<f64>,
) -> Series {
    Series {
        metric: gauge(name, &[], help),
        draw: Draw::Maybe(draw),
    }
}

const fn labelled(
    name: &'static str,
    labels: &'static [&'static str],
    help: &'static str,
    draw: fn(&Website, &mut Samples<'_>),
) -> Series {
    Series {
        metric: gauge(name, labels, help),
        draw: Draw::Labelled(draw),
    }
}

const fn gauge(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Metric {
    Metric {
        name,
        kind: MetricKind::Gauge,
        labels,
        help,
    }
}

fn phases(website: &Website, samples: &mut Samples<'_>) {
    let Some(seen) = &website.seen else {
        return;
    };
    let phases = &seen.phases;
    for (phase, seconds) in [
        ("resolve", phases.dns),
        ("connect", phases.connect),
        ("tls", phases.tls),
        ("processing", phases.first_byte),
        ("transfer", phases.body),
    ] {
        samples.push_of(&[("phase", phase)], seconds);
    }
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn body_length(seen: &Seen) -> f64 {
    seen.body_bytes as f64
}

fn tls_version(website: &Website, samples: &mut Samples<'_>) {
    let version = website
        .seen
        .as_ref()
        .and_then(|seen| seen.tls_version.as_deref());
    if let Some(version) = version {
        samples.push_of(&[("version", &version.replacen("TLSv", "TLS ", 1))], 1.0);
    }
}

fn about(website: &Website, samples: &mut Samples<'_>) {
    let about = &website.about;
    let labels = [
        ("name", &*about.name),
        ("group", &*about.group),
        ("tags", &*about.tags.join(",")),
    ];
    samples.push_of(&labels, 1.0);
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn checks(website: &Website, samples: &mut Samples<'_>) {
    let checks = &website.checks;
    for (outcome, count) in [
        ("up", checks.up),
        ("down", checks.down),
        ("missed", checks.missed),
        ("skipped", checks.skipped),
        ("doubted", checks.doubted),
        ("maintenance", checks.maintenance),
    ] {
        samples.push_of(&[("outcome", outcome)], count as f64);
    }
}
