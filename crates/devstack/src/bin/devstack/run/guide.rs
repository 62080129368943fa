//! What the person at the terminal is told: what is taken from where, and how to look at what comes.

use std::env;
use std::path::Path;

use devstack::{Dataset, Server, Sites, Stack, say};

use super::plan::Plan;
use crate::service::Service;
use crate::settings::{Setting, Settings};
use crate::taken;

/// Settings of which there is a line of their own, whether they count or not.
const KAFKA: [&str; 3] = ["BOOTSTRAP_SERVERS", "SECURITY_PROTOCOL", "TOPIC_NAME"];
const DATABASE: [&str; 2] = ["PG_URI", "PG_URI_FILE"];
const TARGETS: [&str; 2] = ["URLS_FILE", "URLS_PROVIDER_TYPE"];
const INTERVAL: [&str; 1] = ["WEBSITES_CHECK_INTERVAL"];
/// What the sample sites bring with them.
const SITES: [&str; 3] = ["URLS_FILE", "URLS_PROVIDER_TYPE", "SSL_CERT_FILE"];

/// Before the services start.
pub(super) fn say_what_is_taken(
    settings: &Settings,
    plan: &Plan,
    stack: &Stack,
    dataset: Dataset,
    sites: Option<&Sites>,
) {
    let bootstrap = stack.kafka.bootstrap();
    let topic = dataset.topic();
    let unused = unused(settings, &KAFKA);
    taken::line(
        "Kafka",
        format_args!("local, {bootstrap}, topic {topic}{unused}"),
    );
    let database = stack.postgres.uri_of(dataset.database());
    let database = taken::address(&database).unwrap_or_default();
    let unused = self::unused(settings, &DATABASE);
    taken::line("PostgreSQL", format_args!("local, {database}{unused}"));
    say_targets(settings, plan, sites);
    let mut known = Service::Monitor.settings();
    known.extend(Service::Consumer.settings());
    let targets = if sites.is_some() {
        &SITES[..]
    } else {
        &TARGETS
    };
    let said = [&KAFKA, &DATABASE[..], targets, &INTERVAL].concat();
    taken::say_others(settings, &known, &said);
    for (service, label, paths) in [
        (Service::Monitor, "Monitor", "/readyz, /metrics"),
        (
            Service::Consumer,
            "Status page",
            "/ (and /readyz, /metrics of the consumer)",
        ),
    ] {
        let address = plan.told(service, "HTTP_LISTEN");
        // At port 0 it listens where it finds room, and says so itself.
        if let Some(address) = address.filter(|address| !address.ends_with(":0")) {
            taken::line(label, format_args!("http://{address}{paths}"));
        }
    }
    if plan.told(Service::Consumer, "ALERTS_FILE").is_some() {
        taken::line(
            "Alerts",
            "arrive here; the shops fail together in the first minute, then every two and a half",
        );
    }
    taken::line(
        "Rows",
        format_args!("{}, in another terminal", rows_command(settings, dataset)),
    );
    taken::line("End", "Ctrl-C, in good order\n");
}

/// When all has ended: what scrolled away at the start.
pub(super) fn say_what_stays(
    settings: &Settings,
    stack: &mut Stack,
    home: &Path,
    dataset: Dataset,
) {
    let whereabouts = stack.whereabouts(home);
    let whereabouts = shortened(&whereabouts);
    taken::line("Data", format_args!("stays in {whereabouts}"));
    taken::line("Rows", rows_command(settings, dataset));
    let uri = stack.postgres.uri_of(dataset.database());
    let running = stack.postgres.is_running();
    let start = if running { "" } else { "make stack && " };
    taken::line("SQL", format_args!("{start}psql '{uri}'"));
}

fn say_targets(settings: &Settings, plan: &Plan, sites: Option<&Sites>) {
    let interval = settings.get("WEBSITES_CHECK_INTERVAL");
    let every = if let Some(interval) = &interval {
        format!("every {} s ({interval})", interval.value)
    } else {
        let seconds = plan.told(Service::Monitor, "WEBSITES_CHECK_INTERVAL");
        format!("every {} s", seconds.unwrap_or_default())
    };
    let Some(sites) = sites else {
        taken::line(
            "Targets",
            format_args!("{}, {every}", targets_file(settings)),
        );
        return;
    };
    let unused = unused(settings, &SITES);
    taken::line(
        "Targets",
        format_args!("sample sites of our own, {every}{unused}"),
    );
    for site in sites.all() {
        say(format_args!("{:<11} {:<17} {}", "", site.name, site.url));
    }
}

fn targets_file(settings: &Settings) -> String {
    let named = |setting: Setting| format!("{} ({setting})", setting.value);
    if let Some(file) = settings.get("URLS_FILE") {
        return named(file);
    }
    match settings.get("URLS_PROVIDER_TYPE") {
        Some(format) => format!("of the format {}", named(format)),
        None => "data/urls.csv".to_owned(),
    }
}

fn unused(settings: &Settings, names: &[&str]) -> String {
    match taken::among(settings, |name| names.contains(&name)) {
        Some(unused) => format!("; not used here: {unused}"),
        None => String::new(),
    }
}

fn rows_command(settings: &Settings, dataset: Dataset) -> &'static str {
    match dataset {
        Dataset::Demo => "make rows DEMO=1",
        Dataset::Own if DATABASE.iter().any(|it| settings.get(it).is_some()) => "make rows LOCAL=1",
        Dataset::Own => "make rows",
    }
}

/// Paths as one would type them here.
fn shortened(text: &str) -> String {
    match env::current_dir() {
        Ok(here) => text.replace(&format!("{}/", here.display()), ""),
        Err(_) => text.to_owned(),
    }
}
