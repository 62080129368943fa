//! What runs a program of ours: the command line with its settings, the runtime, the log, the
//! metrics, signals, the exit status.

use std::{
    io::{self, Write},
    time::Duration,
};

use clap::{CommandFactory, FromArgMatches};
use tracing::warn;

use crate::{
    command_line,
    defects::{self, DefectSettings, Reporter},
    leave,
    manual::{self, ManualOptions},
    settings::{InvalidSettings, Reader, Setting},
    signals::{self, Orders},
    telemetry::{LogSettings, Metric, Metrics},
};

/// How long threads that cannot be stopped, such as one that asks Kafka or seeks a pattern, may hold
/// up the exit.
const THREADS_TIMEOUT: Duration = Duration::from_millis(200);
/// Threads for tasks. Ours wait far more than they compute, and each thread keeps memory of its own.
const TASK_THREADS_MAX: usize = 4;

/// Containers are started again at once, and with `unless-stopped` for ever: by this they come to
/// one start in some minutes, and are seen as unhealthy meanwhile.
const BAD_SETTINGS_WAIT: Setting = Setting::optional(
    "BAD_SETTINGS_WAIT",
    "seconds that `run` waits after it has said what is wrong, before it ends with status 2",
);

/// Reads the command line. Below `--help`'s own text stand the settings that `read` reads, and the
/// log's.
pub fn parse<CommandLine, Settings>(read: impl FnOnce(&mut Reader) -> Settings) -> CommandLine
where
    CommandLine: CommandFactory + FromArgMatches,
{
    let matches = CommandLine::command()
        .after_help(all_of(read).help())
        .get_matches();
    CommandLine::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
}

/// Writes the man pages and the completions of a command line whose settings are those that `read` reads.
pub fn write_manual<CommandLine, Settings>(
    read: impl FnOnce(&mut Reader) -> Settings,
    options: &ManualOptions,
) -> anyhow::Result<()>
where
    CommandLine: CommandFactory,
{
    manual::write(CommandLine::command(), all_of(read).read(), options)
}

/// Has read all the settings of a service, of which none is set.
fn all_of<Settings>(read: impl FnOnce(&mut Reader) -> Settings) -> Reader {
    let mut reader = Reader::from_pairs(&[]);
    read(&mut reader);
    Common::read(&mut reader);
    reader
}

/// What every program reads after its own settings.
struct Common {
    log: LogSettings,
    defects: DefectSettings,
    warnings: Vec<String>,
}

impl Common {
    fn read(reader: &mut Reader) -> Self {
        let log = LogSettings::read(reader);
        reader.optional_seconds(&BAD_SETTINGS_WAIT);
        Self {
            log,
            defects: DefectSettings::read(reader),
            warnings: reader.warnings(),
        }
    }
}

/// A program's own settings, and what every one reads.
fn read_all<Settings>(
    read: impl FnOnce(&mut Reader) -> Settings,
) -> Result<(Settings, Common), InvalidSettings> {
    let mut reader = Reader::from_environment();
    let settings = read(&mut reader);
    let common = Common::read(&mut reader);
    reader.finish((settings, common))
}

/// Does a command's work on a runtime of its own, says how it ended, and ends the process.
pub fn execute(name: &str, work: impl Future<Output = anyhow::Result<()>>) -> ! {
    let outcome = on_runtime(async {
        let outcome = work.await;
        if let Err(error) = &outcome {
            command_line::say(name, error);
        }
        outcome
    });
    leave::with_status(command_line::status_of(&outcome))
}

fn on_runtime(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads.min(TASK_THREADS_MAX))
        .enable_all()
        .build()?;
    let outcome = runtime.block_on(work);
    runtime.shutdown_timeout(THREADS_TIMEOUT);
    outcome
}

/// Runs a service: its settings are read, its log, metrics and ear for signals are started. Where the
/// user has to change something first, that is said at once, and the end waits for
/// `BAD_SETTINGS_WAIT`.
pub async fn run<Settings, Run>(
    name: &str,
    numbers: &[Metric],
    read: impl FnOnce(&mut Reader) -> Settings,
    run: impl FnOnce(Settings, Metrics, Orders) -> Run,
) -> anyhow::Result<()>
where
    Run: Future<Output = anyhow::Result<()>>,
{
    let orders = signals::listen()?;
    let stop = orders.stop.clone();
    let outcome = async {
        let (settings, common) = read_all(read)?;
        let reporter = Reporter::start(common.defects, name)?;
        start_log(common.log, reporter, &common.warnings)?;
        run(settings, Metrics::install(numbers)?, orders).await
    };
    let outcome = outcome.await;
    if let Err(error) = &outcome
        && !command_line::is_bad_input(error)
    {
        defects::report_end(name, error);
    }
    defects::flush();
    let Err(error) = outcome else {
        return Ok(());
    };
    // That this setting is wrong itself is said with the others.
    let mut reader = Reader::from_environment();
    let wait = reader.optional_seconds(&BAD_SETTINGS_WAIT);
    match reader.finish(wait) {
        Ok(Some(wait)) if command_line::is_bad_input(&error) => {
            command_line::say(name, &error);
            stop.run_until_cancelled(tokio::time::sleep(wait)).await;
            Err(command_line::Said::new(error).into())
        }
        _ => Err(error),
    }
}

/// Reads the settings that `run` reads, with the files that they name, and says that they are right: all that
/// is wrong is said at once, and the exit status is 2.
pub fn check<Settings>(
    name: &str,
    read: impl FnOnce(&mut Reader) -> Settings,
) -> anyhow::Result<()> {
    let (_, common) = read_all(read)?;
    let mut out = io::stdout().lock();
    for warning in common.warnings {
        writeln!(out, "{name}: {warning}")?;
    }
    writeln!(out, "{name}: the settings are right")?;
    Ok(())
}

/// The settings of a command that logs, and starts the log.
pub fn read_and_log<Settings>(
    read: impl FnOnce(&mut Reader) -> Settings,
) -> anyhow::Result<Settings> {
    let (settings, common) = read_all(read)?;
    start_log(common.log, None, &common.warnings)?;
    Ok(settings)
}

fn start_log(
    log: LogSettings,
    reporter: Option<Reporter>,
    warnings: &[String],
) -> anyhow::Result<()> {
    log.init(reporter)?;
    for warning in warnings {
        warn!("{warning}");
    }
    Ok(())
}

/// The settings of a command that prints.
pub fn read_settings<Settings>(
    read: impl FnOnce(&mut Reader) -> Settings,
) -> Result<Settings, InvalidSettings> {
    let mut reader = Reader::from_environment();
    let settings = read(&mut reader);
    reader.finish(settings)
}
