//! Dead letters, for a person and as JSON. Bytes are text where they are.

use std::io::{self, Write};

use anyhow::anyhow;
use database::Database;
use serde_json::{Value, json};
use service::command_line::{BadInput, say_nothing_found};

use super::letter::{Letter, LetterFilter, Letters};
use crate::settings::MigrateSettings;

/// Characters of a line in a list.
const COLUMNS_MAX: usize = 120;

/// Prints a line a letter, or JSON.
pub async fn list(
    settings: MigrateSettings,
    filter: LetterFilter,
    json: bool,
) -> anyhow::Result<()> {
    let database = Database::new(&settings.database)?;
    let explain = |error| anyhow!("{}", database.explain(&error));
    let mut letters = Letters::new(&database, &filter).await.map_err(explain)?;
    let mut are_none = true;
    loop {
        let page = letters.next().await.map_err(explain)?;
        if page.is_empty() {
            break;
        }
        are_none = false;
        let mut out = io::stdout().lock();
        for letter in page {
            if json {
                writeln!(out, "{}", letter.json())?;
            } else {
                writeln!(out, "{}", within_columns(letter.line()))?;
            }
        }
    }
    if are_none && !json {
        say_nothing_found(if filter.is_empty() {
            "there are no dead letters"
        } else {
            "there are no such dead letters"
        });
    }
    Ok(())
}

/// Prints a letter with its bytes.
pub async fn show(settings: MigrateSettings, id: i64, json: bool) -> anyhow::Result<()> {
    let database = Database::new(&settings.database)?;
    let explain = |error| anyhow!("{}", database.explain(&error));
    let filter = LetterFilter {
        ids: vec![id],
        ..LetterFilter::default()
    };
    let mut letters = Letters::new(&database, &filter).await.map_err(explain)?;
    let page = letters.next().await.map_err(explain)?;
    let Some(letter) = page.first() else {
        return Err(BadInput::new(format!("there is no dead letter {id}")).into());
    };
    let mut out = io::stdout().lock();
    if json {
        writeln!(out, "{}", letter.json())?;
    } else {
        writeln!(out, "{}", letter.whole())?;
    }
    Ok(())
}

/// Removes letters for good. All of them only where that is said.
pub async fn remove(
    settings: MigrateSettings,
    filter: LetterFilter,
    all: bool,
) -> anyhow::Result<()> {
    if filter.is_empty() != all {
        let message = "say which dead letters to remove (--id, --reason, --since), or --all";
        return Err(BadInput::new(message).into());
    }
    let database = Database::new(&settings.database)?;
    let removed = filter.remove(&database).await;
    let removed = removed.map_err(|error| anyhow!("{}", database.explain(&error)))?;
    writeln!(io::stdout().lock(), "removed: {removed}")?;
    Ok(())
}

impl Letter {
    /// Where its record stood.
    pub(super) fn place(&self) -> String {
        format!("{} {}@{}", self.topic, self.partition, self.offset)
    }

    fn line(&self) -> String {
        let (id, place, reason) = (self.id, self.place(), &self.reason);
        let error = printable(&self.error).replace(['\n', '\t'], " ");
        let stored = self
            .created_at
            .map_or_else(String::new, |it| it.to_string());
        format!("{id}  {stored}  {place}  {reason}  {error}")
    }

    pub(super) fn whole(&self) -> String {
        let timestamp = self
            .timestamp
            .map_or("none".to_owned(), |it| it.to_string());
        format!(
            "{}\nrecord's timestamp: {timestamp}\nkey: {}\nvalue: {}",
            self.line(),
            self.key.as_deref().map_or("none".to_owned(), text),
            self.value.as_deref().map_or("none".to_owned(), text),
        )
    }

    pub(super) fn json(&self) -> Value {
        json!({
            "id": self.id,
            "topic": self.topic,
            "partition": self.partition,
            "offset": self.offset,
            "record_timestamp": self.timestamp,
            "key": self.key.as_deref().map(text),
            "value": self.value.as_deref().map(text),
            "reason": self.reason,
            "error": self.error,
            "created_at": self.created_at,
        })
    }
}

/// Cut where a terminal would break the line: `show` has the whole.
fn within_columns(line: String) -> String {
    match line.char_indices().nth(COLUMNS_MAX - 1) {
        Some((end, last)) if end + last.len_utf8() < line.len() => format!("{}…", &line[..end]),
        _ => line,
    }
}

/// Bytes as text where they are; others are spelled `\xff`.
fn text(bytes: &[u8]) -> String {
    str::from_utf8(bytes).map_or_else(|_| bytes.escape_ascii().to_string(), printable)
}

/// A text that does nothing to a terminal.
fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    for char in text.chars() {
        if char.is_control() && !matches!(char, '\n' | '\t') {
            printable.extend(char.escape_default());
        } else {
            printable.push(char);
        }
    }
    printable
}
