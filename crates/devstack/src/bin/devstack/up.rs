//! `devstack up` and `devstack down`: the stack alone, in the background.

use std::process::ExitCode;

use anyhow::Result;
use devstack::{Dataset, Lifetime, Stack, home, lock, say};

pub(crate) async fn up() -> Result<ExitCode> {
    let home = home()?;
    let _lock = lock(&home).await?;
    let mut stack = Stack::in_home(&home, Lifetime::Lasting)?;
    let word = if stack.is_running() {
        "already run"
    } else {
        "run"
    };
    stack.start(Dataset::Own).await?;
    let settings = stack.write_settings(&home)?;
    say(format_args!(
        "Kafka ({}) and PostgreSQL {word}; their settings are in {}",
        stack.kafka.bootstrap(),
        settings.display()
    ));
    Ok(ExitCode::SUCCESS)
}

pub(crate) async fn down() -> Result<ExitCode> {
    let home = home()?;
    if !home.is_dir() {
        say("Nothing was ever started here");
        return Ok(ExitCode::SUCCESS);
    }
    let _lock = lock(&home).await?;
    let mut stack = Stack::in_home(&home, Lifetime::Lasting)?;
    stack.stop().await?;
    say(format_args!(
        "Kafka and PostgreSQL are stopped; their data is kept in {}",
        stack.whereabouts(&home)
    ));
    Ok(ExitCode::SUCCESS)
}
