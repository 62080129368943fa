//! What is written is read back, whatever it holds.

mod fields;

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use proptest::{collection, option, prelude::*, sample::select};
use serde_json::{Map, Value, json};

use crate::{
    AVRO_SCHEMA, AvroReader, Certificate, Check, CheckResult, Failure, FailureReason, HttpVersion,
    Match, Origin, Outcome, Phase, Probe, Record, Response, SelfDoubt, Timings, TlsVersion,
    Witness, Word,
};

const ORIGIN: Origin<'_> = Origin {
    topic: "checks",
    partition: 3,
    offset: 77,
    timestamp_ms: Some(1_700_000_000_123),
};

fn text() -> impl Strategy<Value = String> {
    // NUL is left to a test of its own: reading replaces it.
    collection::vec(
        any::<char>().prop_filter("NUL", |char| *char != '\0'),
        0..40,
    )
    .prop_map(String::from_iter)
}

fn time() -> impl Strategy<Value = Timestamp> {
    (946_684_800_000_000_i64..4_102_444_800_000_000)
        .prop_map(|micros| Timestamp::from_microsecond(micros).unwrap())
}

fn duration() -> impl Strategy<Value = Duration> {
    (0_u64..86_400_000_000).prop_map(Duration::from_micros)
}

prop_compose! {
    fn failure()(
        reason in select(FailureReason::ALL.to_vec()),
        phase in option::of(select(Phase::ALL.to_vec())),
        detail in text(),
    ) -> Failure {
        Failure::new(reason, phase, detail)
    }
}

prop_compose! {
    fn timings()(
        dns in option::of(duration()),
        connect in option::of(duration()),
        tls in option::of(duration()),
        first_byte in option::of(duration()),
        body in option::of(duration()),
    ) -> Timings {
        Timings { dns, connect, tls, first_byte, body }
    }
}

prop_compose! {
    fn certificate()(not_after in time(), issuer in text(), subject in text()) -> Certificate {
        Certificate { not_after, issuer, subject }
    }
}

prop_compose! {
    fn probe()(
        started_at in time(),
        response_time in duration(),
        timings in timings(),
        attempt in 1_u32..9,
        redirects in 0_u32..20,
        remote_address in option::of(any::<std::net::SocketAddr>()),
        tls_version in option::of(select(TlsVersion::ALL)),
        certificate in option::of(certificate()),
    ) -> Probe {
        Probe {
            started_at,
            response_time,
            timings,
            attempt,
            redirects,
            remote_address,
            tls_version,
            certificate,
        }
    }
}

prop_compose! {
    fn response()(
        status in 100_u16..1000,
        http_version in select(vec![HttpVersion::Http10, HttpVersion::Http11, HttpVersion::Http2]),
        matched in prop_oneof![
            text().prop_map(Match::Matched),
            Just(Match::NotMatched),
            Just(Match::NotEvaluated),
        ],
        body_bytes in 0_u64..(1 << 40),
        body_truncated in any::<bool>(),
    ) -> Response {
        Response { status, http_version, matched, body_bytes, body_truncated }
    }
}

fn target() -> impl Strategy<Value = Arc<Map<String, Value>>> {
    (text(), text(), 1_u32..9).prop_map(|(name, tag, down_after)| {
        let settings = json!({ "name": name, "tags": [tag], "down_after": down_after });
        Arc::new(settings.as_object().unwrap().clone())
    })
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        (probe(), response()).prop_map(|(probe, response)| Outcome::Up { probe, response }),
        (probe(), option::of(response()), failure()).prop_map(|(probe, response, failure)| {
            Outcome::Down {
                probe,
                response,
                failure,
            }
        }),
        (option::of(probe()), failure())
            .prop_map(|(probe, failure)| Outcome::Missed { probe, failure }),
        failure().prop_map(|failure| Outcome::Skipped { failure }),
    ]
}

prop_compose! {
    fn result()(
        url in text(),
        regex_pattern in text(),
        interval in duration(),
        location in text(),
        scheduled_at in time(),
        outcome in outcome(),
        in_flight in 0_u32..1_000_000,
        overloaded in any::<bool>(),
        witness in option::of(select(Witness::ALL)),
        target in option::of(target()),
    ) -> CheckResult {
        CheckResult {
            check: Check { url, regex_pattern, interval, location, scheduled_at, target },
            outcome,
            self_doubt: SelfDoubt { in_flight, overloaded, witness },
        }
    }
}

fn close(read: Option<f64>, written: Option<Duration>) -> bool {
    match (read, written) {
        (None, None) => true,
        (Some(read), Some(written)) => (read - written.as_secs_f64()).abs() < 1e-6,
        _ => false,
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(result in result()) {
        let json = result.to_json();
        prop_assert!(json.is_ascii());
        let record = Record::read(&json, &ORIGIN).unwrap();
        let probe = result.probe();
        let response = result.response();
        prop_assert_eq!(&record.url, &result.check.url);
        prop_assert_eq!(record.error_code, result.error_code());
        prop_assert_eq!(&record.regex_pattern, &result.check.regex_pattern);
        prop_assert_eq!(&record.matched_text, response.map_or("", |it| it.matched.text()));
        prop_assert_eq!(record.check_id, result.check.id());
        prop_assert_eq!(record.scheduled_at, result.check.scheduled_at);
        prop_assert_eq!(record.started_at, probe.map(|it| it.started_at));
        prop_assert_eq!(record.outcome, Some(result.kind()));
        prop_assert_eq!(record.failure.reason.clone(), result.failure().map(|it| Word::Known(it.reason)));
        prop_assert_eq!(record.failure.phase.clone(), result.failure().and_then(|it| it.phase).map(Word::Known));
        prop_assert_eq!(
            record.failure.detail.as_deref(),
            result.failure().and_then(|it| it.detail.as_deref())
        );
        prop_assert_eq!(record.http_version.is_some(), response.is_some());
        prop_assert_eq!(record.body_truncated, response.map(|it| it.body_truncated));
        prop_assert_eq!(
            record.certificate.subject.as_deref(),
            probe.and_then(|it| it.certificate.as_ref()).map(|it| it.subject.as_str())
        );
        prop_assert!(close(record.timings.first_byte, probe.and_then(|it| it.timings.first_byte)));
        prop_assert!(close(record.interval, Some(result.check.interval)));
        prop_assert!(close(record.self_doubt.schedule_lag, result.schedule_lag()));
        prop_assert_eq!(record.target.as_ref(), result.check.target.as_deref());
        prop_assert_eq!(record.self_doubt.witness, result.self_doubt.witness);
        prop_assert_eq!(
            record.tls_version.as_deref(),
            probe.and_then(|it| it.tls_version).map(TlsVersion::as_str)
        );
        prop_assert_eq!(record.self_doubt.overloaded, Some(result.self_doubt.overloaded));
        let response_time = probe.map_or(-1.0, |it| it.response_time.as_secs_f64());
        prop_assert!((record.response_time - response_time).abs() < 1e-6);
        let avro = record.to_avro(7);
        let reader = AvroReader::new(AVRO_SCHEMA).unwrap();
        prop_assert_eq!(reader.read(&avro, &ORIGIN).unwrap(), record);
        prop_assert!(avro.len() * 2 <= json.len(), "{} of {} bytes", avro.len(), json.len());
    }

    #[test]
    fn a_cut_record_fits_and_keeps_the_beginning(result in result(), bytes_max in 0_usize..3000) {
        let whole = result.to_json();
        let encoded = result.encode(bytes_max);
        let record = Record::read(&encoded.json, &ORIGIN).unwrap();
        let text = result.response().map_or("", |it| it.matched.text());
        prop_assert!(text.starts_with(record.matched_text.as_str()));
        prop_assert_eq!(encoded.matched_text_cut, record.matched_text != text);
        if whole.len() <= bytes_max {
            prop_assert_eq!(encoded.json, whole);
        } else if !record.matched_text.is_empty() {
            prop_assert!(encoded.json.len() <= bytes_max);
            // One more character takes twelve bytes at most.
            prop_assert!(encoded.json.len() + 12 > bytes_max);
        }
    }
}
