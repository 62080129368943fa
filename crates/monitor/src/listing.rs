//! What `monitor targets` prints: what would be checked and when, and every bad row.

use std::{
    io::{self, Write},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use messages::DueTimes;
use serde_json::{Map, Value, json};
use service::command_line::BadInput;

use crate::{
    clock::now,
    fleet::{Found, find},
    schedule::Entry,
    settings::ListingSettings,
    targets::{Target, Targets, shown_settings},
};

/// Fields that have a column of their own.
const IN_COLUMNS: [&str; 3] = ["url", "interval", "enabled"];

/// How it is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// A line for each target, in columns.
    Text,
    /// One JSON object.
    Json,
}

/// A target and when it is checked next; never when it is switched off.
struct Listed {
    next: Option<Timestamp>,
    entry: Entry,
}

/// What is wrong, wherever the targets come from.
struct Words {
    /// In lines for a person.
    lines: Vec<String>,
    /// In keys for a program.
    keys: Map<String, Value>,
}

/// Prints the targets in the order in which they are due next. A bad row, or record, is an error.
pub async fn print_targets(settings: &ListingSettings, style: Style) -> anyhow::Result<()> {
    let interval = settings.targets.interval;
    let Some((fleet, kafka)) = &settings.topic else {
        let targets = Targets::read(&settings.targets)?;
        let file = settings.targets.file.display();
        let words = words_of_file(&targets, &file.to_string());
        print(
            &list(&targets.usable, &targets.disabled, interval),
            &words,
            style,
        )?;
        targets.require_usable(&settings.targets.file)?;
        return judge(&file.to_string(), "row", targets.bad_rows.len());
    };
    let found = find(kafka, fleet, &settings.targets.variables).await?;
    let words = words_of_topic(&found, &fleet.topic);
    print(
        &list(&found.usable, &found.disabled, interval),
        &words,
        style,
    )?;
    judge(&fleet.topic, "record", found.bad.len())
}

fn print(listed: &[Listed], words: &Words, style: Style) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match style {
        Style::Text => print_text(&mut out, listed, words)?,
        Style::Json => print_json(&mut out, listed, words)?,
    }
    out.flush()
}

fn judge(place: &str, what: &str, bad: usize) -> anyhow::Result<()> {
    match bad {
        0 => Ok(()),
        1 => Err(BadInput::new(format!("{place}: 1 {what} cannot be used")).into()),
        bad => Err(BadInput::new(format!("{place}: {bad} {what}s cannot be used")).into()),
    }
}

fn words_of_file(targets: &Targets, file: &str) -> Words {
    let (warnings, bad) = (targets.warnings.iter(), targets.bad_rows.iter());
    let warned = warnings.map(|warning| format!("{file}: {}", in_one_line(warning)));
    let lines = bad.map(|bad| format!("{file}:{}", in_one_line(&bad.to_string())));
    let bad_rows = targets.bad_rows.iter();
    let bad_rows = bad_rows.map(|bad| json!({ "line": bad.line, "reason": bad.reason }));
    let keys = [
        ("file", json!(file)),
        ("bad_rows", bad_rows.collect()),
        ("warnings", json!(targets.warnings)),
    ];
    Words {
        lines: warned.chain(lines).collect(),
        keys: keys
            .map(|(key, value)| (key.to_owned(), value))
            .into_iter()
            .collect(),
    }
}

fn words_of_topic(found: &Found, topic: &str) -> Words {
    let bad_records = found.bad.iter().map(|bad| {
        let (partition, offset) = (bad.partition, bad.offset);
        json!({ "partition": partition, "offset": offset, "key": bad.key, "reason": bad.reason })
    });
    let keys = [
        ("topic", json!(topic)),
        ("bad_records", bad_records.collect()),
        ("warnings", json!(found.warnings)),
    ];
    let warnings = found.warnings.iter();
    let warned = warnings.map(|warning| format!("{topic}: {warning}"));
    let bad = found.bad.iter();
    let lines = bad.map(|bad| in_one_line(&bad.to_string()));
    Words {
        lines: warned.chain(lines).collect(),
        keys: keys
            .map(|(key, value)| (key.to_owned(), value))
            .into_iter()
            .collect(),
    }
}

fn list(usable: &[Arc<Target>], disabled: &[Arc<Target>], interval: Duration) -> Vec<Listed> {
    let now = now();
    let checked = Entry::every(interval, usable).into_iter().map(|entry| {
        let times = DueTimes::new(&entry.target.url, entry.interval);
        let next = times.slot_at(now) + entry.interval;
        Listed {
            next: Some(next),
            entry,
        }
    });
    let mut listed: Vec<_> = checked.collect();
    listed.sort_by_key(|listed| listed.next);
    let disabled = Entry::every(interval, disabled).into_iter();
    listed.extend(disabled.map(|entry| Listed { next: None, entry }));
    listed
}

fn print_text(out: &mut impl Write, listed: &[Listed], words: &Words) -> io::Result<()> {
    let rows: Vec<[String; 4]> = listed.iter().map(columns).collect();
    let head = ["NEXT CHECK", "EVERY", "URL", "SETTINGS"].map(str::to_owned);
    let rows: Vec<_> = std::iter::once(head)
        .filter(|_| !rows.is_empty())
        .chain(rows.iter().cloned())
        .collect();
    let width = |column: usize| {
        let widths = rows.iter().map(|row| row[column].chars().count());
        widths.max().unwrap_or_default()
    };
    let [next_width, every_width, url_width] = [0, 1, 2].map(width);
    for [next, every, url, settings] in &rows {
        let line =
            format!("{next:next_width$}  {every:>every_width$}  {url:url_width$}  {settings}");
        writeln!(out, "{}", line.trim_end())?;
    }
    for line in &words.lines {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

fn columns(listed: &Listed) -> [String; 4] {
    let next = listed.next;
    let target = &listed.entry.target;
    let settings = shown_settings(target).into_iter();
    let settings: Vec<_> = settings
        .filter(|(name, _)| !IN_COLUMNS.contains(name))
        .map(|(name, value)| format!("{name}={}", as_word(&value)))
        .collect();
    [
        next.map_or_else(|| "disabled".into(), |next| format!("{next:.3}")),
        format!("{} s", listed.entry.interval.as_secs_f64()),
        target.shown().to_string(),
        in_one_line(&settings.join("  ")),
    ]
}

/// The text with what would break its line, or do things to a terminal, written as in a pattern.
fn in_one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for char in text.chars() {
        if char.is_control() {
            line.extend(char.escape_default());
        } else {
            line.push(char);
        }
    }
    line
}

/// A value as a person would write it, in quotes where it holds spaces.
fn as_word(value: &Value) -> String {
    match value {
        Value::String(text) if text.contains(char::is_whitespace) => format!("\"{text}\""),
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let words: Vec<_> = items.iter().map(as_word).collect();
            words.join(",")
        }
        _ => value.to_string(),
    }
}

fn print_json(out: &mut impl Write, listed: &[Listed], words: &Words) -> io::Result<()> {
    let listed = listed.iter().map(|Listed { next, entry }| {
        let offset = DueTimes::new(&entry.target.url, entry.interval).offset();
        let shown = shown_settings(&entry.target).into_iter();
        let mut object: Map<_, _> = shown
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        object.insert("interval".into(), json!(entry.interval.as_secs_f64()));
        object.insert("offset".into(), json!(offset.as_secs_f64()));
        object.insert("next".into(), json!(next.map(|next| next.to_string())));
        Value::Object(object)
    });
    let mut whole = words.keys.clone();
    whole.insert("targets".into(), listed.collect());
    serde_json::to_writer_pretty(&mut *out, &whole)?;
    writeln!(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_pattern_holds_does_nothing_to_a_terminal() {
        assert_eq!(in_one_line("a\tb\n\u{1b}[31m é"), r"a\tb\n\u{1b}[31m é");
    }
}
