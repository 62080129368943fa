//! Rows as they stand in a file, before anybody looks at what they say.

use std::fmt;

use serde_json::{Map, Value};

use super::{fields::Field, unknown::UnknownNames};

/// A row that cannot be used, and why.
#[derive(Debug, PartialEq, Eq)]
pub struct BadRow {
    /// Where it begins, from 1.
    pub line: usize,
    /// Why.
    pub reason: String,
}

/// What a row says, by field. What says nothing (`""`, null) is not in it.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) line: usize,
    pub(super) values: Vec<(&'static Field, Value)>,
}

/// The rows of a file.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) rows: Vec<Result<Row, BadRow>>,
    pub(super) unknown: UnknownNames,
}

impl BadRow {
    pub(super) fn new(line: usize, reason: impl Into<String>) -> Self {
        Self {
            line,
            reason: reason.into(),
        }
    }
}

impl fmt::Display for BadRow {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.line, self.reason)
    }
}

impl Row {
    pub(super) fn new(line: usize) -> Self {
        Self {
            line,
            values: Vec::new(),
        }
    }

    /// Whether the row has said this field.
    pub(super) fn says(&self, field: &Field) -> bool {
        self.values.iter().any(|(said, _)| said.name == field.name)
    }

    /// The row as an object of JSON that says the same.
    pub(super) fn spelled(&self) -> Map<String, Value> {
        let values = self.values.iter();
        values
            .map(|(field, value)| (field.name.to_owned(), value.clone()))
            .collect()
    }

    /// Adds what the row says of a field, unless that is nothing or the field was said before.
    pub(super) fn say(&mut self, field: &'static Field, value: Value) {
        let says_nothing = match &value {
            Value::Null => true,
            Value::String(text) => text.is_empty(),
            _ => false,
        };
        if !says_nothing && !self.says(field) {
            self.values.push((field, value));
        }
    }
}
