//! Texts that can be stored.

use std::{fmt, ops::Deref};

use compact_str::CompactString;
use serde::{Deserialize, Deserializer, de};

/// A text without NUL, which PostgreSQL stores in no text: each became U+FFFD. A short one, as most of
/// a record's are, lies in place: a record is read without asking for memory field by field.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(CompactString);

impl Text {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        if text.contains('\0') {
            return Self(text.replace('\0', "\u{fffd}").into());
        }
        Self(text.into())
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        if text.contains('\0') {
            Self::from(text.as_str())
        } else {
            Self(text.into())
        }
    }
}

impl From<Text> for String {
    fn from(text: Text) -> Self {
        text.0.into_string()
    }
}

impl<T: AsRef<str> + ?Sized> PartialEq<T> for Text {
    fn eq(&self, other: &T) -> bool {
        self.0.as_str() == other.as_ref()
    }
}

/// A string; null is `""`.
impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = Text;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a string")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Text, E> {
                Ok(text.into())
            }

            fn visit_string<E: de::Error>(self, text: String) -> Result<Text, E> {
                Ok(text.into())
            }

            fn visit_unit<E: de::Error>(self) -> Result<Text, E> {
                Ok(Text::default())
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_text_is_read_from_what_was_read_before_too() {
        let read = |value: Value| serde_json::from_value::<Text>(value);
        assert_eq!(read(json!("a\0b")).unwrap(), "a\u{fffd}b");
        assert_eq!(read(Value::Null).unwrap(), "");
        let error = read(json!(5)).unwrap_err().to_string();
        assert_eq!(error, "invalid type: integer `5`, expected a string");
    }
}
