//! The words of closed lists. Each is spelled once, by its variant's name; strum derives the rest.

use std::{fmt, marker::PhantomData, str::FromStr};

use serde::{Deserialize, Deserializer, de};
use strum::VariantArray;

use crate::text::Text;

/// Gives enumerations whose words strum derives what the contract needs of them.
macro_rules! spelled {
    ($($enumeration:ty),+) => {$(
        impl $enumeration {
            /// Every variant, in the order in which they are declared.
            pub const ALL: &'static [Self] = <Self as strum::VariantArray>::VARIANTS;

            /// The word used in records, columns and metrics.
            pub fn as_str(self) -> &'static str {
                self.into()
            }
        }

        impl serde::Serialize for $enumeration {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $enumeration {
            fn deserialize<D: serde::Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Self, D::Error> {
                deserializer.deserialize_str($crate::word::WordVisitor(std::marker::PhantomData))
            }
        }
    )+};
}

pub(crate) use spelled;

/// Takes a word of the list, and no other.
pub(crate) struct WordVisitor<T>(pub(crate) PhantomData<T>);

impl<T> de::Visitor<'_> for WordVisitor<T>
where
    T: Copy + FromStr + Into<&'static str> + VariantArray,
{
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = T::VARIANTS.iter().map(|word| (*word).into()).collect();
        write!(formatter, "one of {}", words.join(", "))
    }

    fn visit_str<E: de::Error>(self, word: &str) -> Result<T, E> {
        word.parse()
            .map_err(|_| E::invalid_value(de::Unexpected::Str(word), &self))
    }
}

/// A word as read: of the list, or one that a newer monitor writes and that is kept as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word<T> {
    /// A word of the list.
    Known(T),
    /// Another one.
    Unknown(Text),
}

impl<T: Copy + Into<&'static str>> Word<T> {
    /// The word.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Known(word) => (*word).into(),
            Self::Unknown(word) => word.as_str(),
        }
    }
}

impl<'de, T: FromStr> Deserialize<'de> for Word<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Text::deserialize(deserializer).map(Self::from)
    }
}

impl<T: FromStr> From<Text> for Word<T> {
    fn from(word: Text) -> Self {
        word.parse()
            .map_or_else(|_| Self::Unknown(word), Self::Known)
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use serde::{Serialize, de::DeserializeOwned};

    use crate::{
        failure::{FailureReason, Phase},
        probe::{HttpVersion, MatchKind, TlsVersion},
        result::{OutcomeKind, Witness},
    };

    fn is_read_as_written<T: Debug + PartialEq + Serialize + DeserializeOwned>(words: &[T]) {
        for word in words {
            let json = serde_json::to_string(word).unwrap();
            assert_eq!(serde_json::from_str::<T>(&json).unwrap(), *word);
        }
    }

    #[test]
    fn words_are_those_of_the_contract() {
        let spelled = |words: &[&str]| words.join(" ");
        let reasons: Vec<_> = FailureReason::ALL.iter().map(|it| it.as_str()).collect();
        assert_eq!(
            spelled(&reasons),
            "dns_not_found dns_server_failure dns_timeout connect_timeout connect_refused \
             connect_unreachable connect_failed address_forbidden tls_expired tls_untrusted \
             tls_wrong_host tls_handshake first_byte_timeout body_timeout connection_reset \
             protocol_error too_many_redirects bad_redirect prober_failed status_unexpected \
             pattern_not_found pattern_found target_removed robots_disallowed"
        );
        let phases: Vec<_> = Phase::ALL.iter().map(|it| it.as_str()).collect();
        assert_eq!(spelled(&phases), "dns connect tls first_byte body");
        let outcomes: Vec<_> = OutcomeKind::ALL.iter().map(|it| it.as_str()).collect();
        assert_eq!(spelled(&outcomes), "up down missed skipped");
        let matches: Vec<_> = MatchKind::ALL.iter().map(|it| it.as_str()).collect();
        assert_eq!(spelled(&matches), "matched not_matched not_evaluated");
        let versions: Vec<_> = HttpVersion::ALL.iter().map(|it| it.as_str()).collect();
        assert_eq!(spelled(&versions), "HTTP/1.0 HTTP/1.1 HTTP/2");
        let versions: Vec<_> = TlsVersion::ALL.iter().map(|it| it.as_str()).collect();
        assert_eq!(spelled(&versions), "TLSv1.2 TLSv1.3");
        let witnesses: Vec<_> = Witness::ALL.iter().map(|it| it.as_str()).collect();
        assert_eq!(spelled(&witnesses), "up down");
    }

    #[test]
    fn words_are_read_as_they_are_written() {
        is_read_as_written(FailureReason::ALL);
        is_read_as_written(Phase::ALL);
        is_read_as_written(OutcomeKind::ALL);
        is_read_as_written(MatchKind::ALL);
        is_read_as_written(HttpVersion::ALL);
        is_read_as_written(TlsVersion::ALL);
        is_read_as_written(Witness::ALL);
    }

    #[test]
    fn another_word_is_refused_with_those_that_there_are() {
        let error = serde_json::from_str::<OutcomeKind>("\"sideways\"").unwrap_err();
        let message =
            "invalid value: string \"sideways\", expected one of up, down, missed, skipped";
        assert!(error.to_string().starts_with(message), "{error}");
    }
}
