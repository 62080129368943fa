//! JSON: an array, pretty or an element a line, or an object a line without brackets.

use serde_json::Value;

use super::{
    elements::Elements,
    fields::Field,
    row::{BadRow, Row, Rows},
    unknown::UnknownNames,
};

/// Reads the rows.
pub(super) fn read(bytes: &[u8]) -> Rows {
    let mut rows = Rows::default();
    for element in Elements::new(bytes) {
        let line = element.line;
        let row = element
            .value
            .and_then(|value| row(line, value, &mut rows.unknown));
        rows.rows
            .push(row.map_err(|reason| BadRow::new(line, reason)));
    }
    rows
}

fn row(line: usize, element: Value, unknown: &mut UnknownNames) -> Result<Row, String> {
    let Value::Object(object) = element else {
        return Err("is not an object with the keys url and regexp".into());
    };
    let mut row = Row::new(line);
    for (key, value) in object {
        match Field::named(&key) {
            Some(field) => row.say(field, value),
            None => unknown.add(&key),
        }
    }
    Ok(row)
}
