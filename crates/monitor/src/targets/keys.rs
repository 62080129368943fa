//! Keys that an element says more than once.
//!
//! `serde_json` keeps the last of them and says nothing, so whoever forgot the braces between two
//! elements would lose one target in silence.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};

use super::fields::Field;

/// What is wrong with an element that says a field twice.
pub(super) fn said_twice(field: &Field) -> String {
    format!(
        "says {:?} twice; say it once, or put the missing braces between two targets",
        field.name
    )
}

/// The field that the object of this text says twice by the same name.
pub(super) fn repeated(object: &[u8]) -> Option<&'static Field> {
    let Keys(mut keys) = serde_json::from_slice(object).ok()?;
    keys.sort_unstable();
    let mut twice = keys.windows(2).filter(|pair| pair[0] == pair[1]);
    twice.find_map(|pair| Field::named(&pair[0]))
}

/// An object's keys, each as often as it stands there.
struct Keys(Vec<String>);

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collecting;

        impl<'de> Visitor<'de> for Collecting {
            type Value = Keys;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Keys, A::Error> {
                let mut keys = Vec::new();
                while let Some((key, IgnoredAny)) = map.next_entry()? {
                    keys.push(key);
                }
                Ok(Keys(keys))
            }
        }

        deserializer.deserialize_map(Collecting)
    }
}
