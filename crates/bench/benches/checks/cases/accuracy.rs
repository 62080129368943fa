//! How far a record's times are from those of the site's own clock.

use std::{collections::HashMap, fs, time::Duration};

use anyhow::{Context, Result};
use tokio::time::sleep;

use super::bench::{Bench, targets};
use crate::{
    late::Sleeper,
    machine::Machine,
    records::{PHASES, Record},
    service::{INTERVAL, MonitorSettings},
    table::{self, quantile, row},
    timed::{NAME_SERVER, TimedSites, Visit},
};

/// Checks a second: with the sites and Kafka, about half of two cores.
const PACE: usize = 400;
const WARM_UP: Duration = Duration::from_secs(15);
const WINDOW: Duration = Duration::from_secs(20);
const TOPIC: &str = "accuracy";
/// The phase of which the site knows nothing: the kernel connects.
const CONNECT: usize = 1;

/// Prints it.
pub(crate) async fn accuracy(bench: &Bench) -> Result<()> {
    if !rustix::process::geteuid().is_root() {
        println!("\naccuracy: needs root, for a name server of its own");
        return Ok(());
    }
    let mut sites = TimedSites::start(bench.folder.path()).await?;
    let count = PACE * usize::try_from(INTERVAL.as_secs())?;
    let urls: Vec<String> = (0..count).map(|number| sites.url(number)).collect();
    let resolv_conf = bench.folder.path().join("resolv.conf");
    fs::write(&resolv_conf, format!("nameserver {NAME_SERVER}\n"))?;
    let monitor = bench
        .monitor_with(&MonitorSettings {
            bootstrap: &bench.bootstrap(),
            topic: TOPIC,
            ca_file: &sites.ca_file(),
            targets: &targets(&urls)?,
            interval: INTERVAL,
            resolv_conf: Some(&resolv_conf),
        })
        .await?;
    sleep(WARM_UP).await;
    let (before, since, sleeper) = (Machine::look()?, now(), Sleeper::start());
    sleep(WINDOW).await;
    let late = sleeper.stop();
    let busy = Machine::look()?.busy_since(&before);
    let until = now();
    let visits = sites.visits().await?;
    monitor.stop().await?;
    let records = bench.records(TOPIC).await?;
    let window = since..until - 1.0;
    let begun = records.iter().filter(|record| {
        let began = record.began;
        began.is_some_and(|began| window.contains(&began))
    });
    let pairs = pair(begun, &visits)?;
    print(&pairs, &late, busy);
    Ok(())
}

fn now() -> f64 {
    jiff::Timestamp::now().as_duration().as_secs_f64()
}

/// What a record and the site say of the same visit.
struct Pair<'a> {
    record: &'a Record,
    visit: Option<&'a Visit>,
}

/// Each record with the visit of its site that began nearest to it.
fn pair<'a>(
    records: impl Iterator<Item = &'a Record>,
    visits: &'a [Visit],
) -> Result<Vec<Pair<'a>>> {
    let mut by_number: HashMap<usize, Vec<&Visit>> = HashMap::new();
    for visit in visits {
        by_number.entry(visit.number).or_default().push(visit);
    }
    let pair = |record: &'a Record| {
        let host = record.url.strip_prefix("https://").context("an odd url")?;
        let number = host.split('.').next().context("an odd url")?.parse()?;
        let began = record.began.unwrap_or_default();
        let visits = by_number.get(&number).into_iter().flatten();
        let distance = |visit: &Visit| (visit.began - began).abs();
        let nearest = visits.min_by(|a, b| distance(a).total_cmp(&distance(b)));
        let near = nearest.filter(|visit| distance(visit) < INTERVAL.as_secs_f64() / 2.0);
        let visit = near.copied();
        Ok(Pair { record, visit })
    };
    records.map(pair).collect()
}

fn print(pairs: &[Pair<'_>], late: &[f64], busy: f64) {
    let both = || pairs.iter().filter_map(|it| Some((it.record, it.visit?)));
    let mut rows = vec![row([
        "time",
        "of",
        "lasted, ms p50",
        "error, ms p50",
        "p99",
        "at most",
        "late, ms p50",
    ])];
    for (place, phase) in PHASES.iter().enumerate() {
        let errors = both().filter_map(|(record, visit)| {
            let lasted = match place {
                // Whatever it took beyond nothing at all.
                CONNECT => 0.0,
                0 => visit.phases[0],
                later => visit.phases[later - 1],
            };
            Some((lasted, record.phases[place]?))
        });
        rows.push(error_row(phase, &errors.collect::<Vec<_>>()));
    }
    let whole = both().map(|(record, visit)| (visit.seconds, record.seconds));
    rows.push(error_row("response_time", &whole.collect::<Vec<_>>()));
    let late: Vec<_> = late.iter().map(|late| (0.0, *late)).collect();
    rows.push(error_row("a thread that sleeps", &late));
    let unknown = pairs.len() - both().count();
    table::print(
        &format!(
            "A record's times beside the site's, {PACE} checks/s, {:.0} % of the machine busy; {unknown} \
             records without a visit",
            busy * 100.0
        ),
        &rows,
    );
}

/// Of times as the site and as the record has them.
fn error_row(name: &str, times: &[(f64, f64)]) -> Vec<String> {
    let millis = |of: &dyn Fn(&(f64, f64)) -> f64, part| {
        let mut values: Vec<f64> = times.iter().map(|times| of(times) * 1000.0).collect();
        format!("{:.3}", quantile(&mut values, part))
    };
    let error = |times: &(f64, f64)| (times.1 - times.0).abs();
    vec![
        name.to_owned(),
        times.len().to_string(),
        millis(&|times| times.0, 0.5),
        millis(&error, 0.5),
        millis(&error, 0.99),
        millis(&error, 1.0),
        millis(&|times| times.1 - times.0, 0.5),
    ]
}
