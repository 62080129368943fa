//! A long list with patterns that are slow to compile: how long it takes to load and to load again.

use std::{fmt::Write, time::Duration};

use anyhow::Result;
use jiff::Timestamp;
use tokio::time::{Instant, sleep};

use super::bench::Bench;
use crate::{
    site::Sites,
    table::{self, quantile, row},
};

const TARGETS: usize = 100_000;
/// So long that the checks themselves are few.
const INTERVAL: Duration = Duration::from_mins(20);
const STEADY: Duration = Duration::from_secs(12);

/// Prints it.
pub(crate) async fn reload(bench: &Bench) -> Result<()> {
    let mut rows = vec![row([
        "patterns",
        "load, s",
        "load again, s",
        "lag p99 around it, ms",
        "memory, MiB",
    ])];
    let kinds = [
        ("of words", "all systems operational "),
        ("slow to compile", r"\w{5,20} systems \pL{3,9} "),
    ];
    for (number, (name, pattern)) in kinds.into_iter().enumerate() {
        let sites = bench.sites().await?;
        let began = Instant::now();
        let topic = format!("reload-{number}");
        let targets = list(&sites, pattern, TARGETS)?;
        let monitor = bench.monitor(&sites, &topic, &targets, INTERVAL).await?;
        monitor.until_said("Checking").await?;
        let loaded = began.elapsed();
        sleep(STEADY).await;
        let from = Timestamp::now();
        let began = Instant::now();
        monitor.change_targets(&list(&sites, pattern, TARGETS - 10)?)?;
        monitor.until_said("removed").await?;
        let reloaded = began.elapsed();
        sleep(STEADY).await;
        let memory = monitor.process.memory_max_mib()?;
        let until = Timestamp::now();
        // Not in order: most of the slots that were under way at the start still wait for their checks.
        drop(monitor);
        let records = bench.records(&topic).await?;
        let around = records
            .iter()
            .filter(|it| (from..until).contains(&it.scheduled_at));
        let mut lags: Vec<f64> = around.filter_map(|record| record.lag_ms).collect();
        rows.push(vec![
            name.to_owned(),
            format!("{:.2}", loaded.as_secs_f64()),
            format!("{:.2}", reloaded.as_secs_f64()),
            format!("{:.1} of {}", quantile(&mut lags, 0.99), lags.len()),
            format!("{memory:.0}"),
        ]);
    }
    table::print(
        "A list of 100,000 targets, each with a pattern of its own",
        &rows,
    );
    Ok(())
}

fn list(sites: &Sites, pattern: &str, count: usize) -> Result<String> {
    let mut text = String::from("url,regexp\n");
    for number in 0..count {
        writeln!(text, "{},\"{pattern}{number}\"", sites.page(number))?;
    }
    Ok(text)
}
