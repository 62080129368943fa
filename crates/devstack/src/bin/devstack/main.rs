//! `devstack`: the local Kafka and PostgreSQL, and what runs on them, from the command line.

mod interrupt;
mod up;
mod with;

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

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
    /// Run a command on a fast stack of its own, which ends with it
    With {
        /// The command; `DEVSTACK_BOOTSTRAP_SERVERS` and `DEVSTACK_PG_URI` tell it where the stack is
        #[arg(last = true, required = true, value_name = "COMMAND")]
        command: Vec<OsString>,
    },
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    match Arguments::parse().command {
        Command::Up => up::up().await,
        Command::Down => up::down().await,
        Command::With { command } => with::with(&command).await,
    }
}
