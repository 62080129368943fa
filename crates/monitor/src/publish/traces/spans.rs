//! A check's spans, from its record.

use std::{
    net::SocketAddr,
    time::{Duration, SystemTime},
};

use jiff::Timestamp;
use messages::{Masked, OutcomeKind, Record, Word};
use service::traces::{Place, Role, Span, Trace};

/// The spans of a check, apart from its phases. Their ids follow from the check's, so that what is sent to Kafka
/// and what is told later agree, also after a restart.
#[derive(Clone, Copy)]
enum Part {
    Check,
    Queue,
    Probe,
    Publish,
    /// The first of the phases.
    Phases,
}

/// Where the record's own span is, to which the consumer's belong.
pub(super) fn place(record: &Record) -> Place {
    of(record, Part::Publish as u64)
}

/// The trace's id is the check's.
fn of(record: &Record, part: u64) -> Place {
    let (_, low) = record.check_id.as_u64_pair();
    // No two parts have the same, and none is nought: the variant of a UUID has its bits there.
    Place::new(record.check_id.into_bytes(), low ^ part)
}

/// What the monitor knows of a check: it came to the publisher, and Kafka acknowledged it.
pub(super) fn spans(
    record: &Record,
    topic: &str,
    came_at: SystemTime,
    acknowledged_at: SystemTime,
) -> Trace {
    let mut trace = Trace::default();
    let check = of(record, Part::Check as u64);
    let due = clock_time(record.scheduled_at);
    let reason = record.failure.reason.as_ref().map(Word::as_str);
    // Whoever did not look on purpose has not failed.
    let reason = reason.filter(|_| record.outcome != Some(OutcomeKind::Skipped));
    let outcome = record.outcome.map(OutcomeKind::as_str);
    let whole = Span::new("check", due, acknowledged_at)
        .with("url.full", Some(Masked(&record.url).to_string()))
        .with(
            "websites_monitor.location",
            Some(record.location.to_string()),
        )
        .with("websites_monitor.outcome", outcome)
        .failed(reason);
    trace.add(check, None, whole);
    if let Some(started_at) = record.started_at {
        let started_at = clock_time(started_at);
        let queue = of(record, Part::Queue as u64);
        trace.add(queue, Some(check), Span::new("queue", due, started_at));
        probe(&mut trace, record, started_at, came_at);
    }
    let publish = Span::new("publish", came_at, acknowledged_at)
        .role(Role::Producer)
        .with("messaging.system", Some("kafka"))
        .with("messaging.destination.name", Some(topic.to_owned()));
    trace.add(place(record), Some(check), publish);
    trace
}

/// The probe, and its phases in turn. Of a check with several attempts the last one's times are known: it is
/// what ended when the result came.
fn probe(trace: &mut Trace, record: &Record, started_at: SystemTime, came_at: SystemTime) {
    let (check, place) = (
        of(record, Part::Check as u64),
        of(record, Part::Probe as u64),
    );
    let took = seconds(Some(record.response_time)).unwrap_or_default();
    let attempts = record.attempt.unwrap_or(1);
    let ended_at = match later(started_at, took) {
        ended_at if attempts > 1 => came_at.max(ended_at),
        ended_at => ended_at,
    };
    let address = record.remote_address.as_deref();
    let address: Option<SocketAddr> = address.and_then(|address| address.parse().ok());
    let status = record.http_version.is_some().then_some(record.error_code);
    let span = Span::new("probe", started_at, ended_at)
        .role(Role::Client)
        .with("http.response.status_code", status.map(i64::from))
        .with(
            "network.peer.address",
            address.map(|it| it.ip().to_string()),
        )
        .with("network.peer.port", address.map(|it| i64::from(it.port())))
        .with("websites_monitor.attempt", Some(i64::from(attempts)))
        .failed(record.failure.reason.as_ref().map(Word::as_str));
    trace.add(place, Some(check), span);
    let timings = &record.timings;
    let phases = [
        ("dns", timings.dns),
        ("connect", timings.connect),
        ("tls", timings.tls),
        ("first_byte", timings.first_byte),
        ("body", timings.body),
    ];
    // Each is the sum over all hops, so that they stand one after another as if there had been one.
    let mut begin = ended_at.checked_sub(took).unwrap_or(started_at);
    for (number, (name, phase)) in (Part::Phases as u64..).zip(phases) {
        if let Some(phase) = seconds(phase) {
            let end = later(begin, phase);
            trace.add(of(record, number), Some(place), Span::new(name, begin, end));
            begin = end;
        }
    }
}

/// The same as this system has it.
fn clock_time(time: Timestamp) -> SystemTime {
    SystemTime::try_from(time).unwrap_or(SystemTime::UNIX_EPOCH)
}

/// A time so much later, where there is such a time.
fn later(time: SystemTime, by: Duration) -> SystemTime {
    time.checked_add(by).unwrap_or(time)
}

fn seconds(seconds: Option<f64>) -> Option<Duration> {
    Duration::try_from_secs_f64(seconds?).ok()
}
