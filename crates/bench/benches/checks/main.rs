//! What a check costs. Prints tables; asserts nothing.
//!
//! `make bench-monitor CASE='[CASE]…'`, on the `monitor` that was built.

mod bare;
mod cases;
mod late;
mod machine;
mod records;
mod service;
mod site;
mod table;
mod telegraf;
mod timed;
mod watched;

use std::env;

use anyhow::{Result, bail};

/// All are measured unless some are named.
const CASES: [&str; 7] = [
    "cost-1000",
    "cost-200",
    "start",
    "start-100k",
    "hostile",
    "reload",
    "accuracy",
];

fn main() -> Result<()> {
    // Cargo adds `--bench` on its own.
    let arguments: Vec<String> = env::args().skip(1).filter(|it| it != "--bench").collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        // This program again, as the processes that it starts.
        [site::ROLE, folder] => runtime()?.block_on(site::run(folder.as_ref())),
        [bare::ROLE, ca_file, urls_file] => {
            runtime()?.block_on(bare::run(ca_file.as_ref(), urls_file.as_ref()))
        }
        [timed::ROLE, folder] => runtime()?.block_on(timed::run(folder.as_ref())),
        [] => runtime()?.block_on(run(&CASES)),
        ref named => runtime()?.block_on(run(named)),
    }
}

async fn run(named: &[&str]) -> Result<()> {
    if let Some(unknown) = named.iter().find(|name| !CASES.contains(name)) {
        let cases = CASES.join(", ");
        bail!("{unknown:?} is no case; those that there are: {cases}");
    }
    let bench = cases::Bench::start().await?;
    for name in named {
        match *name {
            "cost-1000" => cases::cost(&bench, 1_000).await?,
            "cost-200" => cases::cost(&bench, 200).await?,
            "start" => cases::start(&bench, 20_000).await?,
            "start-100k" => cases::start(&bench, 100_000).await?,
            "hostile" => cases::hostile(&bench).await?,
            "reload" => cases::reload(&bench).await?,
            "accuracy" => cases::accuracy(&bench).await?,
            forgotten => bail!("nothing measures the case {forgotten:?}"),
        }
    }
    Ok(())
}

/// As many threads as the monitor has on such a machine.
fn runtime() -> Result<tokio::runtime::Runtime> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    Ok(runtime)
}
