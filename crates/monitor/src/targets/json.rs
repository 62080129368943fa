//! JSON: an array, pretty or an element a line, or an object a line without brackets.
//!
//! The original read its file line by line, so a broken line cost itself alone. So it is here, for
//! pretty files too: elements are read one by one, and after a broken one reading goes on with the
//! next line that can begin one.

use serde_json::{Deserializer, Map, Value, value::RawValue};

use super::{
    fields::{Field, UnknownNames},
    row::{BadRow, Row, Rows},
};

/// Reads the rows.
pub(super) fn read(bytes: &[u8]) -> Rows {
    let mut rows = Rows::default();
    let mut reader = Elements {
        bytes,
        at: 0,
        line: 1,
    };
    while let Some((line, element)) = reader.next_element() {
        let row = element
            .and_then(|element| parse(line, &element, &mut rows.unknown))
            .map_err(|reason| BadRow::new(line, reason));
        rows.rows.push(row);
    }
    rows
}

/// The file's elements with their lines.
struct Elements<'a> {
    bytes: &'a [u8],
    /// How far they are read, and the line of that.
    at: usize,
    line: usize,
}

impl Elements<'_> {
    fn next_element(&mut self) -> Option<(usize, Result<String, String>)> {
        let rest = &self.bytes[self.at..];
        let between = rest.iter().position(|byte| !is_between(*byte))?;
        self.advance(between);
        let line = self.line;
        let rest = &self.bytes[self.at..];
        let mut values = Deserializer::from_slice(rest).into_iter::<Box<RawValue>>();
        let element = values.next()?;
        let length = values.byte_offset();
        let reason = match element {
            Ok(value) if self.is_end(self.at + length) => {
                self.advance(length);
                return Some((line, Ok(value.get().to_owned())));
            }
            Ok(_) => "is not JSON: text after the element".to_owned(),
            Err(error) => format!("is not JSON: {}", without_place(&error)),
        };
        self.skip_broken();
        Some((line, Err(reason)))
    }

    fn advance(&mut self, length: usize) {
        let passed = &self.bytes[self.at..self.at + length];
        self.line += passed.split(|byte| *byte == b'\n').count() - 1;
        self.at += length;
    }

    /// Whether an element may end here: its line goes on with another one or not at all.
    fn is_end(&self, at: usize) -> bool {
        let mut rest = self.bytes[at..].iter();
        let next = rest.find(|byte| !matches!(byte, b' ' | b'\t' | b'\r'));
        next.is_none_or(|byte| is_between(*byte) || *byte == b'{')
    }

    /// Goes to the next line that can begin an element: any but those within a pretty object.
    fn skip_broken(&mut self) {
        loop {
            let rest = &self.bytes[self.at..];
            let Some(end) = rest.iter().position(|byte| *byte == b'\n') else {
                self.advance(rest.len());
                return;
            };
            self.advance(end + 1);
            let line = self.bytes[self.at..].trim_ascii_start();
            if !line.starts_with(b"\"") && !line.starts_with(b"}") {
                return;
            }
        }
    }
}

/// What may stand between elements.
fn is_between(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b'[' | b']' | b',')
}

/// The error without its line and column, which count from where the element begins.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(at) => text[..at].to_owned(),
        None => text,
    }
}

fn parse(line: usize, element: &str, unknown: &mut UnknownNames) -> Result<Row, String> {
    let object = serde_json::from_str::<Map<String, Value>>(element)
        .map_err(|_| String::from("is not an object with the keys url and regexp"))?;
    let mut row = Row::new(line);
    for (key, value) in object {
        match Field::named(&key) {
            Some(field) => row.say(field, value),
            None => unknown.add(&key),
        }
    }
    Ok(row)
}
