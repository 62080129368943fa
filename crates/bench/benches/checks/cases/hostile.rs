//! Sites that hang, never end, are slow, or explode, among those that are well.

use std::time::Duration;

use anyhow::Result;
use jiff::Timestamp;
use tokio::time::sleep;

use super::bench::{Bench, targets};
use crate::{
    machine::Machine,
    records::outcomes,
    table::{self, quantile, row},
};

const WELL: usize = 800;
const HOSTILE: usize = 200;
const BEHAVIOURS: [&str; 4] = ["hang", "endless", "slow", "bomb"];
const INTERVAL: Duration = Duration::from_secs(10);
const RUN: Duration = Duration::from_mins(1);

/// Prints it.
pub(crate) async fn hostile(bench: &Bench) -> Result<()> {
    let sites = bench.sites().await?;
    let behaviours = BEHAVIOURS.iter().cycle().take(HOSTILE).enumerate();
    let urls: Vec<String> = behaviours
        .map(|(number, behaviour)| sites.hostile(behaviour, number))
        .chain((0..WELL).map(|number| sites.page(number)))
        .collect();
    let monitor = bench
        .monitor(&sites, "hostile", &targets(&urls)?, INTERVAL)
        .await?;
    // What was due while it started was under way for it.
    monitor.until_said("Checking").await?;
    let (began, machine) = (Timestamp::now(), Machine::look()?);
    sleep(RUN).await;
    let busy = Machine::look()?.busy_since(&machine) * 100.0;
    let memory = monitor.process.memory_max_mib()?;
    let used = monitor.process.processor_time()?;
    monitor.stop().await?;
    let records = bench.records("hostile").await?;
    let mut rows = vec![row(["sites", "outcomes", "lag p50, ms", "lag p99, ms"])];
    for (name, is_well) in [
        (format!("{WELL} well"), true),
        (format!("{HOSTILE} hostile"), false),
    ] {
        let these = || {
            records
                .iter()
                .filter(|it| it.url.starts_with("https:") == is_well)
                .filter(|it| it.scheduled_at >= began)
        };
        let mut lags: Vec<f64> = these().filter_map(|record| record.lag_ms).collect();
        rows.push(vec![
            name,
            outcomes(these()),
            format!("{:.1}", quantile(&mut lags, 0.5)),
            format!("{:.1}", quantile(&mut lags, 0.99)),
        ]);
    }
    let cores = used.as_secs_f64() / RUN.as_secs_f64();
    table::print(
        &format!(
            "Every {} s, hostile sites among others: {memory:.0} MiB, {cores:.2} cores; all cores {busy:.0} % busy",
            INTERVAL.as_secs()
        ),
        &rows,
    );
    Ok(())
}
