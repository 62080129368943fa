//! `monitor check URL`: one check made now, by the way that the service's checks go, and shown.

mod answered;
mod bar;
mod facts;
mod once;
mod options;
mod story;
mod text;
mod wrap;

use std::io::Write;

use anyhow::Context;
use messages::OutcomeKind;
use service::command_line::Status;

pub use self::options::TargetOptions;
use crate::{clock::now, listing::Style, settings::CheckSettings};

/// The site is down.
const STATUS_DOWN: u8 = 1;
/// Nobody looked: nothing is said of the site.
const STATUS_NOT_LOOKED: u8 = 3;

/// Checks the target and prints what was seen. A site that is not up is the exit status.
pub async fn check(
    settings: CheckSettings,
    options: &TargetOptions,
    style: Style,
) -> anyhow::Result<()> {
    let target = options.target(&settings.variables)?;
    let (result, story) = once::check_once(settings, target).await?;
    let mut out = anstream::stdout().lock();
    let printed = match style {
        Style::Text => out.write_all(text::text(&result, &story, now()).as_bytes()),
        Style::Json => out
            .write_all(&result.to_json())
            .and_then(|()| out.write_all(b"\n")),
    };
    printed
        .and_then(|()| out.flush())
        .context("printing what was seen")?;
    Ok(answer(result.kind())?)
}

/// The exit status of an outcome.
fn answer(kind: OutcomeKind) -> Result<(), Status> {
    match kind {
        OutcomeKind::Up => Ok(()),
        OutcomeKind::Down => Err(Status(STATUS_DOWN)),
        OutcomeKind::Missed | OutcomeKind::Skipped => Err(Status(STATUS_NOT_LOOKED)),
    }
}

#[cfg(test)]
mod tests;
