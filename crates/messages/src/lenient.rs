//! Taking what others may write.

use std::{borrow::Cow, fmt, marker::PhantomData};

use jiff::{Timestamp, fmt::temporal::Pieces};
use serde::{
    Deserialize, Deserializer,
    de::{self, value::MapAccessDeserializer},
};
use serde_json::{Map, Value};

use crate::text::Text;

/// An object's fields, or none of them where it is null. Serde takes an array for a struct, by
/// position; the contract does not.
pub(crate) fn fields<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    struct Visitor<T>(PhantomData<T>);

    impl<'de, T: Default + Deserialize<'de>> de::Visitor<'de> for Visitor<T> {
        type Value = T;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("an object")
        }

        fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
            T::deserialize(MapAccessDeserializer::new(map))
        }

        fn visit_unit<E: de::Error>(self) -> Result<T, E> {
            Ok(T::default())
        }
    }

    deserializer.deserialize_any(Visitor(PhantomData))
}

/// Digits of a second that jiff reads.
const NANOSECOND_DIGITS: usize = 9;
/// The first time that is told: whoever spells an earlier one, in whatever zone, speaks of years BC, and
/// others do not read that. Certificates of clocks that stood still begin and end there.
pub(crate) const EARLIEST: Timestamp = Timestamp::constant(-62_135_510_400, 0);

/// A time. One before the first that is told, or beyond the last that jiff spells, is kept as that one:
/// 9999-12-31T23:59:59Z, a common end of certificates that are to end never, is beyond it.
pub(crate) fn time<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Timestamp>, D::Error> {
    struct Time(Timestamp);

    struct Visitor;

    impl de::Visitor<'_> for Visitor {
        type Value = Time;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("a time as RFC 3339 has it")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Time, E> {
            let text = &*within_nanoseconds(text);
            match text.parse() {
                Ok(time) => Ok(Time(EARLIEST.max(time))),
                Err(_) if is_beyond(text) => Ok(Time(Timestamp::MAX)),
                Err(error) => Err(E::custom(error)),
            }
        }
    }

    impl<'de> Deserialize<'de> for Time {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_str(Visitor)
        }
    }

    Option::deserialize(deserializer).map(|time| time.map(|Time(time)| time))
}

/// The same text, with no more digits of a second than jiff reads: RFC 3339 sets no end to them.
fn within_nanoseconds(text: &str) -> Cow<'_, str> {
    let Some((before, rest)) = text.split_once('.') else {
        return text.into();
    };
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    if digits <= NANOSECOND_DIGITS {
        return text.into();
    }
    format!("{before}.{}{}", &rest[..NANOSECOND_DIGITS], &rest[digits..]).into()
}

/// An object as it came; texts in it, at any depth, are made storable.
pub(crate) fn object<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Map<String, Value>>, D::Error> {
    let object = Option::<Map<String, Value>>::deserialize(deserializer)?;
    Ok(object.map(storable_object))
}

fn storable_object(object: Map<String, Value>) -> Map<String, Value> {
    object
        .into_iter()
        .map(|(key, value)| (Text::from(key).into(), storable(value)))
        .collect()
}

/// Goes no deeper than `serde_json` reads: 128 levels.
fn storable(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(Text::from(text).into()),
        Value::Array(values) => values.into_iter().map(storable).collect(),
        Value::Object(object) => Value::Object(storable_object(object)),
        Value::Null | Value::Bool(_) | Value::Number(_) => value,
    }
}

/// Whether a text is a time after the last one.
fn is_beyond(text: &str) -> bool {
    let Ok(pieces) = Pieces::parse(text) else {
        return false;
    };
    let (Some(time), Some(offset)) = (pieces.time(), pieces.to_numeric_offset()) else {
        return false;
    };
    let local = pieces.date().to_datetime(time);
    local.year() > 0 && offset.to_timestamp(local).is_err()
}

/// An integer, or a string that holds one: the original writes 200 as `"200"`.
pub(crate) fn integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i32>, D::Error> {
    struct Visitor;

    impl<'de> de::Visitor<'de> for Visitor {
        type Value = Option<i32>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("a 32-bit integer, or a string that holds one")
        }

        fn visit_i64<E: de::Error>(self, value: i64) -> Result<Self::Value, E> {
            i32::try_from(value)
                .map(Some)
                .map_err(|_| E::invalid_value(de::Unexpected::Signed(value), &self))
        }

        fn visit_u64<E: de::Error>(self, value: u64) -> Result<Self::Value, E> {
            i32::try_from(value)
                .map(Some)
                .map_err(|_| E::invalid_value(de::Unexpected::Unsigned(value), &self))
        }

        // 200.0, as who counts in floating point writes it.
        fn visit_f64<E: de::Error>(self, value: f64) -> Result<Self::Value, E> {
            if value.fract() != 0.0 {
                return Err(E::invalid_value(de::Unexpected::Float(value), &self));
            }
            #[expect(
                clippy::cast_possible_truncation,
                reason = "it ends at the ends of the type"
            )]
            self.visit_i64(value as i64)
        }

        fn visit_str<E: de::Error>(self, value: &str) -> Result<Self::Value, E> {
            value
                .trim()
                .parse()
                .map(Some)
                .map_err(|_| E::custom("a string that holds no 32-bit integer"))
        }

        fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_none<E: de::Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_some<D: Deserializer<'de>>(
            self,
            deserializer: D,
        ) -> Result<Self::Value, D::Error> {
            deserializer.deserialize_any(self)
        }
    }

    deserializer.deserialize_any(Visitor)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Timestamp> {
        let json = format!("\"{text}\"");
        time(&mut serde_json::Deserializer::from_str(&json)).unwrap_or_default()
    }

    #[test]
    fn a_time_beyond_the_last_is_the_last() {
        assert_eq!(read("9999-12-31T23:59:59Z"), Some(Timestamp::MAX));
        assert_eq!(read("9999-12-31T23:59:59.5-11:00"), Some(Timestamp::MAX));
        let before = "9999-12-30T21:59:59Z";
        assert_eq!(read(before), Some(before.parse().unwrap()));
    }

    #[test]
    fn every_spelling_of_rfc_3339_is_read() {
        for text in [
            "2026-11-27T10:00:00.123456789Z",
            "2026-11-27T10:00:00.1234567891Z",
            "2026-11-27t10:00:00.12345678999999999999z",
            "2026-11-27 12:00:00.12345678901234567890+02:00",
            "2026-11-26T10:01:00.1234567890-23:59",
        ] {
            let read = read(text).map(|it| it.to_string());
            assert_eq!(
                read.as_deref(),
                Some("2026-11-27T10:00:00.123456789Z"),
                "{text}"
            );
        }
        let leap = Some("2016-12-31T23:59:59Z".parse().unwrap());
        assert_eq!(read("2016-12-31T23:59:60Z"), leap);
        for text in [
            "2026-11-27T10:00:00.Z",
            "2026-11-27T10:00:00.1234567890",
            "10.1234567890Z",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn a_time_before_the_first_is_the_first() {
        for text in [
            "0000-01-01T00:00:00Z",
            "-005000-01-01T00:00:00Z",
            "0001-01-01T23:59:59Z",
        ] {
            assert_eq!(read(text), Some(EARLIEST), "{text}");
        }
        assert_eq!(EARLIEST.to_string(), "0001-01-02T00:00:00Z");
        assert_eq!(
            read("0001-01-03T00:00:00Z").unwrap().to_string(),
            "0001-01-03T00:00:00Z"
        );
    }

    #[test]
    fn what_is_no_time_stays_none() {
        for text in [
            "",
            "never",
            "9999-12-31",
            "9999-12-31T23:59:59",
            "9999-13-01T00:00:00Z",
            // Before the first one.
            "-009999-01-01T00:00:00Z",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
