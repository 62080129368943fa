//! A Prometheus with our own rules and dashboards, and with those that people have for `blackbox_exporter`.

use std::{fmt::Write as _, fs, path::Path};

use devstack::Sites;
use tempfile::TempDir;

use crate::{
    observability::{expressions, folder as observability},
    support::{
        Alertmanager, Database, Found, Prometheus, Service, ServiceSettings, Topic, eventually,
        instances, run_tool,
    },
};

/// What the rules and dashboards that people have ask, where `$job` is theirs.
const EXPRESSIONS: [&str; 8] = [
    r#"max by (instance) (probe_success{job=~"$job"})"#,
    r#"count(probe_http_ssl{job=~"$job"} == 1) / count(probe_http_version{job=~"$job"})"#,
    r#"avg(probe_duration_seconds{job=~"$job"})"#,
    r#"max by (instance) (probe_http_redirects{job=~"$job"})"#,
    r#"max by (instance) (probe_http_version{job=~"$job"})"#,
    r#"avg by (instance) (probe_dns_lookup_time_seconds{job=~"$job"})"#,
    r#"sum(probe_http_duration_seconds{job=~"$job"}) by (instance)"#,
    r#"max by (phase) (probe_http_duration_seconds{job=~"$job"})"#,
];

/// The sites that are looked at, what they expect, and whether they are up.
const SITES: [(&str, &str, bool); 6] = [
    ("well", "", true),
    ("encrypted", "", true),
    ("expired", "", false),
    ("failing", "", false),
    ("refusing", "", false),
    ("without the text", "in the shop", false),
];

/// What a dashboard asks of things that need not happen in a minute: there may be nothing to show.
const QUIET: [&str; 6] = [
    "consumer_alerts_",
    "consumer_dead_letters_total",
    "consumer_failed_attempts_total",
    "consumer_incidents_ended_total",
    "monitor_network_out",
    "monitor_publish_failures_total",
];

/// Two services over sample sites, a Prometheus that scrapes them, and an Alertmanager that it tells.
struct Scene {
    sites: Sites,
    monitor: Service,
    consumer: Service,
    prometheus: Prometheus,
    alertmanager: Alertmanager,
    folder: TempDir,
    _topic: Topic,
    _database: Database,
}

impl Scene {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sites = Sites::start(folder.path()).await.unwrap();
        write_targets(&sites, folder.path(), &[]);
        let (topic, database) = (Topic::create(1).await, Database::create().await);
        let settings = ServiceSettings::monitor(&topic, &folder.path().join("urls.csv"))
            .set("MONITOR_LOCATION", "fra")
            .set("SSL_CERT_FILE", sites.ca_file().display());
        let monitor = Service::start("monitor", &[], &settings);
        let settings = ServiceSettings::consumer(&topic, &database);
        let consumer = Service::start("consumer", &[], &settings);
        database
            .await_true(&format!(
                "SELECT count(DISTINCT website_id) = {} FROM metrics",
                SITES.len()
            ))
            .await;
        let alertmanager =
            Alertmanager::start(&observability().join("alertmanager/alertmanager.yml"));
        let (at_monitor, at_consumer) =
            (monitor.http_address().await, consumer.http_address().await);
        let at = [
            ("alertmanager:9093", &*alertmanager.address()),
            ("monitor:8081", &at_monitor),
            ("consumer:8080", &at_consumer),
        ];
        let mut configuration = own_configuration(folder.path(), &at);
        configuration.push_str(&others_configuration(&at_monitor, &at_consumer, &sites));
        Self {
            prometheus: Prometheus::start(&configuration).await,
            alertmanager,
            sites,
            monitor,
            consumer,
            folder,
            _topic: topic,
            _database: database,
        }
    }

    /// The urls of sites, in order.
    fn urls(&self, is_wanted: impl Fn(&str, bool) -> bool) -> Vec<String> {
        let wanted = SITES
            .iter()
            .filter(|(name, _, is_up)| is_wanted(name, *is_up));
        let mut urls: Vec<_> = wanted.map(|(name, ..)| url(&self.sites, name)).collect();
        urls.sort();
        urls
    }
}

fn url(sites: &Sites, name: &str) -> String {
    let site = sites.all().iter().find(|site| site.name == name);
    site.expect("a sample site").url.clone()
}

fn write_targets(sites: &Sites, folder: &Path, without: &[&str]) {
    let mut text = String::from("url,must_match,name,group,tags\n");
    for (name, must_match, _) in SITES.iter().filter(|(name, ..)| !without.contains(name)) {
        writeln!(
            text,
            "{},{must_match},The {name},Samples,a b",
            url(sites, name)
        )
        .unwrap();
    }
    fs::write(folder.join("urls.csv"), text).unwrap();
}

/// Ours, with the addresses of what runs here, and with rules that wait for nothing.
fn own_configuration(folder: &Path, at: &[(&str, &str)]) -> String {
    let (ours, rules) = (observability().join("prometheus"), folder.join("rules"));
    fs::create_dir(&rules).unwrap();
    for file in ["services.yml", "websites.yml"] {
        let text = fs::read_to_string(ours.join("rules").join(file)).unwrap();
        let waits = |line: &str| line.trim_start().starts_with("for: ");
        let lines: Vec<_> = text.lines().filter(|line| !waits(line)).collect();
        fs::write(rules.join(file), lines.join("\n")).unwrap();
    }
    let mut text = fs::read_to_string(ours.join("prometheus.yml")).unwrap();
    text = text.replace("15s", "1s");
    text = text.replace("rules/*.yml", &rules.join("*.yml").display().to_string());
    for (theirs, here) in at {
        assert!(text.contains(theirs), "{theirs} in {text}");
        text = text.replace(theirs, here);
    }
    text
}

/// More jobs, as people have them for `blackbox_exporter`, and with all websites at once.
fn others_configuration(monitor: &str, consumer: &str, sites: &Sites) -> String {
    let mut text = String::new();
    let urls: Vec<_> = SITES
        .map(|(name, ..)| format!("\"{}\"", url(sites, name)))
        .to_vec();
    for (job, address) in [("monitor", monitor), ("consumer", consumer)] {
        write!(
            text,
            r#"
  - job_name: {job}-websites
    metrics_path: /probes
    honor_labels: true
    static_configs: [{{ targets: ["{address}"] }}]
  - job_name: {job}-blackbox
    metrics_path: /probe
    params: {{ module: [http_2xx] }}
    static_configs: [{{ targets: [{}] }}]
    relabel_configs:
      - {{ source_labels: [__address__], target_label: __param_target }}
      - {{ source_labels: [__param_target], target_label: instance }}
      - {{ target_label: __address__, replacement: "{address}" }}
"#,
            urls.join(", ")
        )
        .unwrap();
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rules_that_people_have_for_blackbox_exporter_answer() {
    let scene = Scene::start().await;
    for service in [&scene.monitor, &scene.consumer] {
        for path in ["/probes", "/metrics"] {
            let answer = service.get(path).await;
            let (_, text) = answer.split_once("\r\n\r\n").unwrap();
            run_tool("promtool", &["check", "metrics"], scene.folder.path(), text);
        }
    }
    let down = scene.urls(|_, is_up| !is_up);
    for job in [
        "monitor-blackbox",
        "consumer-blackbox",
        "monitor-websites",
        "consumer-websites",
    ] {
        let all = format!("probe_success{{job=\"{job}\"}}");
        scene.prometheus.await_found(&all, count_is_right).await;
        let is_down = |found: &Found| instances(found) == down;
        scene
            .prometheus
            .await_found(&format!("{all} == 0"), is_down)
            .await;
        let uptime = format!("avg_over_time({all}[30d]) * 100 < 99.9");
        scene.prometheus.await_found(&uptime, is_down).await;
        assert_details(&scene, job).await;
    }
    let named = "max by (name, tags) (last_over_time(probe_success{job=\"consumer-websites\"}[1m]) * on (instance, location) \
                 group_left (name, tags) website_info{job=\"consumer-websites\"})";
    let named = scene.prometheus.await_found(named, count_is_right).await;
    assert!(named.iter().any(|(labels, value)| {
        labels["name"] == "The well" && labels["tags"] == "a,b" && *value > 0.0
    }));
    assert_rules_and_dashboards(&scene).await;
    assert_removed_ones_vanish(&scene).await;
}

fn count_is_right(found: &Found) -> bool {
    found.len() == SITES.len()
}

/// What dashboards show of each site.
async fn assert_details(scene: &Scene, job: &str) {
    let query = |expression: &str| scene.prometheus.query(&expression.replace("$job", job));
    // Whoever answers a scrape too late, on a busy machine, is not known until the next one.
    for expression in EXPRESSIONS {
        let expression = expression.replace("$job", job);
        let prometheus = &scene.prometheus;
        prometheus
            .await_found(&expression, |found| !found.is_empty())
            .await;
    }
    let status = |name: &str| {
        let of = format!("{{job=\"{job}\",instance=\"{}\"}}", url(&scene.sites, name));
        query(&format!("last_over_time(probe_http_status_code{of}[1m])"))[0]
            .1
            .to_string()
    };
    let names = ["well", "failing", "refusing", "expired"];
    assert_eq!(names.map(status), ["200", "500", "0", "0"], "{job}");
    let by_pattern = query("max_over_time(probe_failed_due_to_regex{job=~\"$job\"}[1m]) == 1");
    assert_eq!(
        instances(&by_pattern),
        [url(&scene.sites, "without the text")]
    );
    let ended =
        query("last_over_time(probe_ssl_earliest_cert_expiry{job=~\"$job\"}[1m]) - time() < 0");
    assert_eq!(instances(&ended), [url(&scene.sites, "expired")], "{job}");
    let tls = query(
        "max by (instance, version) (last_over_time(probe_tls_version_info{job=~\"$job\"}[1m]))",
    );
    assert!(
        tls.iter().any(|(labels, _)| labels["version"] == "TLS 1.3"),
        "{tls:?}"
    );
}

/// Our own rules see it, too, and tell it; and our dashboards have something to show.
async fn assert_rules_and_dashboards(scene: &Scene) {
    let down = scene.urls(|_, is_up| !is_up);
    scene.alertmanager.await_told("WebsiteDown", &down).await;
    let is_quiet = |expression: &String| QUIET.iter().any(|it| expression.contains(it));
    eventually("each panel has something to show", async || {
        let mut empty: Vec<_> = expressions();
        empty.retain(|it| {
            let asked = it.replace("$__rate_interval", "1m");
            scene.prometheus.query(&asked).is_empty() && !is_quiet(it)
        });
        println!("nothing to show: {empty:#?}");
        empty.is_empty().then_some(())
    })
    .await;
    let all = "up{job=~\"monitor|consumer|websites\"} == 1";
    let prometheus = &scene.prometheus;
    prometheus.await_found(all, |found| found.len() == 3).await;
}

async fn assert_removed_ones_vanish(scene: &Scene) {
    write_targets(&scene.sites, scene.folder.path(), &["refusing"]);
    let refusing = url(&scene.sites, "refusing");
    for job in ["monitor", "consumer"] {
        let of = format!("probe_success{{job=~\"{job}-.*\",instance=\"{refusing}\"}}");
        scene.prometheus.await_found(&of, Vec::is_empty).await;
        // An unlisted target is none to be probed: `blackbox_exporter`'s job is told so.
        let refused = format!("up{{job=\"{job}-blackbox\",instance=\"{refusing}\"}} == 0");
        scene
            .prometheus
            .await_found(&refused, |found| found.len() == 1)
            .await;
    }
}
