//! The elements of a JSON file, one by one: a broken one costs itself and nobody else.
//!
//! `serde_json` reads each element but cannot go on after an error, so where the next one begins is
//! found here. Nothing within a broken element can be trusted, not even its quotes: an unclosed one
//! turns all that follow inside out. So after an error the next element is sought from the broken
//! one's second byte on, by what stands before and behind an opening brace, and `serde_json` judges
//! again. Each attempt ends at its own first error, so that many broken elements in one long line
//! take no longer than as many good ones.

use serde_json::{Deserializer, Map, Value};

use super::{
    fields::Field,
    keys::{repeated, said_twice},
};

/// An element of the file, or what was wrong with it.
#[derive(Debug, PartialEq)]
pub(super) struct Element {
    /// Where it begins, from 1.
    pub(super) line: usize,
    pub(super) value: Result<Value, String>,
}

/// The elements of a file: of an array, however it is laid out, or of lines without brackets.
pub(super) struct Elements<'a> {
    bytes: &'a [u8],
    /// How far they are read, and the line of that.
    at: usize,
    line: usize,
    count: usize,
}

/// What was passed while the next element is sought.
struct Passed {
    /// The last two bytes that are no spaces.
    last: u8,
    before_last: u8,
    first_on_line: bool,
}

impl<'a> Elements<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            line: 1,
            count: 0,
        }
    }
}

impl Iterator for Elements<'_> {
    type Item = Element;

    fn next(&mut self) -> Option<Element> {
        let rest = &self.bytes[self.at..];
        self.advance(rest.iter().position(|byte| !is_between(*byte))?);
        self.count += 1;
        let line = self.line;
        let value = match self.parse(self.at) {
            Ok((value, length)) => {
                let length = if self.is_whole(&value, length) {
                    length
                } else {
                    0
                };
                self.advance(length);
                if length > 0 && self.is_end(self.at) {
                    match repeated(&self.bytes[self.at - length..self.at]) {
                        Some(field) => Err(said_twice(field)),
                        None => Ok(value),
                    }
                } else {
                    self.skip_wreck();
                    Err(self.place("its end") + ": text after the element")
                }
            }
            Err(error) => {
                self.skip_wreck();
                Err(self.explain(line, &error))
            }
        };
        Some(Element { line, value })
    }
}

impl Elements<'_> {
    /// The value that begins here, and its length.
    fn parse(&self, at: usize) -> Result<(Value, usize), serde_json::Error> {
        let mut values = Deserializer::from_slice(&self.bytes[at..]).into_iter();
        match values.next() {
            Some(value) => Ok((value?, values.byte_offset())),
            // Callers never stand at the end.
            None => Ok((Value::Null, 0)),
        }
    }

    /// Whether this much of the file is one element beyond doubt: a lone quote makes a string of
    /// whatever stands up to the next one.
    fn is_whole(&self, value: &Value, length: usize) -> bool {
        value.is_object() || !self.bytes[self.at..][..length].contains(&b'{')
    }

    fn advance(&mut self, length: usize) {
        let end = self.at + length;
        for at in self.at..end {
            let ends_line = match self.bytes[at] {
                b'\n' => true,
                b'\r' => self.bytes.get(at + 1) != Some(&b'\n'),
                _ => false,
            };
            self.line += usize::from(ends_line);
        }
        self.at = end;
    }

    /// Whether an element may end here: its line goes on with another one or not at all.
    fn is_end(&self, at: usize) -> bool {
        let next = self.next_visible(at);
        next.is_none_or(|byte| is_between(byte) || byte == b'{')
    }

    /// The next byte that is no blank.
    fn next_visible(&self, at: usize) -> Option<u8> {
        let mut rest = self.bytes[at..].iter();
        rest.find(|byte| !matches!(byte, b' ' | b'\t')).copied()
    }

    /// Passes over what is broken, to where the next element begins.
    fn skip_wreck(&mut self) {
        let Some(first) = self.bytes.get(self.at) else {
            return;
        };
        let mut passed = Passed {
            last: *first,
            before_last: *first,
            first_on_line: false,
        };
        let rest = self.bytes[self.at..].iter().enumerate().skip(1);
        let mut length = self.bytes.len() - self.at;
        for (index, byte) in rest {
            match byte {
                b'\n' | b'\r' => passed.first_on_line = true,
                b' ' | b'\t' => {}
                _ if self.begins_here(self.at + index, &passed) => {
                    length = index;
                    break;
                }
                _ => passed.pass(*byte),
            }
        }
        self.advance(length);
    }

    /// Whether an element begins here that has nothing to do with the broken one before it.
    fn begins_here(&self, at: usize, passed: &Passed) -> bool {
        let byte = self.bytes[at];
        if byte != b'{' {
            // A line of its own, unless it goes on with a pretty object.
            return passed.first_on_line && !matches!(byte, b'"' | b'}');
        }
        if passed.first_on_line && passed.last != b':' || passed.is_after_object() {
            return true;
        }
        // Within the broken one or beside it? It is an element if it has a url.
        let named = self.next_visible(at + 1) == Some(b'"');
        let nested = passed.last == b':' && !passed.first_on_line;
        named && !nested && self.parse(at).is_ok_and(|(value, _)| has_url(&value))
    }

    fn place(&self, within: &str) -> String {
        format!("is not JSON (element {}, {within})", self.count)
    }

    /// What is wrong, where, and what would be right.
    fn explain(&self, line: usize, error: &serde_json::Error) -> String {
        let place = match error.line() {
            0 | 1 => format!("its column {}", error.column()),
            lines => format!("at line {}", line + lines - 1),
        };
        let text = error.to_string();
        let text = text
            .rfind(" at line ")
            .map_or(text.as_str(), |at| &text[..at]);
        let advice = advice(text);
        format!(
            "is not JSON (element {}, {place}): {text}{advice}",
            self.count
        )
    }
}

impl Passed {
    fn pass(&mut self, byte: u8) {
        self.before_last = std::mem::replace(&mut self.last, byte);
        self.first_on_line = false;
    }

    /// Behind a closing brace, with or without a comma.
    fn is_after_object(&self) -> bool {
        self.last == b'}' || self.last == b',' && self.before_last == b'}'
    }
}

/// What may stand between elements. A brace too many there does no harm.
fn is_between(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b'[' | b']' | b',' | b'}')
}

fn has_url(value: &Value) -> bool {
    let keys = value.as_object().into_iter().flat_map(Map::keys);
    let mut fields = keys.filter_map(|key| Field::named(key));
    fields.any(Field::is_url)
}

/// What would be right, by `serde_json`'s words for what is wrong. The tests would see them change.
fn advice(error: &str) -> &'static str {
    let known = [
        (
            "invalid escape",
            r#"; in JSON a backslash is written twice, as in "All \\w+""#,
        ),
        (
            "control character",
            r"; close the quote in its line, and write a tab within a string as \t",
        ),
        ("EOF while", "; its end is missing"),
        (
            "expected `,` or `}`",
            r#"; a comma is missing, or a quote within a string is not written as \""#,
        ),
        ("trailing comma", "; leave out the comma before the brace"),
    ];
    let found = known.iter().find(|(words, _)| error.starts_with(words));
    found.map_or("", |(_, advice)| advice)
}

#[cfg(test)]
mod tests;
