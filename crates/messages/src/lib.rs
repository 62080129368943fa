//! The contract between monitor and consumer: the record in the topic, how it is written and how it
//! is read, and when a check is due. Pure: no I/O, no clock.
//!
//! - [`CheckResult`] is what a monitor publishes. Its types leave no room for nonsense.
//! - [`Record`] is what a consumer reads: lenient, the original Python system's records included.
//! - [`DueTimes`] are a target's, the same for whoever asks. [`Maintenance`] is when it is worked on.

mod advice;
mod avro;
mod due;
mod failure;
mod identity;
mod json;
mod lenient;
mod maintenance;
mod masked;
mod probe;
mod record;
mod result;
mod text;
mod word;

pub use advice::Advice;
pub use avro::{AVRO_SCHEMA, AvroReader, Unfit, avro_conflict, schema_id};
pub use due::DueTimes;
pub use failure::{Failure, FailureReason, Phase};
pub use identity::{check_id, record_id};
pub use json::{Encoded, SCHEMA_VERSION};
pub use maintenance::Maintenance;
pub use masked::Masked;
pub use probe::{Certificate, HttpVersion, Match, MatchKind, Probe, Response, Timings, TlsVersion};
pub use record::{
    CertificateFields, FailureFields, Origin, ReadError, Record, SelfDoubtFields, TimingFields,
};
pub use result::{Check, CheckResult, Outcome, OutcomeKind, SelfDoubt, Witness};

pub use text::Text;
pub use word::Word;

#[cfg(test)]
mod tests;
