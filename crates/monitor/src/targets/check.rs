//! From a row to a target: everything that can be wrong with it.

use std::collections::HashSet;

use hyper::Uri;
use serde_json::Value;
use url::Url;

use super::{
    fields::Field,
    row::{BadRow, Row},
    target::Target,
    text::{is_invisible, trim_unseen},
};
use crate::{masked::Masked, pattern::Pattern};

/// The longest url, in characters: as much as its column in the table holds.
const URL_CHARS_MAX: usize = 2048;

/// Makes a target of a row whose url has not been seen before.
pub(super) fn check(row: Row, seen: &mut HashSet<String>) -> Result<Target, BadRow> {
    let line = row.line;
    let draft = Draft::read(row).map_err(|reason| BadRow::new(line, reason))?;
    draft
        .finish(seen)
        .map_err(|reason| BadRow::new(line, reason))
}

/// What a row says, understood field by field.
#[derive(Default)]
struct Draft {
    url: Option<(String, Url)>,
    pattern: Option<Pattern>,
}

impl Draft {
    fn read(row: Row) -> Result<Self, String> {
        let mut draft = Self::default();
        for (field, value) in row.values {
            draft.set(field, &value)?;
        }
        Ok(draft)
    }

    fn set(&mut self, field: Field, value: &Value) -> Result<(), String> {
        match field {
            Field::Url => {
                let url = trim_unseen(text(field, value)?);
                self.url = Some((url.to_owned(), parse_url(url)?));
            }
            Field::Regexp => {
                let pattern = Pattern::parse(text(field, value)?);
                self.pattern =
                    Some(pattern.map_err(|error| format!("the regexp does not compile: {error}"))?);
            }
        }
        Ok(())
    }

    fn finish(self, seen: &mut HashSet<String>) -> Result<Target, String> {
        let (url, address) = self.url.ok_or("no url")?;
        if !seen.insert(url.clone()) {
            return Err("the url stands here for the second time".into());
        }
        Ok(Target {
            url,
            address,
            pattern: self.pattern,
        })
    }
}

fn text(field: Field, value: &Value) -> Result<&str, String> {
    let text = value.as_str();
    text.ok_or_else(|| format!("{} is not a string", field.name()))
}

fn parse_url(text: &str) -> Result<Url, String> {
    if text.is_empty() {
        return Err("no url".into());
    }
    let chars = text.chars().count();
    if chars > URL_CHARS_MAX {
        return Err(format!(
            "the url has {chars} characters, more than {URL_CHARS_MAX}"
        ));
    }
    if text.chars().any(char::is_control) {
        return Err("the url holds a control character".into());
    }
    if let Some((at, unseen)) = text.char_indices().find(|(_, char)| is_invisible(*char)) {
        let code = u32::from(unseen);
        return Err(format!(
            "the url holds an invisible character (U+{code:04X}) behind {:?}; leave it out, or \
             percent-encode it",
            Masked(&text[..at]).to_string()
        ));
    }
    let lower = text.to_ascii_lowercase();
    let rest = ["http://", "https://"]
        .iter()
        .find_map(|scheme| lower.strip_prefix(scheme))
        .ok_or("the url does not begin with http:// or https://")?;
    // The url standard would take the path's first part for the host.
    if rest.starts_with(['/', '\\', '?', '#']) {
        return Err("the url has no host".into());
    }
    let url = Url::parse(text).map_err(|error| format!("the url is wrong: {error}"))?;
    if url.as_str().parse::<Uri>().is_err() {
        return Err("the url cannot be asked for".into());
    }
    Ok(url)
}
