//! The program `consumer`: its command line.

use clap::{Args, Parser, Subcommand};
use consumer::{
    AlertTestSettings, LetterFilter, MaintenanceOptions, VerifyOptions,
    settings::{self, MigrateSettings, RedriveSettings, Settings},
};
use jiff::Timestamp;
use service::{http, manual::ManualOptions, program};
use tikv_jemallocator::Jemalloc;

/// The system's own keeps most of what a backlog took, also the Kafka client's, which is served by this
/// one, too. This one gives it back within seconds.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

/// How the program calls itself when it says what went wrong.
const NAME: &str = "consumer";

/// Stores every published result in PostgreSQL, exactly once.
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct CommandLine {
    #[command(flatten)]
    options: RunOptions,
    #[command(subcommand)]
    command: Option<Command>,
}

/// How the service is run.
#[derive(Clone, Copy, Args)]
struct RunOptions {
    /// Only say whether the settings are right, and the files that they name (`ALERTS_FILE`); the exit status is 2 where not.
    #[arg(long)]
    check: bool,
}

#[derive(Clone, Subcommand)]
enum Command {
    /// Run the service (the default).
    Run {
        #[command(flatten)]
        options: RunOptions,
    },
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
    /// Try dead letters again, and say what became of each.
    ///
    /// Each is judged as if it were read from Kafka now, under the topic, partition, offset and time
    /// that it had. Its row is stored and the letter removed in one transaction.
    Redrive {
        #[command(flatten)]
        filter: LetterFilter,
        /// Only say which could be tried: those whose bytes can be read.
        #[arg(long)]
        dry_run: bool,
    },
    /// Show or remove records that could not become rows.
    #[command(subcommand)]
    DeadLetters(LettersCommand),
    /// Say when websites are worked on: their checks then count for nothing, and nobody is alerted.
    #[command(subcommand)]
    Maintenance(MaintenanceCommand),
    /// Print how far each partition is stored, who owns it, what records became, what is not done yet, when
    /// locations were heard, and sizes by day.
    Status {
        /// As one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Send a test alert to a receiver of `ALERTS_FILE`, which is checked on the way.
    AlertTest {
        /// The receiver's name.
        name: String,
    },
    /// Ask the running service whether it is alive.
    Healthcheck,
    /// Write man pages and the shells' completions, as the packages have them.
    #[command(hide = true)]
    Manual(ManualOptions),
}

#[derive(Clone, Subcommand)]
enum LettersCommand {
    /// Print a line for each.
    List {
        #[command(flatten)]
        filter: LetterFilter,
        /// As one JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Print one with its bytes, as text where they are.
    Show {
        /// Which, by its id.
        id: i64,
        /// As one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Remove them for good.
    Remove {
        #[command(flatten)]
        filter: LetterFilter,
        /// All of them.
        #[arg(long)]
        all: bool,
    },
}

#[derive(Clone, Subcommand)]
enum MaintenanceCommand {
    /// Add a window, once or again and again, also one that is over.
    ///
    /// A recurring window is days, time, duration and time zone: "Mon,Thu 23:00 1h Europe/Amsterdam",
    /// "daily 02:30 45m UTC". One that is added while it is under way counts from its beginning.
    Add(MaintenanceOptions),
    /// Print the windows that are not over, but for those of targets.
    List {
        /// As one JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Remove a window: it ends now, and what it was until now stays.
    Remove {
        /// Which, by its id.
        id: i64,
    },
}

fn main() -> ! {
    let CommandLine { options, command } = program::parse(Settings::read);
    program::execute(NAME, execute(command.unwrap_or(Command::Run { options })))
}

async fn execute(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Run {
            options: RunOptions { check: true },
        } => program::check(NAME, Settings::read),
        Command::Run { .. } => {
            let numbers = [consumer::numbers::ALL, database::numbers::ALL].concat();
            program::run(NAME, &numbers, Settings::read, consumer::run).await
        }
        Command::Migrate => consumer::migrate(program::read_and_log(MigrateSettings::read)?).await,
        Command::Verify { since, until, json } => {
            let options = VerifyOptions { since, until, json };
            consumer::verify(program::read_settings(MigrateSettings::read)?, options).await
        }
        Command::Redrive { filter, dry_run } => {
            let settings = program::read_settings(RedriveSettings::read)?;
            consumer::redrive(settings, filter, dry_run).await
        }
        Command::DeadLetters(command) => {
            let settings = program::read_settings(MigrateSettings::read)?;
            match command {
                LettersCommand::List { filter, json } => {
                    consumer::list(settings, filter, json).await
                }
                LettersCommand::Show { id, json } => consumer::show(settings, id, json).await,
                LettersCommand::Remove { filter, all } => {
                    consumer::remove(settings, filter, all).await
                }
            }
        }
        Command::Maintenance(command) => {
            let settings = program::read_settings(MigrateSettings::read)?;
            match command {
                MaintenanceCommand::Add(options) => {
                    consumer::add_maintenance(settings, options).await
                }
                MaintenanceCommand::List { json } => {
                    consumer::list_maintenance(settings, json).await
                }
                MaintenanceCommand::Remove { id } => {
                    consumer::remove_maintenance(settings, id).await
                }
            }
        }
        Command::Status { json } => {
            consumer::status(program::read_settings(Settings::read)?, json).await
        }
        Command::AlertTest { name } => {
            let settings = program::read_settings(AlertTestSettings::read)?;
            consumer::alert_test(settings, &name).await
        }
        Command::Manual(options) => {
            program::write_manual::<CommandLine, _>(Settings::read, &options)
        }
        Command::Healthcheck => {
            http::check_health(program::read_settings(settings::read_http_address)?).await
        }
    }
}
