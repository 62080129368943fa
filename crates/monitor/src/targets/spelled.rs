//! The targets file as it is written elsewhere: each of its rows by what it says, once it is known that
//! all can be used.

use std::{collections::HashSet, sync::Arc};

use serde_json::{Map, Value};
use service::{command_line::BadInput, settings::Variables};

use super::{
    check, csv, file, json,
    row::{BadRow, Rows},
    settings::{Format, TargetsSettings},
    text,
};

/// A row that makes a target.
#[derive(Debug)]
pub(crate) struct SpelledRow {
    /// Its target's identity.
    pub(crate) url: String,
    /// What it says, by the fields' names; `${NAME}` stands as it is.
    pub(crate) object: Map<String, Value>,
}

/// The rows of a file.
#[derive(Debug)]
pub(crate) struct SpelledRows {
    pub(crate) rows: Vec<SpelledRow>,
    /// Those that make none.
    pub(crate) bad: Vec<BadRow>,
    /// What else somebody should know who wrote the file.
    pub(crate) warnings: Vec<String>,
}

/// Reads the file. That a variable is not set here says nothing of where the target will be checked.
pub(crate) fn spell_rows(settings: &TargetsSettings) -> Result<SpelledRows, BadInput> {
    let content = file::read(&settings.file)?;
    let rows = rows(&content.bytes, settings.format);
    let Rows { rows, unknown } =
        rows.map_err(|problem| file::bad_input(&settings.file, &problem))?;
    let mut spelled = SpelledRows {
        rows: Vec::new(),
        bad: Vec::new(),
        warnings: unknown.warnings(),
    };
    let (variables, mut seen) = (Variables::any(), HashSet::new());
    for row in rows {
        let understood = row.and_then(|row| {
            let (line, mut object) = (row.line, row.spelled());
            let target = check::check(row, &variables);
            let target = target.and_then(|target| check::once(Arc::new(target), &mut seen));
            let target = target.map_err(|reason| BadRow::new(line, reason))?;
            object.insert("url".into(), Value::from(target.url.as_str()));
            let url = target.url.clone();
            Ok(SpelledRow { url, object })
        });
        match understood {
            Ok(row) => spelled.rows.push(row),
            Err(bad) => spelled.bad.push(bad),
        }
    }
    Ok(spelled)
}

fn rows(bytes: &[u8], format: Format) -> Result<Rows, String> {
    let bytes = text::to_utf8(bytes)?;
    match format {
        Format::Csv => csv::read(&bytes),
        Format::Json => json::read(&bytes),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn spell(content: &str) -> SpelledRows {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        let settings = TargetsSettings {
            file: file.path().to_owned(),
            format: Format::Csv,
            interval: Duration::from_mins(1),
            location: "here".into(),
            variables: Variables::default(),
        };
        spell_rows(&settings).unwrap()
    }

    #[test]
    fn rows_go_as_they_stand_and_secrets_stay_names() {
        let spelled = spell("url,interval,headers\n https://a.test/ ,30,X-Key: ${KEY}\n");
        assert!(spelled.bad.is_empty(), "{:?}", spelled.bad);
        let object = &spelled.rows[0].object;
        assert_eq!(object["url"], "https://a.test/");
        assert_eq!(object["headers"], "X-Key: ${KEY}");
        assert_eq!(object.len(), 3);
    }

    #[test]
    fn a_row_that_makes_no_target_is_named() {
        let spelled =
            spell("url,interval\nhttps://a.test/,\nhttps://a.test/,\nhttps://b.test/,soon\n");
        assert_eq!(spelled.rows.len(), 1);
        let lines: Vec<_> = spelled.bad.iter().map(|bad| bad.line).collect();
        assert_eq!(lines, [3, 4]);
    }
}
