//! A record as read, whatever encoding it came in.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};
use thiserror::Error;
use uuid::Uuid;

use crate::{
    failure::{FailureReason, Phase},
    identity::record_id,
    lenient::{fields, integer, object, time},
    probe::MatchKind,
    result::{OutcomeKind, Witness},
    text::Text,
    word::Word,
};

/// The longest explanation of a wrong value.
const PROBLEM_CHARS_MAX: usize = 200;

/// Where a record stands in Kafka; what it lacks itself is taken from here.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// Its topic.
    pub topic: &'a str,
    /// Its partition.
    pub partition: i32,
    /// Its offset.
    pub offset: i64,
    /// Its timestamp, milliseconds since 1970; `None` where the broker gave none.
    pub timestamp_ms: Option<i64>,
}

/// Declares [`Record`] and, beside it, [`Fields`]: the same as it may come. So a field stands here
/// once: its name, its type, and whether a record can be without it.
macro_rules! record {
    (
        required { $($(#[doc = $required_doc:expr])* $(#[serde($($required_serde:tt)*)])?
            $required:ident: $required_type:ty;)* }
        optional { $($(#[doc = $optional_doc:expr])* $(#[serde($($optional_serde:tt)*)])?
            $optional:ident: $optional_type:ty;)* }
    ) => {
        /// A record as read. What was absent or null is `""` or `None`. Odd combinations stand as
        /// they came. The fields are the record's, by its own names (docs/record.md).
        #[derive(Clone, Debug, PartialEq)]
        pub struct Record {
            /// The same for the same check; of a record that carries none, made from its origin.
            pub check_id: Uuid,
            /// When the check was due; of a record that does not say, its timestamp in Kafka.
            pub scheduled_at: Timestamp,
            $($(#[doc = $required_doc])* pub $required: $required_type,)*
            $($(#[doc = $optional_doc])* pub $optional: $optional_type,)*
        }

        /// The fields as they may come: any of them absent or null.
        #[derive(Default, Deserialize)]
        pub(crate) struct Fields {
            pub(crate) check_id: Option<Uuid>,
            #[serde(default, deserialize_with = "time")]
            pub(crate) scheduled_at: Option<Timestamp>,
            $(#[serde(default $(, $($required_serde)*)?)]
            pub(crate) $required: Option<$required_type>,)*
            $(#[serde(default $(, $($optional_serde)*)?)]
            pub(crate) $optional: $optional_type,)*
        }

        impl Fields {
            /// The record, if it has what it must have.
            pub(crate) fn into_record(self, origin: &Origin<'_>) -> Result<Record, ReadError> {
                let (check_id, scheduled_at) = self.identity(origin)?;
                Ok(Record {
                    check_id,
                    scheduled_at,
                    $($required: self
                        .$required
                        .ok_or(ReadError::Missing(stringify!($required)))?,)*
                    $($optional: self.$optional,)*
                })
            }
        }
    };
}

record! {
    required {
        /// The website's identity; the original leaves it empty where a check failed.
        url: Text;
        /// The HTTP status, or the code of the failure.
        #[serde(deserialize_with = "integer")]
        error_code: i32;
        /// Seconds; finite, since JSON knows nothing else.
        response_time: f64;
    }
    optional {
        /// `""` when the target has none.
        regex_pattern: Text;
        /// `""` when nothing was found.
        matched_text: Text;
        /// `None` for a record of the original.
        schema_version: Option<i32>;
        /// `""` where nobody said it.
        location: Text;
        /// `None` when the check never began.
        #[serde(deserialize_with = "time")]
        started_at: Option<Timestamp>;
        /// Seconds.
        interval: Option<f64>;
        /// A word that is not known is an error: what it does to other rows cannot be guessed.
        outcome: Option<OutcomeKind>;
        /// Nothing set where there was none.
        #[serde(deserialize_with = "fields")]
        failure: FailureFields;
        /// The record's `match`, which is a word of the language here.
        #[serde(rename = "match")]
        matched: Option<Word<MatchKind>>;
        /// Nothing set where no phase was measured.
        #[serde(deserialize_with = "fields")]
        timings: TimingFields;
        /// 1, or more for a retry.
        attempt: Option<i32>;
        /// `ip:port`, as a text: others may write otherwise.
        remote_address: Option<Text>;
        /// As a text: there may be newer ones than we speak.
        http_version: Option<Text>;
        /// As a text, for the same reason.
        tls_version: Option<Text>;
        /// Hops.
        redirects: Option<i32>;
        /// Decoded bytes.
        body_bytes: Option<i64>;
        /// True when the body's cap was reached.
        body_truncated: Option<bool>;
        /// Nothing set where none was seen.
        #[serde(deserialize_with = "fields")]
        certificate: CertificateFields;
        /// What the target's settings say beyond url and pattern, as it came, but without NUL.
        #[serde(deserialize_with = "object")]
        target: Option<Map<String, Value>>;
        /// The prober's doubt in itself.
        #[serde(rename = "prober", deserialize_with = "fields")]
        self_doubt: SelfDoubtFields;
    }
}

/// The record's `failure`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct FailureFields {
    /// The kind.
    pub reason: Option<Word<FailureReason>>,
    /// The phase in which it happened.
    pub phase: Option<Word<Phase>>,
    /// The words, for a person.
    pub detail: Option<Text>,
}

/// The record's `timings`: seconds of each phase.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the phases are explained at `Phase`")]
pub struct TimingFields {
    pub dns: Option<f64>,
    pub connect: Option<f64>,
    pub tls: Option<f64>,
    pub first_byte: Option<f64>,
    pub body: Option<f64>,
}

/// The record's `certificate`: the leaf that the site showed.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(default)]
pub struct CertificateFields {
    /// The end of its validity.
    #[serde(deserialize_with = "time")]
    pub not_after: Option<Timestamp>,
    /// Who signed it.
    pub issuer: Option<Text>,
    /// Whom it is for.
    pub subject: Option<Text>,
}

/// The record's `prober`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct SelfDoubtFields {
    /// Seconds from when the check was due to when it began.
    pub schedule_lag: Option<f64>,
    /// Probes running when it began.
    pub in_flight: Option<i32>,
    /// True when the prober itself was too late or too busy to be believed.
    pub overloaded: Option<bool>,
    /// Whether our own network was to blame. A word that is not known is an error, as of `outcome`.
    pub witness: Option<Witness>,
}

impl Fields {
    /// Our records carry their identity; the original's get theirs from where they stand.
    fn identity(&self, origin: &Origin<'_>) -> Result<(Uuid, Timestamp), ReadError> {
        if self.schema_version.is_some() {
            let check_id = self.check_id.ok_or(ReadError::Missing("check_id"))?;
            let scheduled_at = self
                .scheduled_at
                .ok_or(ReadError::Missing("scheduled_at"))?;
            return Ok((check_id, scheduled_at));
        }
        let timestamp_ms = origin.timestamp_ms.ok_or(ReadError::NoTime)?;
        let scheduled_at =
            Timestamp::from_millisecond(timestamp_ms).map_err(|_| ReadError::NoTime)?;
        let check_id = record_id(origin.topic, origin.partition, origin.offset, timestamp_ms);
        Ok((check_id, scheduled_at))
    }
}

/// Why a record cannot be read. Quotes no more of it than a field's name and a short value.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ReadError {
    /// A tombstone, or no bytes at all.
    #[error("the record has no value")]
    Empty,
    /// Not JSON, or JSON that is no object.
    #[error("not a JSON object: {0}")]
    NotJson(String),
    /// Not what its schema says.
    #[error("not Avro of its schema: {0}")]
    NotAvro(String),
    /// A required field is absent or null.
    #[error("field `{0}` is missing")]
    Missing(&'static str),
    /// A field holds what it may not hold.
    #[error("field `{field}`: {problem}")]
    Invalid {
        /// The field, as a path.
        field: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The object as a whole is wrong, as when it says a field twice.
    #[error("{0}")]
    InvalidWhole(String),
    /// A record of the original that has no Kafka timestamp has no time at all.
    #[error("the record has neither `scheduled_at` nor a Kafka timestamp")]
    NoTime,
}

impl ReadError {
    /// A field holds what it may not hold. Problems quote the value at fault, which can be a page.
    pub(crate) fn invalid(field: &str, problem: String) -> Self {
        Self::Invalid {
            field: shortened(field.to_owned()),
            problem: shortened(problem),
        }
    }

    /// A short name of the kind, for counting.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::NotJson(_) => "not_json",
            Self::NotAvro(_) => "not_avro",
            Self::Missing(_) => "missing_field",
            Self::Invalid { .. } | Self::InvalidWhole(_) => "invalid_field",
            Self::NoTime => "no_time",
        }
    }
}

/// At most so much of a problem as a person reads.
pub(crate) fn shortened(mut problem: String) -> String {
    if let Some((end, _)) = problem.char_indices().nth(PROBLEM_CHARS_MAX) {
        problem.truncate(end);
        problem.push('…');
    }
    problem
}
