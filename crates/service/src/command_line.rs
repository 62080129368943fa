//! How a command ends: what it says, and its exit status.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use thiserror::Error;

use crate::settings::InvalidSettings;

/// Drained, or done.
const STATUS_DONE: u8 = 0;
/// Failed, or gave up draining.
const STATUS_FAILED: u8 = 1;
/// Bad settings or input.
const STATUS_BAD_INPUT: u8 = 2;

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

/// Ends a command: prints what went wrong, one readable line each, and gives the exit status.
pub fn finish(command: &str, outcome: anyhow::Result<()>) -> ExitCode {
    let Err(error) = outcome else {
        return ExitCode::from(STATUS_DONE);
    };
    let mut stderr = io::stderr().lock();
    for line in lines(&error) {
        // Nobody is left to tell when standard error is closed.
        writeln!(stderr, "{command}: {line}").ok();
    }
    ExitCode::from(status(&error))
}

fn lines(error: &anyhow::Error) -> Vec<String> {
    match error.downcast_ref::<InvalidSettings>() {
        Some(invalid) => invalid.problems().to_vec(),
        None => vec![format!("{error:#}")],
    }
}

fn status(error: &anyhow::Error) -> u8 {
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
        assert_eq!(status(&anyhow!("the disk is full")), STATUS_FAILED);
    }
}
