//! What `docker compose --profile observability up` is set up with: it is right, and asks for nothing that
//! is not there.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::support::{Database, Service, ServiceSettings, run_tool};

/// What the dashboard of the websites shows here: the pictures' fourteen.
const SAMPLES: [&str; 3] = [
    include_str!("../../crates/status/samples/partitions.sql"),
    include_str!("../../crates/status/samples/roll_ups.sql"),
    include_str!("../../crates/status/samples/shops.sql"),
];
/// Whose names a rule or a dashboard may speak of.
const PREFIXES: [&str; 5] = ["monitor_", "consumer_", "database_", "probe_", "website_"];

pub(crate) fn folder() -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../observability")).to_owned()
}

/// Fields of this name, anywhere in a dashboard.
fn fields(value: &Value, name: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                match value {
                    Value::String(text) if key == name => found.push(text.clone()),
                    value => fields(value, name, found),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|it| fields(it, name, found)),
        _ => {}
    }
}

fn dashboards(name: &str) -> Vec<String> {
    let mut found = Vec::new();
    for file in ["services.json", "websites.json"] {
        let text = fs::read_to_string(folder().join("grafana/dashboards").join(file)).unwrap();
        fields(&serde_json::from_str(&text).unwrap(), name, &mut found);
    }
    found
}

/// All that the dashboards ask Prometheus.
pub(crate) fn expressions() -> Vec<String> {
    dashboards("expr")
}

#[test]
fn prometheus_and_alertmanager_take_their_files_and_each_rule_does_what_it_should() {
    let prometheus = folder().join("prometheus");
    run_tool(
        "promtool",
        &["check", "config", "prometheus.yml"],
        &prometheus,
        "",
    );
    let rules = ["check", "rules", "rules/services.yml", "rules/websites.yml"];
    run_tool("promtool", &rules, &prometheus, "");
    let tests = ["test", "rules", "tests/services.yml", "tests/websites.yml"];
    run_tool("promtool", &tests, &prometheus, "");
    let alertmanager = folder().join("alertmanager");
    run_tool(
        "amtool",
        &["check-config", "alertmanager.yml"],
        &alertmanager,
        "",
    );
}

#[test]
fn each_alert_has_a_test() {
    for file in ["services.yml", "websites.yml"] {
        let read =
            |part| fs::read_to_string(folder().join("prometheus").join(part).join(file)).unwrap();
        let (rules, tests) = (read("rules"), read("tests"));
        let alerts = rules
            .lines()
            .filter_map(|line| line.split_once("- alert: "));
        for (_, alert) in alerts {
            assert!(
                tests.contains(alert),
                "{alert} in observability/prometheus/tests/{file}"
            );
        }
    }
}

#[test]
fn rules_and_dashboards_name_only_what_the_services_show() {
    let numbers = [
        monitor::numbers::ALL,
        consumer::numbers::ALL,
        database::numbers::ALL,
    ]
    .concat();
    let series = service::blackbox::series().map(|it| it.name);
    let known: BTreeSet<_> = numbers.iter().map(|it| it.name).chain(series).collect();
    let rules = ["services.yml", "websites.yml"]
        .map(|file| fs::read_to_string(folder().join("prometheus/rules").join(file)).unwrap());
    let asked = [expressions(), rules.to_vec()].concat();
    assert!(asked.len() > 30);
    for text in asked {
        let words = text.split(|char: char| !char.is_ascii_alphanumeric() && char != '_');
        for word in words.filter(|word| PREFIXES.iter().any(|it| word.starts_with(it))) {
            let parts = ["_bucket", "_sum", "_count"].iter();
            let whole = parts.fold(word, |word, part| word.strip_suffix(part).unwrap_or(word));
            assert!(known.contains(whole), "{word} in {text}");
        }
    }
}

#[tokio::test]
async fn each_panel_of_the_dashboard_of_the_websites_has_something_to_show() {
    let database = Database::create().await;
    let settings = ServiceSettings::default().set("PG_URI", &database.uri);
    let (code, _, said) = Service::run("consumer", &["migrate"], &settings).await;
    assert_eq!(code, Some(0), "{said}");
    database.execute(&SAMPLES.concat()).await;
    let statements = [dashboards("rawSql"), dashboards("query")].concat();
    assert!(statements.len() > 10, "{statements:?}");
    for statement in statements {
        let shown = "$__timeFilter(";
        let mut text = statement.replace("${website}", "1");
        while let Some((before, rest)) = text.split_once(shown) {
            let (column, after) = rest.split_once(')').unwrap();
            let within = "BETWEEN now() - interval '1 day' AND now()";
            text = format!("{before}{column} {within}{after}");
        }
        assert!(!text.contains('$'), "{text}");
        assert!(!database.rows(&text).await.is_empty(), "{text}");
    }
}
