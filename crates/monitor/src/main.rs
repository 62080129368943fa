//! The program `monitor`: its command line.

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use monitor::settings::{self, Settings};
use service::{command_line, http, settings::Reader, shutdown, telemetry::Metrics};

/// How long threads that cannot be stopped, such as one that seeks a pattern, may hold up the exit.
const THREADS_TIMEOUT: std::time::Duration = std::time::Duration::from_millis(200);
/// Threads for tasks: probes wait far more than they compute, and each thread keeps memory of its
/// own.
const TASK_THREADS_MAX: usize = 4;

/// Checks websites at every interval and publishes what it saw to Kafka.
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
    /// Print what would be checked and when, and every bad row of the targets file.
    Targets,
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
    command_line::finish("monitor", execute(command))
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
            Command::Targets => {
                let settings = settings::read_targets(&mut reader);
                monitor::print_targets(&reader.finish(settings)?)
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
    monitor::run(settings, metrics, stop).await
}

fn task_threads() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| cores.get().min(TASK_THREADS_MAX))
}
