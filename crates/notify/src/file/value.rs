//! What stands in the file, with the line that it stands on.

use std::collections::BTreeMap;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// The entries of a table, by their names.
pub(super) type Table = BTreeMap<String, Given>;

/// A value.
#[derive(Debug)]
pub(super) struct Given {
    /// Counted from 1.
    pub(super) line: usize,
    pub(super) value: Value,
}

/// The kinds of values that a field can have here.
#[derive(Debug)]
pub(super) enum Value {
    /// A text, as it stands: nothing is put in the place of `${NAME}` yet.
    Text(String),
    /// A whole number.
    Number(i64),
    /// Yes or no.
    Flag(bool),
    /// Several.
    List(Vec<Given>),
    /// Fields.
    Table(Table),
    /// What no field here takes.
    Other,
}

/// The whole file as a table; or the line of what is no TOML, and what is wrong there.
pub(super) fn parse(text: &str) -> Result<Table, (usize, String)> {
    match DeTable::parse(text) {
        Ok(table) => Ok(Lines(text).table(table.into_inner())),
        Err(error) => {
            let at = error.span().map_or(0, |span| span.start);
            // The library's whole message quotes the line, which may hold a secret.
            Err((Lines(text).at(at), error.message().replace('\n', ", ")))
        }
    }
}

/// The text, for looking up lines.
struct Lines<'a>(&'a str);

impl Lines<'_> {
    fn at(&self, offset: usize) -> usize {
        let before = self.0.as_bytes().iter().take(offset);
        1 + before.filter(|byte| **byte == b'\n').count()
    }

    fn table(&self, table: DeTable<'_>) -> Table {
        let entries = table.into_iter().map(|(name, value)| {
            // A table's own span is its header's, so an entry is where its name is.
            let line = self.at(name.span().start);
            let value = self.value(value.into_inner());
            (name.into_inner().into_owned(), Given { line, value })
        });
        entries.collect()
    }

    fn given(&self, value: Spanned<DeValue<'_>>) -> Given {
        Given {
            line: self.at(value.span().start),
            value: self.value(value.into_inner()),
        }
    }

    fn value(&self, value: DeValue<'_>) -> Value {
        match value {
            DeValue::String(text) => Value::Text(text.into_owned()),
            DeValue::Integer(number) => {
                let number = i64::from_str_radix(number.as_str(), number.radix());
                number.map_or(Value::Other, Value::Number)
            }
            DeValue::Boolean(flag) => Value::Flag(flag),
            DeValue::Array(list) => {
                Value::List(list.into_iter().map(|given| self.given(given)).collect())
            }
            DeValue::Table(table) => Value::Table(self.table(table)),
            DeValue::Float(_) | DeValue::Datetime(_) => Value::Other,
        }
    }
}
