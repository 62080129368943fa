//! What the targets file says, as a whole.

use std::{collections::HashSet, fs, io::Read, path::Path, sync::Arc};

use service::command_line::BadInput;

use super::{
    check, csv, fields, json,
    row::{BadRow, Rows},
    settings::{Format, TargetsSettings},
    target::Target,
    text,
};

/// The largest targets file.
const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// What the targets file says.
#[derive(Debug, Default)]
pub struct Targets {
    /// The rows that can be used, in the file's order.
    pub usable: Vec<Arc<Target>>,
    /// The targets that are configured and switched off.
    pub disabled: Vec<Arc<Target>>,
    /// The rows that cannot be used.
    pub bad_rows: Vec<BadRow>,
    /// What else somebody should know who wrote the file, such as a column that means nothing.
    pub warnings: Vec<String>,
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
    pub(super) fn parse(bytes: &[u8], format: Format) -> Result<Self, String> {
        let bytes = text::to_utf8(bytes)?;
        let Rows { rows, unknown } = match format {
            Format::Csv => csv::read(&bytes)?,
            Format::Json => json::read(&bytes),
        };
        let mut targets = Self {
            warnings: unknown.warnings(),
            ..Self::default()
        };
        let mut seen = HashSet::new();
        for row in rows {
            match row.and_then(|row| check::check(row, &mut seen)) {
                Ok(target) if target.own.enabled == Some(false) => {
                    targets.disabled.push(Arc::new(target));
                }
                Ok(target) => targets.usable.push(Arc::new(target)),
                Err(bad) => targets.bad_rows.push(bad),
            }
        }
        let all = targets.usable.iter().chain(&targets.disabled);
        let not_followed = fields::not_followed(all.map(AsRef::as_ref));
        targets.warnings.extend(not_followed);
        Ok(targets)
    }

    /// Nothing to check is an error that says what stands in the way.
    pub fn require_usable(&self, file: &Path) -> Result<(), BadInput> {
        if !self.usable.is_empty() {
            return Ok(());
        }
        let file = file.display();
        Err(BadInput::new(match self.bad_rows.first() {
            None if !self.disabled.is_empty() => format!(
                "{file}: none of its {} targets is enabled; there is nothing to check",
                self.disabled.len()
            ),
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
