//! CSV, a line at a time.
//!
//! A quoted field ends with its line here, so that a quote that somebody forgot to close costs one
//! row and not the rest of the file; and spaces around fields, quoted or not, mean nothing. A parser
//! of standard CSV can do neither, so it gets each line alone and tidied.

use std::collections::HashSet;

use ::csv::{StringRecord, StringRecordsIntoIter};
use serde_json::Value;

use super::{
    fields::Field,
    row::{BadRow, Row, Rows},
    text::{lines, trim_unseen},
    unknown::{UnknownNames, meant_by},
};

/// What may stand between the fields of a file that is not ours.
const OTHER_DELIMITERS: [(char, &str); 3] =
    [(';', "semicolons"), ('\t', "tabs"), ('|', "vertical bars")];

/// What each column says; `None` for one that means nothing here.
struct Header(Vec<Option<&'static Field>>);

/// Reads the rows. An error when the file as a whole makes no sense.
pub(super) fn read(bytes: &[u8]) -> Result<Rows, String> {
    let mut lines = lines(bytes).filter(|(_, line)| !says_nothing(line));
    let first = lines.next();
    let header = match first {
        Some((_, line)) if names_delimiter(line) => lines.next(),
        _ => first,
    };
    let Some((line, header)) = header else {
        return Ok(Rows::default());
    };
    let in_header = |bad: BadRow| format!("the header in line {bad}");
    let text = line_text(line, header).map_err(in_header)?;
    reject_other_delimiters(text)?;
    let mut names = String::new();
    tidy(line, text, &mut names).map_err(in_header)?;
    let names = fields(line, records(&names).next()).map_err(in_header)?;
    let mut unknown = UnknownNames::default();
    let header = Header::read(&names, &mut unknown)?;
    Ok(Rows {
        rows: header.rows(lines),
        unknown,
    })
}

/// Whether a line is blank or a comment. Spreadsheets leave commas alone where rows were emptied.
fn says_nothing(line: &[u8]) -> bool {
    let is_nothing = |field: &str| matches!(trim_unseen(field), "" | "\"\"");
    let line = line.trim_ascii();
    line.starts_with(b"#")
        || std::str::from_utf8(line).is_ok_and(|text| text.split(',').all(is_nothing))
}

/// Whether this is the line `sep=,` that Excel reads, and writes, before a header.
fn names_delimiter(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    line.len() == 5 && line[..4].eq_ignore_ascii_case(b"sep=")
}

impl Header {
    fn read(names: &[String], unknown: &mut UnknownNames) -> Result<Self, String> {
        let names: Vec<_> = names.iter().map(|name| trim_unseen(name)).collect();
        let columns: Vec<_> = names.iter().map(|name| Field::named(name)).collect();
        if !columns.iter().flatten().any(|field| field.is_url()) {
            return Err(no_url(&names));
        }
        let mut seen = HashSet::new();
        for (name, column) in names.iter().zip(&columns) {
            match column {
                None => unknown.add(&name.to_lowercase()),
                Some(field) if !seen.insert(field.name) => unknown.repeat(field),
                Some(_) => {}
            }
        }
        Ok(Self(columns))
    }

    /// A row for each line. One parser reads them all, tidied: to make one costs as much as some rows.
    fn rows<'a>(&self, lines: impl Iterator<Item = (usize, &'a [u8])>) -> Vec<Result<Row, BadRow>> {
        let mut tidied = String::new();
        let numbers: Vec<_> = lines
            .map(|(line, bytes)| {
                tidy(line, line_text(line, bytes)?, &mut tidied)?;
                Ok(line)
            })
            .collect();
        let mut records = records(&tidied);
        let rows = numbers.into_iter().map(|line| {
            let line = line?;
            self.row(line, fields(line, records.next())?)
        });
        rows.collect()
    }

    fn row(&self, line: usize, mut fields: Vec<String>) -> Result<Row, BadRow> {
        let columns = self.0.len();
        while fields.len() > columns && fields.last().is_some_and(String::is_empty) {
            fields.pop();
        }
        if fields.len() > columns {
            let reason = format!(
                "{} fields under a header of {columns}; put quotes around a field that holds a \
                 comma",
                fields.len(),
            );
            return Err(BadRow::new(line, reason));
        }
        let mut row = Row::new(line);
        for (column, text) in self.0.iter().zip(fields) {
            if let Some(field) = column {
                row.say(field, Value::String(text));
            }
        }
        Ok(row)
    }
}

/// A header whose names are separated by something else is one error, not as many as rows.
fn reject_other_delimiters(header: &str) -> Result<(), String> {
    let is_url = |name: &str| {
        let name = trim_unseen(name).trim_matches('"');
        Field::named(name).is_some_and(Field::is_url)
    };
    let other = OTHER_DELIMITERS
        .iter()
        .find(|(delimiter, _)| header.contains(*delimiter) && header.split(*delimiter).any(is_url));
    match other {
        Some((delimiter, name)) => Err(format!(
            "the header {header:?} is separated by {name} ({delimiter:?}); separate by commas: \
             url,regexp"
        )),
        None => Ok(()),
    }
}

/// Why a header without the column `url` is wrong.
fn no_url(names: &[&str]) -> String {
    let line = names.join(",");
    if line.starts_with(['[', '{']) {
        return "looks like JSON; URLS_PROVIDER_TYPE=JsonUrlsProvider reads that".into();
    }
    let meant = names
        .iter()
        .find(|name| meant_by(name).is_some_and(Field::is_url));
    match meant {
        Some(name) => format!(
            "the header {line:?} has no column url; the column {name:?} has to be called that"
        ),
        None => format!(
            "the header {line:?} has no column url; the first line must name the columns: url,regexp"
        ),
    }
}

/// The records of tidied lines, one of each.
fn records(tidied: &str) -> StringRecordsIntoIter<&[u8]> {
    ::csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(tidied.as_bytes())
        .into_records()
}

/// A line's fields.
fn fields(line: usize, record: Option<::csv::Result<StringRecord>>) -> Result<Vec<String>, BadRow> {
    match record {
        Some(Ok(record)) => Ok(record.iter().map(str::to_owned).collect()),
        Some(Err(error)) => Err(BadRow::new(line, error.to_string())),
        None => Ok(Vec::new()),
    }
}

/// Puts the line behind those before, without the spaces around its fields, which a parser would take
/// for parts of them. Nothing is put there where it is bad.
fn tidy(line: usize, text: &str, tidied: &mut String) -> Result<(), BadRow> {
    let begin = tidied.len();
    put_tidy(text, tidied).map_err(|reason| {
        tidied.truncate(begin);
        BadRow::new(line, reason)
    })
}

fn put_tidy(text: &str, tidied: &mut String) -> Result<(), &'static str> {
    // A parser would pass over the mark where it is the first of all.
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    loop {
        rest = rest.trim_start();
        let end = if rest.starts_with('"') {
            after_quotes(rest).ok_or("a quote is not closed in its line")?
        } else {
            rest.find(',').unwrap_or(rest.len())
        };
        tidied.push_str(rest[..end].trim_end());
        rest = rest[end..].trim_start();
        if rest.is_empty() {
            tidied.push('\n');
            return Ok(());
        }
        rest = rest
            .strip_prefix(',')
            .ok_or("text after a closing quote; write a quote within quotes twice")?;
        tidied.push(',');
    }
}

/// Where a field that begins with a quote ends: after the first quote that does not stand twice.
fn after_quotes(field: &str) -> Option<usize> {
    let mut at = 1;
    loop {
        at += field[at..].find('"')? + 1;
        if !field[at..].starts_with('"') {
            return Some(at);
        }
        at += 1;
    }
}

/// A line as text.
fn line_text(line: usize, bytes: &[u8]) -> Result<&str, BadRow> {
    std::str::from_utf8(bytes).map_err(|_| BadRow::new(line, "is not UTF-8"))
}
