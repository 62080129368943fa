//! What a check costs, beside a bare client at the same pace.

use std::{env, fs, time::Duration};

use anyhow::{Context, Result};
use tokio::time::sleep;

use super::bench::{Bench, targets};
use crate::{
    bare,
    service::INTERVAL,
    site::Sites,
    table::{self, row},
    telegraf,
    watched::Watched,
};

/// How often each is measured, unless the environment says it.
const ROUNDS: usize = 3;
const ROUNDS_VARIABLE: &str = "ROUNDS";
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
    let rounds = env::var(ROUNDS_VARIABLE).map_or(Ok(ROUNDS), |rounds| rounds.parse());
    let rounds = rounds.context(ROUNDS_VARIABLE)?;
    let telegraf = telegraf::program()?;
    let mut rows = vec![row([
        "checks/s",
        "round",
        "monitor, µs",
        "bare client, µs",
        "ratio",
        "Telegraf, µs",
        "sleeps a check",
        "pages",
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
    for round in 1..=rounds {
        let topic = format!("cost-{pace}-{round}");
        let monitor = bench.monitor(&sites, &topic, &targets, INTERVAL).await?;
        let ours = measure(&monitor.process, &mut sites, warm_up).await?;
        monitor.stop().await?;
        warm_up = WARM_UP;
        let client = bare::start(&sites.ca_file, &urls_file)?;
        let bare = measure(&client, &mut sites, WARM_UP).await?;
        drop(client);
        let mut costs = vec![ours, bare];
        if let Some(program) = &telegraf {
            let folder = bench.folder.path();
            let process = telegraf::start(program, folder, &sites.ca_file, &urls)?;
            costs.push(measure(&process, &mut sites, WARM_UP).await?);
        }
        let micros = |cost: &Cost| format!("{:.0}", cost.micros);
        rows.push(vec![
            pace.to_string(),
            round.to_string(),
            micros(&ours),
            micros(&bare),
            format!("{:.2}", ours.micros / bare.micros),
            costs
                .get(2)
                .map_or_else(|| "not at hand".to_owned(), micros),
            of_each(&costs, |cost| format!("{:.1}", cost.sleeps)),
            of_each(&costs, |cost| cost.pages.to_string()),
        ]);
    }
    table::print("Processor time of a check, HTTPS on loopback, 10 kB", &rows);
    Ok(())
}

fn of_each(costs: &[Cost], word: impl Fn(&Cost) -> String) -> String {
    let words: Vec<String> = costs.iter().map(word).collect();
    words.join(", ")
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
