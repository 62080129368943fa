//! One value as it is read, and what becomes of it where a field of the record wants another type.

use std::str::FromStr;

use jiff::Timestamp;
use thiserror::Error;

use crate::text::Text;

/// Why the bytes are not what their schema says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum Malformed {
    #[error("the value ends within a field")]
    CutOff,
    #[error("{0} bytes follow the last field")]
    TooLong(usize),
    #[error("a truth value is neither 0 nor 1")]
    Flag,
    #[error("a number has no end")]
    Number,
    #[error("a length is below zero or beyond all bounds")]
    Length,
    #[error("a text is not UTF-8")]
    Text,
    #[error("a branch of a union or a symbol of an enumeration is none of its schema's")]
    Choice,
}

/// A value that is no list and no record.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Value<'a> {
    Null,
    Flag(bool),
    Integer(i64),
    Number(f64),
    Time(Timestamp),
    Text(&'a str),
    Bytes(&'a [u8]),
}

/// What is wrong with a value, as a phrase.
pub(super) type Problem = String;

impl Value<'_> {
    pub(super) fn text(self) -> Result<Option<Text>, Problem> {
        match self {
            Self::Null => Ok(None),
            Self::Text(text) => Ok(Some(text.into())),
            other => Err(other.is_no("text")),
        }
    }

    pub(super) fn word<T: FromStr>(self) -> Result<Option<T>, Problem> {
        let Some(text) = self.text()? else {
            return Ok(None);
        };
        let word = text.parse();
        word.map(Some)
            .map_err(|_| format!("the word {text:?} is not known", text = text.as_str()))
    }

    pub(super) fn flag(self) -> Result<Option<bool>, Problem> {
        match self {
            Self::Null => Ok(None),
            Self::Flag(flag) => Ok(Some(flag)),
            other => Err(other.is_no("truth value")),
        }
    }

    pub(super) fn integer<T: TryFrom<i64>>(self) -> Result<Option<T>, Problem> {
        match self {
            Self::Null => Ok(None),
            Self::Integer(number) => T::try_from(number)
                .map(Some)
                .map_err(|_| format!("{number} is too large")),
            other => Err(other.is_no("whole number")),
        }
    }

    /// Finite, as each number of JSON is.
    pub(super) fn number(self) -> Result<Option<f64>, Problem> {
        match self {
            Self::Null => Ok(None),
            Self::Number(number) if number.is_finite() => Ok(Some(number)),
            #[expect(
                clippy::cast_precision_loss,
                reason = "seconds or a count, far below 2^52"
            )]
            Self::Integer(number) => Ok(Some(number as f64)),
            other => Err(other.is_no("finite number")),
        }
    }

    pub(super) fn time(self) -> Result<Option<Timestamp>, Problem> {
        match self {
            Self::Null => Ok(None),
            Self::Time(time) => Ok(Some(time)),
            other => Err(other.is_no("time")),
        }
    }

    fn is_no(self, wanted: &str) -> Problem {
        format!("{self:?} is no {wanted}")
    }
}
