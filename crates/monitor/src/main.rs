//! The program `monitor`: its command line.

use clap::{Args, Parser, Subcommand};
use monitor::{
    Style,
    check::{self, TargetOptions},
    fleet::{self, PublishOptions},
    settings::{self, CheckSettings, ListingSettings, Settings},
};
use service::{http, manual::ManualOptions, program};

/// How the program calls itself when it says what went wrong.
const NAME: &str = "monitor";

/// Checks websites at every interval and publishes what it saw to Kafka.
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
    /// Only say whether the settings are right, and the files that they name; `targets` checks that of the targets; the exit status is 2 where not.
    #[arg(long)]
    check: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Run the service (the default).
    Run {
        #[command(flatten)]
        options: RunOptions,
    },
    /// Print what would be checked and when, and every bad row of the targets file, or record of their topic.
    #[command(args_conflicts_with_subcommands = true)]
    Targets {
        /// As one JSON object.
        #[arg(long)]
        json: bool,
        #[command(subcommand)]
        command: Option<TargetsCommand>,
    },
    /// Check a website once, now, and print what was seen. Needs no Kafka and no settings.
    ///
    /// Exit status: 0 up, 1 down, 3 when it was us who could not look, 2 bad input.
    Check {
        #[command(flatten)]
        target: TargetOptions,
        /// As the record that the service would publish.
        #[arg(long)]
        json: bool,
    },
    /// Ask the running service whether it is alive.
    Healthcheck,
    /// Write man pages and the shells' completions, as the packages have them.
    #[command(hide = true)]
    Manual(ManualOptions),
}

#[derive(Subcommand)]
enum TargetsCommand {
    /// Write the targets file into the topic of targets, which is made where it is missing.
    ///
    /// What is different is shown first: + new, ~ changed, - removed, ? only in the topic.
    Publish(PublishOptions),
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
            program::run(NAME, monitor::numbers::ALL, Settings::read, monitor::run).await
        }
        Command::Targets {
            command: Some(TargetsCommand::Publish(options)),
            ..
        } => {
            let settings = program::read_settings(settings::read_publish_targets)?;
            fleet::publish(settings, options).await
        }
        Command::Targets {
            json,
            command: None,
        } => {
            let settings = program::read_settings(ListingSettings::read)?;
            let style = if json { Style::Json } else { Style::Text };
            monitor::print_targets(&settings, style).await
        }
        Command::Check { target, json } => {
            let settings = program::read_settings(CheckSettings::read)?;
            let style = if json { Style::Json } else { Style::Text };
            check::check(settings, &target, style).await
        }
        Command::Manual(options) => {
            program::write_manual::<CommandLine, _>(Settings::read, &options)
        }
        Command::Healthcheck => {
            http::check_health(program::read_settings(settings::read_http_address)?).await
        }
    }
}
