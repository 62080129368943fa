//! Every number is declared, described and documented.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use service::telemetry::{Metric, MetricKind};

use crate::support::{Database, Service, ServiceSettings, Topic, eventually, original_record};

/// Whose numbers, and where each declares them. The consumer shows those of its database, too.
const SERVICES: [(&str, &[Metric]); 3] = [
    ("monitor", monitor::numbers::ALL),
    ("consumer", consumer::numbers::ALL),
    ("database", database::numbers::ALL),
];

/// The rows of a table of these numbers.
fn rows(numbers: &[Metric]) -> String {
    let mut rows = String::new();
    for Metric {
        name,
        kind,
        labels,
        help,
    } in numbers
    {
        let labels: Vec<_> = labels.iter().map(|label| format!("`{label}`")).collect();
        writeln!(
            rows,
            "| `{name}` | {} | {} | {help} |",
            kind.as_str(),
            labels.join(", ")
        )
        .unwrap();
    }
    rows
}

#[test]
fn the_documentation_lists_every_number() {
    let text = include_str!("../../docs/metrics.md");
    for (service, numbers) in SERVICES {
        let start = format!("| `{service}_");
        let found = text.lines().filter(|line| line.starts_with(&start));
        let found: Vec<_> = found.collect();
        assert_eq!(
            found.join("\n") + "\n",
            rows(numbers),
            "docs/metrics.md, of {service}"
        );
    }
}

/// Of websites, the names and words are `blackbox_exporter`'s.
#[test]
fn the_documentation_lists_every_series_of_websites() {
    let text = include_str!("../../docs/metrics.md");
    let starts = ["| `probe_", "| `website_"];
    let found = text
        .lines()
        .filter(|line| starts.iter().any(|it| line.starts_with(it)));
    let found: Vec<_> = found.collect();
    let series: Vec<_> = service::blackbox::series().copied().collect();
    assert_eq!(
        found.join("\n") + "\n",
        rows(&series),
        "docs/metrics.md, of websites"
    );
}

#[test]
fn names_and_labels_are_as_prometheus_has_them() {
    let mut names = BTreeSet::new();
    for (service, numbers) in SERVICES {
        for number in numbers {
            let name = number.name;
            assert!(name.starts_with(&format!("{service}_")), "{name}");
            assert!(names.insert(name), "{name} stands twice");
            let is_counter = number.kind == MetricKind::Counter;
            assert_eq!(name.ends_with("_total"), is_counter, "{name}");
            let has_buckets = ["_seconds", "_rows"]
                .iter()
                .any(|unit| name.ends_with(unit));
            assert!(
                has_buckets || number.kind != MetricKind::Histogram,
                "{name}"
            );
            assert!(number.help.ends_with('.'), "{name}: {}", number.help);
            assert!(number.labels.len() <= 1, "{name}");
        }
    }
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| {
            if path.is_dir() {
                sources(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

/// So that each is described: what is declared nowhere would have no words.
#[test]
fn no_number_is_made_but_from_its_declaration() {
    let crates = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../crates"));
    for path in sources(crates) {
        let is_declared_here = path.ends_with("telemetry/metric.rs");
        let is_source = path.extension().is_some_and(|extension| extension == "rs");
        if !is_source || is_declared_here || path.components().any(|it| it.as_os_str() == "target")
        {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        for made in ["counter!(", "gauge!(", "histogram!("] {
            assert!(!text.contains(made), "{made} in {}", path.display());
        }
    }
}

/// Else the documentation would list what nobody ever sees.
#[test]
fn each_number_that_is_declared_is_set_somewhere() {
    for (service, numbers) in SERVICES {
        let folder = format!("{}/../crates/{service}/src", env!("CARGO_MANIFEST_DIR"));
        let (declarations, others): (Vec<_>, Vec<_>) = sources(Path::new(&folder))
            .into_iter()
            .filter(|path| path.extension().is_some_and(|it| it == "rs"))
            .partition(|path| path.ends_with("src/numbers.rs"));
        let read = |paths: &[PathBuf]| -> String {
            paths
                .iter()
                .map(|it| fs::read_to_string(it).unwrap())
                .collect()
        };
        let (declarations, others) = (read(&declarations), read(&others));
        for number in numbers {
            let declared = format!(" = \"{}\"", number.name);
            let (before, _) = declarations.split_once(&declared).unwrap();
            let constant = before.rsplit(' ').next().unwrap();
            assert!(others.contains(constant), "{} is never set", number.name);
        }
    }
}

/// Fails unless each number that is shown has its words.
fn assert_described(text: &str, numbers: &[Metric]) {
    let types: Vec<_> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next())
        .collect();
    assert!(types.len() > 10, "{text}");
    for name in types {
        let number = numbers.iter().find(|it| it.name == name);
        let help = number
            .unwrap_or_else(|| panic!("{name} is not declared"))
            .help;
        assert!(
            text.contains(&format!("# HELP {name} {help}\n")),
            "{name} in\n{text}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_monitor_says_what_each_of_its_numbers_is() {
    let folder = tempfile::tempdir().unwrap();
    let targets = folder.path().join("urls.csv");
    let closed = devstack::free_port().unwrap();
    fs::write(&targets, format!("url\nhttp://127.0.0.1:{closed}/\n")).unwrap();
    // Nobody has to take the results.
    let settings = ServiceSettings::default()
        .set("BOOTSTRAP_SERVERS", format!("127.0.0.1:{closed}"))
        .set("SECURITY_PROTOCOL", "PLAINTEXT")
        .set("TOPIC_NAME", "checks")
        .set("URLS_FILE", targets.display())
        .set("WEBSITES_CHECK_INTERVAL", 1)
        .set("HTTP_LISTEN", "127.0.0.1:0");
    let monitor = Service::start("monitor", &[], &settings);
    monitor.await_line(&["Checking"]).await;
    let text = eventually("a check is counted", async || {
        let text = monitor.get("/metrics").await;
        text.contains("monitor_failures_total{reason=\"connect_refused\"} 1")
            .then_some(text)
    })
    .await;
    assert_described(&text, monitor::numbers::ALL);
    let buckets = text
        .lines()
        .filter(|line| line.starts_with("monitor_probe_seconds_bucket{phase=\"connect\""));
    assert!(buckets.count() > 10, "{text}");
}

/// Statements that wait for a lock in this test's database.
const BLOCKED: &str =
    "FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";

#[tokio::test(flavor = "multi_thread")]
async fn a_running_consumer_tells_conflicts_failures_and_what_is_late() {
    const GOOD: usize = 20;
    let records: Vec<_> = (0..GOOD).map(original_record).collect();
    let (topic, database) = (Topic::create(1).await, Database::create().await);
    let settings = ServiceSettings::consumer(&topic, &database).set("HTTP_LISTEN", "127.0.0.1:0");
    let consumer = Service::start("consumer", &[], &settings);
    topic.write(records.iter().map(Vec::as_slice));
    topic.write([b"no json".as_slice()]);
    database
        .await_true("SELECT sum(next_offset) = 21 FROM offsets")
        .await;

    // The next batch waits while the stored offset is set back, loses its connection, and then finds
    // the offset elsewhere: all is read again.
    let other = database.connect().await.unwrap();
    let back = "BEGIN; UPDATE offsets SET next_offset = 0";
    other.batch_execute(back).await.unwrap();
    topic.write([original_record(GOOD).as_slice()]);
    let blocked = format!("SELECT EXISTS (SELECT {BLOCKED})");
    database.await_true(&blocked).await;
    database
        .execute(&format!("SELECT pg_terminate_backend(pid) {BLOCKED}"))
        .await;
    let failed = "consumer_failed_attempts_total{reason=\"disconnected\"} 1";
    let is_late = |text: &str| {
        let shown = "consumer_lag_seconds{partition=\"0\"} ";
        let lag = text.lines().find_map(|line| line.strip_prefix(shown));
        lag.is_some_and(|lag| lag.parse::<f64>().unwrap() > 0.0)
    };
    eventually("the failure and the lag are shown", async || {
        let text = consumer.get("/metrics").await;
        (text.contains(failed) && is_late(&text)).then_some(())
    })
    .await;
    other.batch_execute("COMMIT").await.unwrap();

    let wanted = [
        "consumer_rows_total 21",
        "consumer_duplicates_total 20",
        "consumer_settled_batches_total ",
        "consumer_dead_letters_total{reason=\"not_json\"} 2",
        "consumer_offset_conflicts_total{found=\"elsewhere\"} 1",
        "consumer_freshness_seconds_count 43",
        "consumer_lag_records{partition=\"0\"} 0",
        "consumer_lag_seconds{partition=\"0\"} 0",
        "consumer_partitions 1",
        "consumer_step_seconds_count{step=\"commit\"} ",
        "database_statement_seconds_count{statement=\"storing rows\"} ",
        "database_waiting 0",
    ];
    let text = eventually("all is stored and shown", async || {
        let text = consumer.get("/metrics").await;
        let is_shown = wanted.iter().all(|it| text.contains(it));
        is_shown.then_some(text)
    })
    .await;
    let numbers = [consumer::numbers::ALL, database::numbers::ALL].concat();
    assert_described(&text, &numbers);
}
