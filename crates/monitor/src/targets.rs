//! The targets file: which websites are checked, and which rows cannot be.
//!
//! One bad row costs itself and nobody else: it is skipped and named with its line and reason.

mod csv;
mod json;
mod row;

use std::{
    collections::HashSet,
    fmt, fs,
    hash::{Hash, Hasher},
    io::Read,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use encoding_rs::Encoding;
use service::command_line::BadInput;
use url::Url;

use crate::{masked::Masked, pattern::Pattern};

/// The largest targets file.
const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// The columns, or keys, that are known.
const COLUMNS: [&str; 2] = ["url", "regexp"];

/// What is checked, and how often.
#[derive(Clone, Debug)]
pub struct TargetsSettings {
    /// The targets file.
    pub file: PathBuf,
    /// Its format.
    pub format: Format,
    /// From one check of a target to the next.
    pub interval: Duration,
    /// Which monitor this is.
    pub location: String,
}

/// The formats of a targets file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values with a header.
    Csv,
    /// An array of objects, or an object a line.
    Json,
}

/// A website as configured.
#[derive(Debug)]
pub struct Target {
    /// Exactly as configured: its identity.
    pub url: String,
    /// Where that leads.
    pub address: Url,
    /// What its page should contain.
    pub pattern: Option<Pattern>,
}

/// What the targets file says.
#[derive(Debug, Default)]
pub struct Targets {
    /// The rows that can be used, in the file's order.
    pub usable: Vec<Arc<Target>>,
    /// The rows that cannot.
    pub bad_rows: Vec<BadRow>,
    /// Columns or keys that mean nothing here.
    pub unknown: Vec<String>,
}

/// A row that cannot be used, and why.
#[derive(Debug, PartialEq, Eq)]
pub struct BadRow {
    /// Where it begins, from 1.
    pub line: usize,
    /// Why.
    pub reason: String,
}

/// A row as it stands in the file.
#[derive(Debug, PartialEq, Eq)]
struct Row {
    line: usize,
    url: String,
    regexp: String,
}

/// The rows of a file, before anybody looks at what they say.
#[derive(Debug, Default)]
struct Rows {
    rows: Vec<Result<Row, BadRow>>,
    unknown: Vec<String>,
}

/// A target is its url: no two have the same.
impl PartialEq for Target {
    fn eq(&self, other: &Self) -> bool {
        self.url == other.url
    }
}

impl Eq for Target {}

impl Hash for Target {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.url.hash(state);
    }
}

impl Target {
    /// The pattern's text as configured; `""` when it has none.
    pub fn regexp(&self) -> &str {
        self.pattern.as_ref().map_or("", Pattern::as_str)
    }

    /// Its url as it may be shown.
    pub fn shown(&self) -> Masked<'_> {
        Masked(&self.url)
    }
}

impl fmt::Display for BadRow {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.line, self.reason)
    }
}

impl Targets {
    /// Reads the file. Without a usable row there is nothing to do, which is the user's to change.
    pub fn read(settings: &TargetsSettings) -> Result<Self, BadInput> {
        let file = settings.file.display();
        let bad_input = |problem: String| BadInput::new(format!("{file}: {problem}"));
        let bytes = read_bounded(&settings.file).map_err(|error| {
            BadInput::new(format!(
                "cannot read the targets file {file}: {error} (URLS_FILE)"
            ))
        })?;
        Self::parse(&bytes, settings.format).map_err(bad_input)
    }

    /// Reads a file's content.
    fn parse(bytes: &[u8], format: Format) -> Result<Self, String> {
        let bytes = to_utf8(bytes)?;
        let Rows { rows, unknown } = match format {
            Format::Csv => csv::read(&bytes)?,
            Format::Json => json::read(&bytes),
        };
        let mut targets = Self {
            unknown,
            ..Self::default()
        };
        let mut seen = HashSet::new();
        for row in rows {
            match row.and_then(|row| row::check(row, &mut seen)) {
                Ok(target) => targets.usable.push(Arc::new(target)),
                Err(bad) => targets.bad_rows.push(bad),
            }
        }
        Ok(targets)
    }

    /// Nothing to check is an error that says what stands in the way.
    pub fn require_usable(&self, file: &Path) -> Result<(), BadInput> {
        if !self.usable.is_empty() {
            return Ok(());
        }
        let file = file.display();
        Err(BadInput::new(match self.bad_rows.first() {
            None => format!("{file}: no row; there is nothing to check"),
            Some(bad) => format!(
                "{file}: none of its {} rows can be used; the first: {file}:{bad}",
                self.bad_rows.len()
            ),
        }))
    }
}

fn read_bounded(file: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = fs::File::open(file)?
        .take(FILE_BYTES_MAX + 1)
        .read_to_end(&mut bytes)?;
    if read as u64 > FILE_BYTES_MAX {
        return Err(std::io::Error::other(format!(
            "it is larger than {FILE_BYTES_MAX} bytes"
        )));
    }
    Ok(bytes)
}

/// The content without its byte order mark, from UTF-16 where the mark says so. What is no UTF-8
/// all the same is left to be found in its line.
fn to_utf8(bytes: &[u8]) -> Result<Vec<u8>, String> {
    match Encoding::for_bom(bytes) {
        None => Ok(bytes.to_vec()),
        Some((encoding, mark_bytes)) => {
            let text =
                encoding.decode_without_bom_handling_and_without_replacement(&bytes[mark_bytes..]);
            match text {
                Some(text) => Ok(text.into_owned().into_bytes()),
                None if encoding == encoding_rs::UTF_8 => Ok(bytes[mark_bytes..].to_vec()),
                None => Err(format!("is marked as {} and is not", encoding.name())),
            }
        }
    }
}

/// The file's lines, numbered from 1, without their ends.
fn lines(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let lines = bytes.split(|byte| *byte == b'\n').enumerate();
    lines.map(|(index, line)| (index + 1, line.strip_suffix(b"\r").unwrap_or(line)))
}

/// A line as text.
fn line_text(line: usize, bytes: &[u8]) -> Result<&str, BadRow> {
    std::str::from_utf8(bytes).map_err(|_| BadRow {
        line,
        reason: "is not UTF-8".into(),
    })
}

#[cfg(test)]
mod tests;
