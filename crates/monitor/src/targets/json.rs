//! JSON: an array, pretty or an element a line, or an object a line without brackets.

use serde_json::Value;

use super::{
    elements::Elements,
    fields::Field,
    keys::said_twice,
    row::{BadRow, Row, Rows},
    text::{lines, trim_unseen},
    unknown::UnknownNames,
};

/// Reads the rows. An error when the file as a whole makes no sense.
pub(super) fn read(bytes: &[u8]) -> Result<Rows, String> {
    if is_csv(bytes) {
        return Err("looks like CSV; URLS_PROVIDER_TYPE=CsvUrlsProvider reads that".into());
    }
    let mut rows = Rows::default();
    for element in Elements::new(bytes) {
        let line = element.line;
        let row = element
            .value
            .and_then(|value| row(line, value, &mut rows.unknown));
        rows.rows
            .push(row.map_err(|reason| BadRow::new(line, reason)));
    }
    Ok(rows)
}

/// Whether the file begins with a header of CSV.
fn is_csv(bytes: &[u8]) -> bool {
    let names_url = |line: &str| {
        let mut names = line.split(',').map(trim_unseen);
        names.any(|name| Field::named(name.trim_matches('"')).is_some_and(Field::is_url))
    };
    let mut lines = lines(bytes).filter(|(_, line)| !line.trim_ascii().is_empty());
    let first = lines
        .next()
        .and_then(|(_, line)| std::str::from_utf8(line).ok());
    first.is_some_and(names_url)
}

/// What an element says.
pub(super) fn row(line: usize, element: Value, unknown: &mut UnknownNames) -> Result<Row, String> {
    let Value::Object(object) = element else {
        return Err("is not an object with the keys url and regexp".into());
    };
    let mut row = Row::new(line);
    let mut wrapped = None;
    for (key, value) in object {
        match Field::named(&key) {
            Some(field) if row.says(field) && !value.is_null() => return Err(said_twice(field)),
            Some(field) => row.say(field, value),
            None => {
                unknown.add(&key);
                wrapped = wrapped.or_else(|| holds_objects(&value).then_some(key));
            }
        }
    }
    let has_url = row.values.iter().any(|(field, _)| field.is_url());
    match wrapped {
        Some(key) if !has_url => Err(format!(
            "no url; the targets under {key:?} have to stand in an array of the file's own, with no \
             object around it"
        )),
        _ => Ok(row),
    }
}

fn holds_objects(value: &Value) -> bool {
    let mut items = value.as_array().into_iter().flatten();
    items.next().is_some_and(Value::is_object)
}
