//! What the targets file says, as a whole.

use std::{collections::HashSet, path::Path, sync::Arc};

use service::command_line::BadInput;

use super::{
    check, csv, file, json,
    known::Known,
    row::{BadRow, Rows},
    settings::{Format, TargetsSettings},
    target::Target,
    text, unlooked,
};

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
        let content = file::read(&settings.file)?;
        let before = Known::new(settings.variables.clone());
        let parsed = Self::parse_again(&content.bytes, settings.format, &before);
        let targets = parsed.map(|(targets, _)| targets);
        targets.map_err(|problem| file::bad_input(&settings.file, &problem))
    }

    /// Reads a file's content, with no variables to name.
    #[cfg(test)]
    pub(super) fn parse(bytes: &[u8], format: Format) -> Result<Self, String> {
        Self::parse_again(bytes, format, &Known::default()).map(|(targets, _)| targets)
    }

    /// Reads a file's content. A row that says what it said before is the same target.
    pub(super) fn parse_again(
        bytes: &[u8],
        format: Format,
        before: &Known,
    ) -> Result<(Self, Known), String> {
        let bytes = text::to_utf8(bytes)?;
        let Rows { rows, unknown } = match format {
            Format::Csv => csv::read(&bytes)?,
            Format::Json => json::read(&bytes)?,
        };
        let mut targets = Self {
            warnings: unknown.warnings(),
            ..Self::default()
        };
        let (mut known, mut seen) = (before.successor(), HashSet::new());
        for row in rows {
            let target = row.and_then(|row| {
                let line = row.line;
                let target = known.understand(row, before);
                let target = target.and_then(|target| check::once(target, &mut seen));
                target.map_err(|reason| BadRow::new(line, reason))
            });
            match target {
                Ok(target) if target.own.enabled == Some(false) => targets.disabled.push(target),
                Ok(target) => targets.usable.push(target),
                Err(bad) => targets.bad_rows.push(bad),
            }
        }
        targets.warnings.extend(unlooked::warning(&targets.usable));
        Ok((targets, known))
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
