//! Reading a record from JSON.

use super::surrogates::mended;
use crate::record::{Fields, Origin, ReadError, Record, shortened};

impl Record {
    /// Reads a record's value.
    pub fn read(value: &[u8], origin: &Origin<'_>) -> Result<Self, ReadError> {
        if value.is_empty() {
            return Err(ReadError::Empty);
        }
        // Serde takes an array for a struct; the contract does not.
        if value.trim_ascii_start().first() != Some(&b'{') {
            return Err(ReadError::NotJson(
                "the value does not begin with `{`".into(),
            ));
        }
        // Text as a whole is looked at once, and bytes anew in each string. What is no text is read
        // as bytes all the same: it may be so in a field that nobody asks for.
        let fields = match str::from_utf8(value) {
            Ok(text) => serde_json::from_str::<Fields>(text),
            Err(_) => serde_json::from_slice::<Fields>(value),
        };
        match fields {
            Ok(fields) => fields.into_record(origin),
            Err(error) if error.is_syntax() => {
                let mended = mended(value).ok_or_else(|| explain(value, &error))?;
                let fields = serde_json::from_slice::<Fields>(&mended);
                fields
                    .map_err(|error| explain(&mended, &error))?
                    .into_record(origin)
            }
            Err(error) => Err(explain(value, &error)),
        }
    }
}

/// Names the field at fault. The second pass costs nothing where records are good.
fn explain(value: &[u8], error: &serde_json::Error) -> ReadError {
    if error.classify() != serde_json::error::Category::Data {
        let word = foreign_number(value, error.line(), error.column());
        return ReadError::NotJson(match word {
            Some(word) => format!("{word} is no number of JSON: {error}"),
            None => error.to_string(),
        });
    }
    let deserializer = &mut serde_json::Deserializer::from_slice(value);
    match serde_path_to_error::deserialize::<_, Fields>(deserializer) {
        Err(located) => {
            let problem = located.inner().to_string();
            // A field that stands there twice is the whole object's trouble: its problem names it.
            match located.path().iter().next() {
                Some(_) => ReadError::invalid(&located.path().to_string(), problem),
                None => ReadError::InvalidWhole(shortened(problem)),
            }
        }
        Ok(_) => ReadError::NotJson(error.to_string()),
    }
}

/// What Python and others write for numbers that JSON does not have, where an error stands.
fn foreign_number(value: &[u8], line: usize, column: usize) -> Option<&'static str> {
    let line = value
        .split(|byte| *byte == b'\n')
        .nth(line.checked_sub(1)?)?;
    // The error stands at the word's first letter, which is behind the sign.
    let rest = line.get(column.checked_sub(1)?..)?;
    ["NaN", "Infinity"]
        .into_iter()
        .find(|word| rest.starts_with(word.as_bytes()))
}

#[cfg(test)]
mod tests;
