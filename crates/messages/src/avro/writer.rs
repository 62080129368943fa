//! Writing a record by our own schema, `record.avsc`, field by field in its order.

use jiff::Timestamp;

use super::wire::header;
use crate::record::{CertificateFields, FailureFields, Record, SelfDoubtFields, TimingFields};

/// Most records are smaller.
const RECORD_BYTES: usize = 512;

impl Record {
    /// The record's value in the topic, as Avro of our own schema, whose number in the registry this is.
    pub fn to_avro(&self, schema_id: u32) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(RECORD_BYTES);
        bytes.extend(header(schema_id));
        let mut output = Output(bytes);
        output.text(&self.url);
        output.long(self.error_code.into());
        output.double(self.response_time);
        output.text(&self.regex_pattern);
        output.text(&self.matched_text);
        output.if_some(self.schema_version, |output, it| output.long(it.into()));
        output.0.extend(self.check_id.as_bytes());
        output.text(&self.location);
        output.time(self.scheduled_at);
        output.if_some(self.started_at, Output::time);
        output.if_some(self.interval, Output::double);
        output.if_some(self.outcome, |output, it| output.text(it.as_str()));
        output.failure(&self.failure);
        output.if_some(self.matched.as_ref(), |output, it| output.text(it.as_str()));
        output.timings(&self.timings);
        output.if_some(self.attempt, |output, it| output.long(it.into()));
        output.if_some(self.remote_address.as_deref(), Output::text);
        output.if_some(self.http_version.as_deref(), Output::text);
        output.if_some(self.tls_version.as_deref(), Output::text);
        output.if_some(self.redirects, |output, it| output.long(it.into()));
        output.if_some(self.body_bytes, Output::long);
        output.if_some(self.body_truncated, Output::flag);
        output.certificate(&self.certificate);
        let target = self.target.as_ref();
        let target = target.and_then(|target| serde_json::to_string(target).ok());
        output.if_some(target.as_deref(), Output::text);
        output.prober(&self.self_doubt);
        output.0
    }
}

struct Output(Vec<u8>);

impl Output {
    fn flag(&mut self, flag: bool) {
        self.0.push(flag.into());
    }

    fn long(&mut self, number: i64) {
        let mut rest = ((number << 1) ^ (number >> 63)).cast_unsigned();
        loop {
            // Seven bits a byte, and whether another one follows.
            let [lowest, ..] = rest.to_le_bytes();
            rest >>= 7;
            if rest == 0 {
                return self.0.push(lowest);
            }
            self.0.push(lowest | 0x80);
        }
    }

    fn double(&mut self, number: f64) {
        self.0.extend(number.to_le_bytes());
    }

    fn time(&mut self, time: Timestamp) {
        self.long(time.as_microsecond());
    }

    fn text(&mut self, text: &str) {
        // No text in memory has more bytes than this counts.
        self.long(text.len().try_into().unwrap_or(i64::MAX));
        self.0.extend(text.as_bytes());
    }

    /// A union with null, which comes first.
    fn if_some<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.long(value.is_some().into());
        if let Some(value) = value {
            write(self, value);
        }
    }

    fn failure(&mut self, failure: &FailureFields) {
        let is_there = *failure != FailureFields::default();
        self.if_some(is_there.then_some(failure), |output, failure| {
            let (reason, phase) = (failure.reason.as_ref(), failure.phase.as_ref());
            output.if_some(reason, |output, it| output.text(it.as_str()));
            output.if_some(phase, |output, it| output.text(it.as_str()));
            output.if_some(failure.detail.as_deref(), Self::text);
        });
    }

    fn timings(&mut self, timings: &TimingFields) {
        let is_there = *timings != TimingFields::default();
        self.if_some(is_there.then_some(timings), |output, timings| {
            for time in [
                timings.dns,
                timings.connect,
                timings.tls,
                timings.first_byte,
                timings.body,
            ] {
                output.if_some(time, Self::double);
            }
        });
    }

    fn certificate(&mut self, certificate: &CertificateFields) {
        let is_there = *certificate != CertificateFields::default();
        self.if_some(is_there.then_some(certificate), |output, certificate| {
            output.if_some(certificate.not_after, Self::time);
            output.if_some(certificate.issuer.as_deref(), Self::text);
            output.if_some(certificate.subject.as_deref(), Self::text);
        });
    }

    fn prober(&mut self, prober: &SelfDoubtFields) {
        let is_there = *prober != SelfDoubtFields::default();
        self.if_some(is_there.then_some(prober), |output, prober| {
            output.if_some(prober.schedule_lag, Self::double);
            output.if_some(prober.in_flight, |output, it| output.long(it.into()));
            output.if_some(prober.overloaded, Self::flag);
            output.if_some(prober.witness, |output, it| output.text(it.as_str()));
        });
    }
}
