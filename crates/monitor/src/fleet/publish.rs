//! `monitor targets publish`: writes the targets file into the topic.
//!
//! What is different is shown first (`difference`), then written (`write`); the topic is made where it is
//! missing (`topic`).

mod difference;
mod topic;
mod write;

use std::{
    io::{self, BufRead, IsTerminal, Write},
    path::Path,
};

use clap::Args;
use service::command_line::BadInput;

use self::{difference::Difference, topic::make_topic, write::write_all};
use super::{settings::PublishTargetsSettings, whole::read_whole};
use crate::targets::{SpelledRow, SpelledRows, spell_rows};

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
    let mut out = io::stdout().lock();
    let rows = usable_rows(spell_rows(&targets)?, &targets.file, &mut out)?;
    let there = read_whole(&kafka, &fleet).await?;
    let is_missing = there.is_none();
    let there = there.unwrap_or_default();
    let difference = Difference::between(&there, &rows, options.prune);
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

/// The rows, where all can be used: one that is left out would be taken for a target that left.
fn usable_rows(
    spelled: SpelledRows,
    file: &Path,
    out: &mut impl Write,
) -> anyhow::Result<Vec<SpelledRow>> {
    let SpelledRows {
        rows,
        bad,
        warnings,
    } = spelled;
    let file = file.display();
    for warning in warnings {
        writeln!(out, "{file}: {warning}")?;
    }
    for row in &bad {
        writeln!(out, "{file}:{row}")?;
    }
    if !bad.is_empty() {
        let bad = bad.len();
        let story = format!("{file}: {bad} rows cannot be used, so that nothing is written");
        return Err(BadInput::new(story).into());
    }
    if rows.is_empty() {
        let story = format!("{file}: no row; there is nothing to publish");
        return Err(BadInput::new(story).into());
    }
    Ok(rows)
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

#[cfg(test)]
mod tests {
    use std::{fs, time::Duration};

    use service::settings::Variables;

    use super::*;
    use crate::targets::{Format, TargetsSettings};

    /// What becomes of a file's rows: their urls or why there are none, and what is said besides.
    fn usable(content: &str) -> (Result<Vec<String>, String>, String) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("urls.csv");
        fs::write(&file, content).unwrap();
        let spelled = spell_rows(&TargetsSettings {
            file,
            format: Format::Csv,
            interval: Duration::from_mins(1),
            location: "here".into(),
            variables: Variables::default(),
        });
        let mut said = Vec::new();
        let rows = usable_rows(spelled.unwrap(), Path::new("urls.csv"), &mut said);
        let urls = rows.map(|rows| rows.into_iter().map(|row| row.url).collect());
        let said = String::from_utf8(said).unwrap();
        (urls.map_err(|error| error.to_string()), said)
    }

    #[test]
    fn a_file_with_a_bad_row_is_not_written_and_each_is_said_with_its_line() {
        let (rows, said) = usable("url\nhttps://a.example\nftp://b.example\nnowhere\n");
        assert_eq!(
            rows.unwrap_err(),
            "urls.csv: 2 rows cannot be used, so that nothing is written"
        );
        let lines: Vec<_> = said.lines().collect();
        assert_eq!(lines.len(), 2, "{said}");
        assert!(lines[0].starts_with("urls.csv:3: "), "{said}");
        assert!(lines[1].starts_with("urls.csv:4: "), "{said}");
    }

    #[test]
    fn a_file_without_rows_does_not_empty_the_topic() {
        let (rows, _) = usable("url\n");
        assert_eq!(
            rows.unwrap_err(),
            "urls.csv: no row; there is nothing to publish"
        );
    }

    #[test]
    fn what_is_only_odd_is_said_and_written_all_the_same() {
        let (rows, said) = usable("url,colour\nhttps://a.example,red\n");
        assert_eq!(rows.unwrap(), ["https://a.example"]);
        assert!(
            said.starts_with("urls.csv: ") && said.contains("colour"),
            "{said}"
        );
    }
}
