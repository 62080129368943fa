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

/// A process's processor time, how often its threads slept meanwhile, and how many pages there were.
#[derive(Clone, Copy, Default)]
struct Cost {
    time: Duration,
    sleeps: u64,
    pages: u64,
}

#[expect(clippy::cast_precision_loss, reason = "some hundred thousand")]
impl Cost {
    fn micros(&self) -> f64 {
        self.time.as_secs_f64() * 1e6 / self.pages.max(1) as f64
    }

    fn sleeps(&self) -> f64 {
        self.sleeps as f64 / self.pages.max(1) as f64
    }

    fn and(self, other: Self) -> Self {
        Self {
            time: self.time + other.time,
            sleeps: self.sleeps + other.sleeps,
            pages: self.pages + other.pages,
        }
    }
}

/// Prints it, for so many checks a second: of each round, and of all together, in which what one process
/// alone met (a machine of which others have a part) evens out.
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
    let mut all = vec![Cost::default(); 2 + usize::from(telegraf.is_some())];
    for round in 1..=rounds {
        let topic = format!("cost-{pace}-{round}");
        let monitor = bench.monitor(&sites, &topic, &targets, INTERVAL).await?;
        let mut costs = vec![measure(&monitor.process, &mut sites, warm_up).await?];
        monitor.stop().await?;
        warm_up = WARM_UP;
        let client = bare::start(&sites.ca_file, &urls_file)?;
        costs.push(measure(&client, &mut sites, WARM_UP).await?);
        drop(client);
        if let Some(program) = &telegraf {
            let folder = bench.folder.path();
            let process = telegraf::start(program, folder, &sites.ca_file, &urls)?;
            costs.push(measure(&process, &mut sites, WARM_UP).await?);
        }
        all = all
            .iter()
            .zip(&costs)
            .map(|(all, cost)| all.and(*cost))
            .collect();
        rows.push(line(pace, &round.to_string(), &costs));
    }
    rows.push(line(pace, "all", &all));
    table::print("Processor time of a check, HTTPS on loopback, 10 kB", &rows);
    Ok(())
}

/// What the monitor, the bare client and, where it is at hand, Telegraf cost.
fn line(pace: usize, round: &str, costs: &[Cost]) -> Vec<String> {
    let micros = |place: usize| costs.get(place).map(Cost::micros);
    let word = |place| {
        micros(place).map_or_else(|| "not at hand".to_owned(), |micros| format!("{micros:.0}"))
    };
    let ratio = micros(0).zip(micros(1)).map(|(ours, bare)| ours / bare);
    vec![
        pace.to_string(),
        round.to_owned(),
        word(0),
        word(1),
        format!("{:.2}", ratio.unwrap_or_default()),
        word(2),
        of_each(costs, |cost| format!("{:.1}", cost.sleeps())),
        of_each(costs, |cost| cost.pages.to_string()),
    ]
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
    Ok(Cost {
        time: process.processor_time()?.saturating_sub(time),
        sleeps: process.sleeps()?.saturating_sub(slept),
        pages: sites.pages().await? - given,
    })
}
