//! The program `consumer`: its command line.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use consumer::settings::{self, MigrateSettings, Settings};
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
        Command::Healthcheck => {
            http::check_health(program::read_settings(settings::read_http_address)?).await
        }
    }
}
