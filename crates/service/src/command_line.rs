//! How a command ends: what it says, and its exit status.

use std::io::{self, IsTerminal, Write};

use thiserror::Error;
use tracing::Level;

use crate::{journal, settings::InvalidSettings};

/// Drained, or done.
const STATUS_DONE: u8 = 0;
/// Failed, or gave up draining.
const STATUS_FAILED: u8 = 1;
/// Bad settings or input.
const STATUS_BAD_INPUT: u8 = 2;
/// Nobody read the output to its end, as of `consumer status | head`: what a shell says of other programs, which
/// SIGPIPE ends then.
const STATUS_UNREAD: u8 = 141;

/// Input or a setting that the service cannot go on with: the user has to change it.
#[derive(Debug, Error)]
#[error("{0}")]
pub struct BadInput(String);

impl BadInput {
    /// What is wrong, with which input, and what the user can do.
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

/// An error that was printed or logged before the command's end.
#[derive(Debug, Error)]
#[error(transparent)]
pub struct Said(anyhow::Error);

impl Said {
    /// Keeps the error, whose status counts.
    pub fn new(error: anyhow::Error) -> Self {
        Self(error)
    }
}

/// The status of a command that has said everything, where its answer is not simply yes.
#[derive(Debug, Error)]
#[error("the status is {0}")]
pub struct Status(pub u8);

/// Prints what went wrong with a command, one readable line each.
pub fn say(command: &str, error: &anyhow::Error) {
    if error.is::<Said>() || error.is::<Status>() || is_unread(error) {
        return;
    }
    let prefix = if journal::is_standard_error() {
        journal::level_prefix(Level::ERROR)
    } else {
        ""
    };
    let mut stderr = io::stderr().lock();
    for line in lines(error) {
        // Nobody is left to tell when standard error is closed.
        writeln!(stderr, "{prefix}{command}: {line}").ok();
    }
}

/// Tells a person that there is nothing to print. A program that reads what is printed finds that by itself.
pub fn say_nothing_found(message: &str) {
    if io::stdout().is_terminal() {
        // Nobody is left to tell when standard error is closed.
        writeln!(io::stderr().lock(), "{message}").ok();
    }
}

/// The exit status of a command.
pub fn status_of(outcome: &anyhow::Result<()>) -> u8 {
    outcome.as_ref().map_or_else(status, |()| STATUS_DONE)
}

/// Whether the user has to change something before another start can do better.
pub fn is_bad_input(error: &anyhow::Error) -> bool {
    status(error) == STATUS_BAD_INPUT
}

fn lines(error: &anyhow::Error) -> Vec<String> {
    match error.downcast_ref::<InvalidSettings>() {
        Some(invalid) => invalid.problems().to_vec(),
        None => vec![format!("{error:#}")],
    }
}

/// What is written to others than standard output fails by an error type of its own.
fn is_unread(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

fn status(error: &anyhow::Error) -> u8 {
    if let Some(Status(status)) = error.downcast_ref() {
        return *status;
    }
    if let Some(Said(error)) = error.downcast_ref() {
        return status(error);
    }
    if is_unread(error) {
        return STATUS_UNREAD;
    }
    let bad_input = error
        .chain()
        .any(|cause| cause.is::<BadInput>() || cause.is::<InvalidSettings>());
    if bad_input {
        STATUS_BAD_INPUT
    } else {
        STATUS_FAILED
    }
}

#[cfg(test)]
mod tests {
    use anyhow::{Context, anyhow};

    use super::*;

    #[test]
    fn bad_input_is_known_under_any_context() {
        let error = Err::<(), _>(BadInput::new("no row"))
            .context("reading targets")
            .unwrap_err();
        assert_eq!(status(&error), STATUS_BAD_INPUT);
        assert_eq!(lines(&error), ["reading targets: no row"]);
        assert_eq!(status(&Said::new(error).into()), STATUS_BAD_INPUT);
        assert_eq!(status(&anyhow!("the disk is full")), STATUS_FAILED);
        assert_eq!(status(&Status(3).into()), 3);
    }

    #[test]
    fn an_output_that_nobody_reads_is_known_under_any_context() {
        let closed = || io::Error::from(io::ErrorKind::BrokenPipe);
        let error = Err::<(), _>(closed()).context("printing").unwrap_err();
        assert_eq!(
            [status(&error), status(&closed().into())],
            [STATUS_UNREAD; 2]
        );
        let full = io::Error::from(io::ErrorKind::StorageFull);
        assert_eq!(status(&full.into()), STATUS_FAILED);
    }
}
