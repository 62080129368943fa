//! `devstack`: the local Kafka and PostgreSQL, and what runs on them, from the command line.

mod exec;
mod interrupt;
mod registry;
mod rows;
mod run;
mod service;
mod settings;
mod taken;
mod up;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use devstack::{Dataset, say};

use rows::Database;
use service::Service;

/// Local Kafka, PostgreSQL and sample sites for websites-monitor.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start Kafka and PostgreSQL in the background, where they do not run yet
    Up,
    /// Stop what `up` started; the data stays
    Down,
    /// Run everything in this terminal until Ctrl-C: Kafka, PostgreSQL and both services
    Run {
        /// Check sample sites of our own instead of the targets file
        #[arg(long)]
        demo: bool,
    },
    /// Print the last rows as a table
    Rows {
        /// Those of the sample sites
        #[arg(long)]
        demo: bool,
        /// Those of the local database, also where `PG_URI` names another
        #[arg(long)]
        local: bool,
    },
    /// Run a schema registry in this terminal until Ctrl-C, to try Avro with
    Registry,
    /// Become one service, by the environment's or .env's settings, else on the local stack
    Exec {
        /// Which one
        service: Service,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let ended = obey(Arguments::parse().command).await;
    ended.unwrap_or_else(|error| {
        say(format_args!("Error: {error:#}"));
        ExitCode::FAILURE
    })
}

async fn obey(command: Command) -> Result<ExitCode> {
    match command {
        Command::Up => up::up().await,
        Command::Down => up::down().await,
        Command::Run { demo } => run::run(dataset(demo)).await,
        Command::Rows { demo, local } if demo || local => {
            rows::rows(Database::Local(dataset(demo))).await
        }
        Command::Rows { .. } => rows::rows(Database::AsSet).await,
        Command::Registry => registry::registry().await,
        Command::Exec { service } => exec::exec(service).await,
    }
}

fn dataset(demo: bool) -> Dataset {
    if demo { Dataset::Demo } else { Dataset::Own }
}
