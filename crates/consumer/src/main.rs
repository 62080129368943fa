//! The program `consumer`: its command line.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use consumer::{
    VerifyOptions,
    settings::{self, MigrateSettings, Settings},
};
use jiff::Timestamp;
use service::{http, program};

/// How the program calls itself when it says what went wrong.
const NAME: &str = "consumer";

/// Stores every published result in PostgreSQL, exactly once.
#[derive(Parser)]
#[command(version)]
struct CommandLine {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Clone, Copy, Subcommand)]
enum Command {
    /// Run the service (the default).
    Run,
    /// Bring the database's tables up to date, and do nothing else.
    Migrate,
    /// Prove that each check that was due has its row, and each record read was dealt with.
    ///
    /// Prints what is unaccounted for; the exit status is 1 when anything is. A target is due at
    /// every interval that its own rows name. Each day of the period is added up by the server.
    Verify {
        /// From when on checks were due, as 2026-11-25T03:00:00Z; a day before the end when unset.
        #[arg(long, value_name = "TIME")]
        since: Option<Timestamp>,
        /// Until when; two minutes ago when unset.
        #[arg(long, value_name = "TIME")]
        until: Option<Timestamp>,
        /// As one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Ask the running service whether it is alive.
    Healthcheck,
}

fn main() -> ExitCode {
    let CommandLine { command } = program::parse(Settings::read);
    program::execute(NAME, execute(command.unwrap_or(Command::Run)))
}

async fn execute(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Run => program::run(NAME, Settings::read, consumer::run).await,
        Command::Migrate => consumer::migrate(program::read_and_log(MigrateSettings::read)?).await,
        Command::Verify { since, until, json } => {
            let options = VerifyOptions { since, until, json };
            consumer::verify(program::read_settings(MigrateSettings::read)?, options).await
        }
        Command::Healthcheck => {
            http::check_health(program::read_settings(settings::read_http_address)?).await
        }
    }
}
