//! What a check costs, beside a bare client at the same pace.

use std::{fs, time::Duration};

use anyhow::Result;
use tokio::time::sleep;

use super::bench::{Bench, targets};
use crate::{
    bare,
    service::INTERVAL,
    site::Sites,
    table::{self, row},
    watched::Watched,
};

const ROUNDS: usize = 3;
/// A broker that has just started is slow for about ten seconds.
const BROKER_WARM_UP: Duration = Duration::from_secs(12);
const WARM_UP: Duration = Duration::from_secs(5);
const WINDOW: Duration = Duration::from_secs(12);

/// A process's time for a page, how often its threads slept for it, and how many pages there were.
#[derive(Clone, Copy)]
struct Cost {
    micros: f64,
    sleeps: f64,
    pages: u64,
}

/// Prints it, for so many checks a second.
pub(crate) async fn cost(bench: &Bench, pace: usize) -> Result<()> {
    let mut rows = vec![row([
        "checks/s",
        "round",
        "monitor, µs",
        "bare client, µs",
        "ratio",
        "sleeps a check of each",
        "pages of each",
    ])];
    let mut warm_up = BROKER_WARM_UP;
    let mut sites = bench.sites().await?;
    let interval = usize::try_from(INTERVAL.as_secs())?;
    let urls: Vec<String> = (0..pace * interval)
        .map(|number| sites.page(number))
        .collect();
    let urls_file = bench.folder.path().join("urls");
    fs::write(&urls_file, urls.join("\n"))?;
    let targets = targets(&urls)?;
    for round in 1..=ROUNDS {
        let topic = format!("cost-{pace}-{round}");
        let monitor = bench.monitor(&sites, &topic, &targets, INTERVAL).await?;
        let ours = measure(&monitor.process, &mut sites, warm_up).await?;
        monitor.stop().await?;
        warm_up = WARM_UP;
        let client = bare::start(&sites.ca_file, &urls_file)?;
        let bare = measure(&client, &mut sites, WARM_UP).await?;
        drop(client);
        rows.push(vec![
            pace.to_string(),
            round.to_string(),
            format!("{:.0}", ours.micros),
            format!("{:.0}", bare.micros),
            format!("{:.2}", ours.micros / bare.micros),
            format!("{:.1} and {:.1}", ours.sleeps, bare.sleeps),
            format!("{} and {}", ours.pages, bare.pages),
        ]);
    }
    table::print("Processor time of a check, HTTPS on loopback, 10 kB", &rows);
    Ok(())
}

async fn measure(process: &Watched, sites: &mut Sites, warm_up: Duration) -> Result<Cost> {
    sleep(warm_up).await;
    let (time, slept) = (process.processor_time()?, process.sleeps()?);
    let given = sites.pages().await?;
    sleep(WINDOW).await;
    let time = process.processor_time()?.saturating_sub(time);
    let slept = process.sleeps()?.saturating_sub(slept);
    let pages = sites.pages().await? - given;
    #[expect(clippy::cast_precision_loss, reason = "some hundred thousand")]
    let a_page = |number: u64| number as f64 / pages.max(1) as f64;
    Ok(Cost {
        micros: time.as_secs_f64() * 1e6 * a_page(1),
        sleeps: a_page(slept),
        pages,
    })
}
