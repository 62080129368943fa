//! The program `consumer`: its command line.

use std::{process::ExitCode, time::Duration};

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use consumer::settings::{self, MigrateSettings, Settings};
use service::{command_line, http, settings::Reader, shutdown, telemetry::Metrics};

/// How long threads that cannot be stopped, such as one that asks Kafka, may hold up the exit.
const THREADS_TIMEOUT: Duration = Duration::from_millis(200);
/// Threads for tasks: PostgreSQL does the work, and each thread keeps memory of its own.
const TASK_THREADS_MAX: usize = 4;

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
    let matches = CommandLine::command()
        .after_help(settings::help())
        .get_matches();
    let command = CommandLine::from_arg_matches(&matches)
        .unwrap_or_else(|error| error.exit())
        .command
        .unwrap_or(Command::Run);
    command_line::finish("consumer", execute(command))
}

fn execute(command: Command) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(task_threads())
        .enable_all()
        .build()?;
    let outcome = runtime.block_on(async {
        let mut reader = Reader::from_environment();
        match command {
            Command::Run => {
                let settings = Settings::read(&mut reader);
                run(reader.finish(settings)?).await
            }
            Command::Migrate => {
                let settings = MigrateSettings::read(&mut reader);
                let settings = reader.finish(settings)?;
                settings.log.init()?;
                consumer::migrate(settings).await
            }
            Command::Healthcheck => {
                let address = settings::read_http_address(&mut reader);
                http::check_health(reader.finish(address)?).await
            }
        }
    });
    runtime.shutdown_timeout(THREADS_TIMEOUT);
    outcome
}

async fn run(settings: Settings) -> anyhow::Result<()> {
    settings.log.init()?;
    let metrics = Metrics::install()?;
    let stop = shutdown::on_signal()?;
    consumer::run(settings, metrics, stop).await
}

fn task_threads() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| cores.get().min(TASK_THREADS_MAX))
}
