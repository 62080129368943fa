//! `make torture`: hurts consumers, Kafka and PostgreSQL, and says whether each record is stored
//! exactly once. Exit status 1: it is not, and what differs.

use std::{
    env,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result};
use clap::Parser;
use torture::{Plan, run};

/// Hurts consumers, Kafka and PostgreSQL, and says whether each record is stored exactly once.
#[derive(Debug, Parser)]
struct Arguments {
    /// Decides records and faults; another one each time unless set.
    #[arg(long)]
    seed: Option<u64>,
    /// Records that are sent.
    #[arg(long, default_value_t = 50_000)]
    records: u64,
    /// Faults, one after the other.
    #[arg(long, default_value_t = 60)]
    faults: usize,
    /// Only faults whose names hold this.
    #[arg(long, default_value = "")]
    only: String,
    /// Records come as fast as they can be sent while a fault is under way.
    #[arg(long)]
    burst: bool,
    /// A further setting of the consumers.
    #[arg(long, value_name = "NAME=VALUE", value_parser = setting)]
    set: Vec<(String, String)>,
    /// The consumer's program, unless it is the one that was built beside this.
    #[arg(long)]
    consumer: Option<PathBuf>,
    /// A folder in which the consumers' logs are kept.
    #[arg(long)]
    logs: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let plan = Plan {
        seed: arguments
            .seed
            .unwrap_or_else(|| u64::from(std::process::id())),
        records: arguments.records,
        faults: arguments.faults,
        only: arguments.only,
        is_burst: arguments.burst,
        settings: arguments.set,
        consumer: arguments
            .consumer
            .as_deref()
            .map_or_else(built_beside, given)?,
        logs: arguments.logs,
    };
    let verdict = run(plan, |line| println!("{line}")).await?;
    println!("{verdict}");
    Ok(if verdict.is_well() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn setting(text: &str) -> Result<(String, String)> {
    let (name, value) = text.split_once('=').context("not NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// The program that somebody names: it runs in a folder of its own, where a path from here leads nowhere.
fn given(program: &Path) -> Result<PathBuf> {
    let whole = program.canonicalize();
    whole.with_context(|| format!("looking for the consumer {}", program.display()))
}

/// The consumer in the folder above that of the examples.
fn built_beside() -> Result<PathBuf> {
    let here = env::current_exe().context("looking for our own program")?;
    let folder = here.ancestors().nth(2).context("no folder above our own")?;
    Ok(folder.join("consumer"))
}
