//! CSV, a line at a time.
//!
//! A quoted field ends with its line here, so that a quote that somebody forgot to close costs one
//! row and not the rest of the file; and spaces around fields, quoted or not, mean nothing. A parser
//! of standard CSV can do neither, so it gets each line alone and tidied.

use super::{BadRow, COLUMNS, Row, Rows, line_text, lines};

/// What may stand between the fields of a file that is not ours.
const OTHER_DELIMITERS: [(char, &str); 3] =
    [(';', "semicolons"), ('\t', "tabs"), ('|', "vertical bars")];

/// Where the columns are.
struct Header {
    url: usize,
    regexp: Option<usize>,
    columns: usize,
}

/// Reads the rows. An error when the file as a whole makes no sense.
pub(super) fn read(bytes: &[u8]) -> Result<Rows, String> {
    let mut lines = lines(bytes).filter(|(_, line)| !is_blank_or_comment(line));
    let Some((line, header)) = lines.next() else {
        return Ok(Rows::default());
    };
    let header = line_text(line, header)
        .and_then(|text| fields(line, text))
        .map_err(|bad| format!("the header in line {bad}"))?;
    let unknown = header
        .iter()
        .map(|name| name.to_lowercase())
        .filter(|name| !name.is_empty() && !COLUMNS.contains(&name.as_str()))
        .collect();
    let header = Header::find(&header)?;
    let rows = lines
        .map(|(line, bytes)| header.row(line, fields(line, line_text(line, bytes)?)?))
        .collect();
    Ok(Rows { rows, unknown })
}

fn is_blank_or_comment(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    line.is_empty() || line.starts_with(b"#")
}

impl Header {
    fn find(names: &[String]) -> Result<Self, String> {
        let position = |wanted: &str| {
            let mut names = names.iter();
            names.position(|name| name.eq_ignore_ascii_case(wanted))
        };
        let Some(url) = position("url") else {
            return Err(no_url(names));
        };
        Ok(Self {
            url,
            regexp: position("regexp"),
            columns: names.len(),
        })
    }

    fn row(&self, line: usize, mut fields: Vec<String>) -> Result<Row, BadRow> {
        while fields.len() > self.columns && fields.last().is_some_and(String::is_empty) {
            fields.pop();
        }
        if fields.len() > self.columns {
            let reason = format!(
                "{} fields under a header of {}; put quotes around a field that holds a comma",
                fields.len(),
                self.columns
            );
            return Err(BadRow { line, reason });
        }
        let mut take = |index: Option<usize>| {
            let field = index.and_then(|index| fields.get_mut(index));
            field.map(std::mem::take).unwrap_or_default()
        };
        Ok(Row {
            line,
            url: take(Some(self.url)),
            regexp: take(self.regexp),
        })
    }
}

/// Why a header without the column `url` is wrong.
fn no_url(names: &[String]) -> String {
    let line = names.join(",");
    let other = OTHER_DELIMITERS
        .iter()
        .find(|(delimiter, _)| line.contains(*delimiter));
    match other {
        Some((delimiter, name)) => format!(
            "the header {line:?} is separated by {name} ({delimiter:?}); separate by commas: \
             url,regexp"
        ),
        None => format!(
            "the header {line:?} has no column url; the first line must name the columns: url,regexp"
        ),
    }
}

/// A line's fields.
fn fields(line: usize, text: &str) -> Result<Vec<String>, BadRow> {
    let bad = |reason: String| BadRow { line, reason };
    let text = without_outer_spaces(text).map_err(|reason| bad(reason.into()))?;
    let mut reader = ::csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    match reader.records().next() {
        Some(Ok(record)) => Ok(record.iter().map(str::to_owned).collect()),
        Some(Err(error)) => Err(bad(error.to_string())),
        None => Ok(Vec::new()),
    }
}

/// The line without the spaces around its fields, which a parser would take for parts of them.
fn without_outer_spaces(text: &str) -> Result<String, &'static str> {
    let mut tidy = String::with_capacity(text.len());
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        let end = if rest.starts_with('"') {
            after_quotes(rest).ok_or("a quote is not closed in its line")?
        } else {
            rest.find(',').unwrap_or(rest.len())
        };
        tidy.push_str(rest[..end].trim_end());
        rest = rest[end..].trim_start();
        if rest.is_empty() {
            return Ok(tidy);
        }
        rest = rest
            .strip_prefix(',')
            .ok_or("text after a closing quote; write a quote within quotes twice")?;
        tidy.push(',');
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
