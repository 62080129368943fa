//! Reading a record: lenient, the original Python system's records included.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, de};
use uuid::Uuid;

use crate::{
    failure::{FailureReason, Phase},
    identity::record_id,
    record::{Origin, ReadError, Record},
    result::{MatchKind, OutcomeKind},
};

/// The longest explanation of a wrong value.
const PROBLEM_CHARS_MAX: usize = 200;

impl Record {
    /// Reads a record's value.
    pub fn read(value: &[u8], origin: &Origin<'_>) -> Result<Self, ReadError> {
        if value.is_empty() {
            return Err(ReadError::Empty);
        }
        // Serde takes an array for a struct; the contract does not.
        if value.trim_ascii_start().first() != Some(&b'{') {
            return Err(ReadError::NotJson(
                "the value does not begin with `{`".into(),
            ));
        }
        let fields =
            serde_json::from_slice::<Fields>(value).map_err(|error| explain(value, &error))?;
        fields.into_record(origin)
    }
}

/// Names the field at fault. The second pass costs nothing where records are good.
fn explain(value: &[u8], error: &serde_json::Error) -> ReadError {
    if error.classify() != serde_json::error::Category::Data {
        return ReadError::NotJson(error.to_string());
    }
    let deserializer = &mut serde_json::Deserializer::from_slice(value);
    match serde_path_to_error::deserialize::<_, Fields>(deserializer) {
        Err(located) => ReadError::Invalid {
            field: shortened(located.path().to_string()),
            problem: shortened(located.inner().to_string()),
        },
        Ok(_) => ReadError::NotJson(error.to_string()),
    }
}

/// Errors quote the value at fault, which can be a whole page.
fn shortened(mut problem: String) -> String {
    if let Some((end, _)) = problem.char_indices().nth(PROBLEM_CHARS_MAX) {
        problem.truncate(end);
        problem.push('…');
    }
    problem
}

/// The fields as they may come: any of them absent or null.
#[derive(Deserialize)]
struct Fields {
    url: Option<String>,
    #[serde(default, deserialize_with = "lenient_integer")]
    error_code: Option<i32>,
    response_time: Option<f64>,
    regex_pattern: Option<String>,
    matched_text: Option<String>,
    schema_version: Option<i32>,
    check_id: Option<Uuid>,
    location: Option<String>,
    scheduled_at: Option<Timestamp>,
    started_at: Option<Timestamp>,
    interval: Option<f64>,
    outcome: Option<OutcomeKind>,
    failure: Option<FailureFields>,
    r#match: Option<MatchKind>,
    timings: Option<TimingFields>,
    attempt: Option<i32>,
    remote_address: Option<String>,
    http_version: Option<String>,
    redirects: Option<i32>,
    body_bytes: Option<i64>,
    body_truncated: Option<bool>,
    certificate: Option<CertificateFields>,
    prober: Option<ProberFields>,
}

#[derive(Default, Deserialize)]
struct FailureFields {
    reason: Option<FailureReason>,
    phase: Option<Phase>,
    detail: Option<String>,
}

#[derive(Default, Deserialize)]
struct TimingFields {
    dns: Option<f64>,
    connect: Option<f64>,
    tls: Option<f64>,
    first_byte: Option<f64>,
    body: Option<f64>,
}

#[derive(Default, Deserialize)]
struct CertificateFields {
    not_after: Option<Timestamp>,
    issuer: Option<String>,
    subject: Option<String>,
}

#[derive(Default, Deserialize)]
struct ProberFields {
    schedule_lag: Option<f64>,
    in_flight: Option<i32>,
    overloaded: Option<bool>,
}

impl Fields {
    fn into_record(self, origin: &Origin<'_>) -> Result<Record, ReadError> {
        let (check_id, scheduled_at) = self.identity(origin)?;
        let failure = self.failure.unwrap_or_default();
        let timings = self.timings.unwrap_or_default();
        let certificate = self.certificate.unwrap_or_default();
        let prober = self.prober.unwrap_or_default();
        Ok(Record {
            url: self.url.map(storable).ok_or(ReadError::Missing("url"))?,
            error_code: self.error_code.ok_or(ReadError::Missing("error_code"))?,
            response_time: self
                .response_time
                .ok_or(ReadError::Missing("response_time"))?,
            regex_pattern: self.regex_pattern.map(storable).unwrap_or_default(),
            matched_text: self.matched_text.map(storable).unwrap_or_default(),
            schema_version: self.schema_version,
            check_id,
            location: self.location.map(storable).unwrap_or_default(),
            scheduled_at,
            started_at: self.started_at,
            interval: self.interval,
            outcome: self.outcome,
            failure_reason: failure.reason,
            failure_phase: failure.phase,
            failure_detail: failure.detail.map(storable),
            matched: self.r#match,
            dns: timings.dns,
            connect: timings.connect,
            tls: timings.tls,
            first_byte: timings.first_byte,
            body: timings.body,
            attempt: self.attempt,
            remote_address: self.remote_address.map(storable),
            http_version: self.http_version.map(storable),
            redirects: self.redirects,
            body_bytes: self.body_bytes,
            body_truncated: self.body_truncated,
            certificate_not_after: certificate.not_after,
            certificate_issuer: certificate.issuer.map(storable),
            certificate_subject: certificate.subject.map(storable),
            schedule_lag: prober.schedule_lag,
            in_flight: prober.in_flight,
            overloaded: prober.overloaded,
        })
    }

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

/// The text as PostgreSQL can store it.
fn storable(text: String) -> String {
    if text.contains('\0') {
        text.replace('\0', "\u{fffd}")
    } else {
        text
    }
}

/// An integer, or a string that holds one: the original writes 200 as `"200"`.
fn lenient_integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i32>, D::Error> {
    struct Visitor;

    impl<'de> de::Visitor<'de> for Visitor {
        type Value = Option<i32>;

        fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
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
