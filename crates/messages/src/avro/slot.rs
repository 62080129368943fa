//! The fields of the record: what each is called in a schema, and where its value goes.

use strum::{EnumString, IntoStaticStr, VariantArray};
use uuid::Uuid;

use super::value::{Problem, Value};
use crate::{lenient, record::Fields, word::Word};

/// A field that is no record itself, by its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub(super) enum Slot {
    Url,
    ErrorCode,
    ResponseTime,
    RegexPattern,
    MatchedText,
    SchemaVersion,
    CheckId,
    Location,
    ScheduledAt,
    StartedAt,
    Interval,
    Outcome,
    #[strum(serialize = "failure.reason")]
    FailureReason,
    #[strum(serialize = "failure.phase")]
    FailurePhase,
    #[strum(serialize = "failure.detail")]
    FailureDetail,
    Match,
    #[strum(serialize = "timings.dns")]
    Dns,
    #[strum(serialize = "timings.connect")]
    Connect,
    #[strum(serialize = "timings.tls")]
    Tls,
    #[strum(serialize = "timings.first_byte")]
    FirstByte,
    #[strum(serialize = "timings.body")]
    Body,
    Attempt,
    RemoteAddress,
    HttpVersion,
    TlsVersion,
    Redirects,
    BodyBytes,
    BodyTruncated,
    #[strum(serialize = "certificate.not_after")]
    NotAfter,
    #[strum(serialize = "certificate.issuer")]
    Issuer,
    #[strum(serialize = "certificate.subject")]
    Subject,
    Target,
    #[strum(serialize = "prober.schedule_lag")]
    ScheduleLag,
    #[strum(serialize = "prober.in_flight")]
    InFlight,
    #[strum(serialize = "prober.overloaded")]
    Overloaded,
    #[strum(serialize = "prober.witness")]
    Witness,
}

/// What kind of value a field has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Integer,
    Number,
    Flag,
    Time,
    Id,
}

impl Kind {
    /// For a person who has a schema before them.
    pub(super) fn shown(self) -> &'static str {
        match self {
            Self::Text => "a string",
            Self::Integer => "an int or a long",
            Self::Number => "a double",
            Self::Flag => "a boolean",
            Self::Time => "a long of the logical type timestamp-micros",
            Self::Id => "a fixed or a string of the logical type uuid",
        }
    }
}

impl Slot {
    /// The fields that are records of others.
    pub(super) const RECORDS: [&str; 4] = ["failure", "timings", "certificate", "prober"];
    /// Without these there is no record.
    pub(super) const REQUIRED: [Self; 3] = [Self::Url, Self::ErrorCode, Self::ResponseTime];

    pub(super) fn path(self) -> &'static str {
        self.into()
    }

    pub(super) fn kind(self) -> Kind {
        match self {
            Self::ErrorCode
            | Self::SchemaVersion
            | Self::Attempt
            | Self::Redirects
            | Self::BodyBytes
            | Self::InFlight => Kind::Integer,
            Self::ResponseTime
            | Self::Interval
            | Self::Dns
            | Self::Connect
            | Self::Tls
            | Self::FirstByte
            | Self::Body
            | Self::ScheduleLag => Kind::Number,
            Self::BodyTruncated | Self::Overloaded => Kind::Flag,
            Self::ScheduledAt | Self::StartedAt | Self::NotAfter => Kind::Time,
            Self::CheckId => Kind::Id,
            Self::Url
            | Self::RegexPattern
            | Self::MatchedText
            | Self::Location
            | Self::Outcome
            | Self::FailureReason
            | Self::FailurePhase
            | Self::FailureDetail
            | Self::Match
            | Self::RemoteAddress
            | Self::HttpVersion
            | Self::TlsVersion
            | Self::Issuer
            | Self::Subject
            | Self::Target
            | Self::Witness => Kind::Text,
        }
    }

    /// Puts a value where it belongs. A line a field.
    pub(super) fn put(self, value: Value<'_>, fields: &mut Fields) -> Result<(), Problem> {
        match self {
            Self::Url => fields.url = value.text()?,
            Self::ErrorCode => fields.error_code = value.integer()?,
            Self::ResponseTime => fields.response_time = value.number()?,
            Self::RegexPattern => fields.regex_pattern = value.text()?.unwrap_or_default(),
            Self::MatchedText => fields.matched_text = value.text()?.unwrap_or_default(),
            Self::SchemaVersion => fields.schema_version = value.integer()?,
            Self::CheckId => fields.check_id = id(value)?,
            Self::Location => fields.location = value.text()?.unwrap_or_default(),
            Self::ScheduledAt => fields.scheduled_at = value.time()?,
            Self::StartedAt => fields.started_at = value.time()?,
            Self::Interval => fields.interval = value.number()?,
            Self::Outcome => fields.outcome = value.word()?,
            Self::FailureReason => fields.failure.reason = value.text()?.map(Word::from),
            Self::FailurePhase => fields.failure.phase = value.text()?.map(Word::from),
            Self::FailureDetail => fields.failure.detail = value.text()?,
            Self::Match => fields.matched = value.text()?.map(Word::from),
            Self::Dns => fields.timings.dns = value.number()?,
            Self::Connect => fields.timings.connect = value.number()?,
            Self::Tls => fields.timings.tls = value.number()?,
            Self::FirstByte => fields.timings.first_byte = value.number()?,
            Self::Body => fields.timings.body = value.number()?,
            Self::Attempt => fields.attempt = value.integer()?,
            Self::RemoteAddress => fields.remote_address = value.text()?,
            Self::HttpVersion => fields.http_version = value.text()?,
            Self::TlsVersion => fields.tls_version = value.text()?,
            Self::Redirects => fields.redirects = value.integer()?,
            Self::BodyBytes => fields.body_bytes = value.integer()?,
            Self::BodyTruncated => fields.body_truncated = value.flag()?,
            Self::NotAfter => fields.certificate.not_after = value.time()?,
            Self::Issuer => fields.certificate.issuer = value.text()?,
            Self::Subject => fields.certificate.subject = value.text()?,
            Self::Target => fields.target = object(value)?,
            Self::ScheduleLag => fields.self_doubt.schedule_lag = value.number()?,
            Self::InFlight => fields.self_doubt.in_flight = value.integer()?,
            Self::Overloaded => fields.self_doubt.overloaded = value.flag()?,
            Self::Witness => fields.self_doubt.witness = value.word()?,
        }
        Ok(())
    }
}

/// Its sixteen bytes, or as it is spelled.
fn id(value: Value<'_>) -> Result<Option<Uuid>, Problem> {
    let id = match value {
        Value::Null => return Ok(None),
        Value::Bytes(bytes) => Uuid::from_slice(bytes),
        Value::Text(text) => Uuid::parse_str(text),
        other => return Err(format!("{other:?} is no uuid")),
    };
    id.map(Some).map_err(|error| error.to_string())
}

/// An object, as JSON.
fn object(value: Value<'_>) -> Result<Option<serde_json::Map<String, serde_json::Value>>, Problem> {
    match value {
        Value::Null => Ok(None),
        Value::Text(json) => {
            let mut deserializer = serde_json::Deserializer::from_str(json);
            let object = lenient::object(&mut deserializer);
            let object = object.and_then(|object| deserializer.end().map(|()| object));
            object.map_err(|error| error.to_string())
        }
        other => Err(format!("{other:?} is no text")),
    }
}
