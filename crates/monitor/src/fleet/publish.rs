//! `monitor targets publish`: writes the targets file into the topic.
//!
//! What is different is shown first (`difference`), then written (`write`); the topic is made where it is
//! missing (`topic`).

mod difference;
mod topic;
mod write;

use std::io::{self, BufRead, IsTerminal, Write};

use clap::Args;
use service::command_line::BadInput;

use self::{difference::Difference, topic::make_topic, write::write_all};
use super::{settings::PublishTargetsSettings, whole::read_whole};
use crate::targets::spell_rows;

/// How the file is written into the topic.
#[derive(Clone, Copy, Debug, Args)]
pub struct PublishOptions {
    /// Remove targets from the topic that the file lacks.
    #[arg(long)]
    prune: bool,
    /// Only show what would change.
    #[arg(long)]
    dry_run: bool,
    /// Write without asking.
    #[arg(long, short)]
    yes: bool,
}

/// Shows what is different, asks, and writes.
pub async fn publish(
    settings: PublishTargetsSettings,
    options: PublishOptions,
) -> anyhow::Result<()> {
    let PublishTargetsSettings {
        targets,
        fleet,
        kafka,
    } = settings;
    let file = targets.file.display();
    let spelled = spell_rows(&targets)?;
    let mut out = io::stdout().lock();
    for warning in &spelled.warnings {
        writeln!(out, "{file}: {warning}")?;
    }
    if !spelled.bad.is_empty() {
        for bad in &spelled.bad {
            writeln!(out, "{file}:{bad}")?;
        }
        let bad = spelled.bad.len();
        let story = format!("{file}: {bad} rows cannot be used, so that nothing is written");
        return Err(BadInput::new(story).into());
    }
    if spelled.rows.is_empty() {
        let story = format!("{file}: no row; there is nothing to publish");
        return Err(BadInput::new(story).into());
    }
    let there = read_whole(&kafka, &fleet).await?;
    let is_missing = there.is_none();
    let there = there.unwrap_or_default();
    let difference = Difference::between(&there, &spelled.rows, options.prune);
    if is_missing {
        let (topic, partitions) = (&fleet.topic, fleet.partitions);
        writeln!(
            out,
            "The topic {topic:?} is to be made, with {partitions} partitions"
        )?;
    }
    difference.show(&mut out)?;
    out.flush()?;
    let is_nothing = difference.is_nothing() && !is_missing;
    if is_nothing || options.dry_run || !(options.yes || is_agreed(&mut out)?) {
        return Ok(());
    }
    if is_missing {
        make_topic(&kafka, &fleet).await?;
    }
    write_all(&kafka, &fleet.topic, &difference).await?;
    writeln!(out, "Written")?;
    Ok(())
}

/// Asks a person. Where nobody can answer, that is said.
fn is_agreed(out: &mut impl Write) -> anyhow::Result<bool> {
    let input = io::stdin();
    if !input.is_terminal() {
        let story = "nobody is there to agree: add --yes to write, or --dry-run to only look";
        return Err(BadInput::new(story).into());
    }
    write!(out, "Write this? [y/N] ")?;
    out.flush()?;
    let mut answer = String::new();
    input.lock().read_line(&mut answer)?;
    let is_agreed = matches!(answer.trim().to_lowercase().as_str(), "y" | "yes");
    if !is_agreed {
        writeln!(out, "Nothing is written")?;
    }
    Ok(is_agreed)
}
