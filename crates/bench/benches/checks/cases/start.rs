//! Many targets, from the first second on.

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

const INTERVAL: Duration = Duration::from_mins(1);
/// The herd of the slots under way, and the whole of another interval.
const RUN: Duration = Duration::from_secs(75);
/// The part of it that begins with the start.
const FIRST: Duration = Duration::from_secs(10);
/// The last part, when the herd is gone.
const STEADY: Duration = Duration::from_secs(15);

/// Prints it.
pub(crate) async fn start(bench: &Bench, count: usize) -> Result<()> {
    let mut rows = vec![row([
        "targets",
        "outcomes",
        "of due",
        "lag p99 first 10 s, ms",
        "lag p99, ms",
        "memory, MiB",
        "cores while steady",
        "all cores busy",
    ])];
    let sites = bench.sites().await?;
    let urls: Vec<String> = (0..count).map(|number| sites.page(number)).collect();
    let topic = format!("start-{count}");
    let targets = targets(&urls)?;
    let monitor = bench.monitor(&sites, &topic, &targets, INTERVAL).await?;
    // What was due while it started was under way for it.
    monitor.until_said("Checking").await?;
    let began = Timestamp::now();
    sleep(RUN.saturating_sub(STEADY)).await;
    let before = monitor.process.processor_time()?;
    let machine = Machine::look()?;
    sleep(STEADY).await;
    let busy = Machine::look()?.busy_since(&machine);
    let used = monitor.process.processor_time()?.saturating_sub(before);
    let memory = monitor.process.memory_max_mib()?;
    let ended = Timestamp::now();
    monitor.stop().await?;
    let records = bench.records(&topic).await?;
    let came_due = || records.iter().filter(|it| it.scheduled_at >= began);
    let lags = |until: Timestamp| -> Vec<f64> {
        let due = came_due().filter(|record| record.scheduled_at < until);
        due.filter_map(|record| record.lag_ms).collect()
    };
    let due = came_due().filter(|it| it.scheduled_at < ended).count();
    let expected = count * usize::try_from(RUN.as_secs())? / usize::try_from(INTERVAL.as_secs())?;
    rows.push(vec![
        count.to_string(),
        outcomes(records.iter()),
        format!("{due} of about {expected}"),
        format!(
            "{:.1}",
            quantile(&mut lags(began.checked_add(FIRST)?), 0.99)
        ),
        format!("{:.1}", quantile(&mut lags(ended), 0.99)),
        format!("{memory:.0}"),
        format!("{:.2}", used.as_secs_f64() / STEADY.as_secs_f64()),
        format!("{:.0} %", busy * 100.0),
    ]);
    table::print("Every target once a minute, from the start on", &rows);
    Ok(())
}
