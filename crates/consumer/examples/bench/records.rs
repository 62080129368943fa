//! Records as a monitor writes them: every field, a certificate, a thousand websites.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use messages::{
    Certificate, Check, CheckResult, Failure, FailureReason, HttpVersion, Match, Outcome, Phase,
    Probe, Response, SelfDoubt, Timings, TlsVersion,
};

/// Websites that the records speak of, in turn.
pub(crate) const WEBSITES: u64 = 1000;
const INTERVAL: Duration = Duration::from_mins(1);
/// Each so-manieth record of a mixed backlog is not as the others.
const MIXED_IN: u64 = 10;
/// How many records after its first a record comes again: far enough to be in another transaction.
const AGAIN_AFTER: u64 = 50_000;

/// What a backlog is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mix {
    /// Good records.
    Good,
    /// A tenth that cannot become rows.
    Poison,
    /// A tenth that came before.
    Repeats,
    /// Good ones of a prober that doubts itself, which decide nothing.
    Doubted,
}

/// A record's key and value.
pub(crate) struct Sent {
    pub(crate) key: String,
    pub(crate) value: Vec<u8>,
}

impl Mix {
    /// One of so many records.
    pub(crate) fn record(self, number: u64, records: u64, now: Timestamp) -> anyhow::Result<Sent> {
        let is_other = number % MIXED_IN == 7;
        let number = match self {
            Self::Repeats if is_other => number.saturating_sub(AGAIN_AFTER + 1),
            _ => number,
        };
        let rounds_ago = i32::try_from((records - 1 - number) / WEBSITES)?;
        let ago = SignedDuration::try_from(INTERVAL)? * rounds_ago;
        let mut result = up(number, now.checked_sub(ago)?)?;
        result.self_doubt.overloaded = self == Self::Doubted;
        let mut sent = Sent::from(&result);
        if self == Self::Poison && is_other {
            sent.value = poison(number, &sent.value);
        }
        Ok(sent)
    }
}

fn poison(number: u64, value: &[u8]) -> Vec<u8> {
    let half = &value[..value.len() / 2];
    let kinds: [&[u8]; 4] = [b"not json", half, br#"{"url":"u"}"#, b""];
    let kind = usize::try_from(number / MIXED_IN).unwrap_or_default() % kinds.len();
    kinds[kind].to_vec()
}

impl From<&CheckResult> for Sent {
    fn from(result: &CheckResult) -> Self {
        Self {
            key: result.check.url.clone(),
            value: result.to_json(),
        }
    }
}

/// A check of a site that is well, as it is sent.
pub(crate) fn good(number: u64, scheduled_at: Timestamp) -> anyhow::Result<Sent> {
    Ok(Sent::from(&up(number, scheduled_at)?))
}

/// A check of a site that answers no more.
pub(crate) fn failed(number: u64, scheduled_at: Timestamp) -> anyhow::Result<Sent> {
    let mut result = up(number, scheduled_at)?;
    if let Outcome::Up { probe, .. } = result.outcome {
        result.outcome = Outcome::Down {
            probe,
            response: None,
            failure: Failure::new(
                FailureReason::ConnectTimeout,
                Phase::Connect,
                "no answer within 10 s",
            ),
        };
    }
    Ok(Sent::from(&result))
}

/// What a check of a site that is well found.
fn up(number: u64, scheduled_at: Timestamp) -> anyhow::Result<CheckResult> {
    let millis = |millis| Some(Duration::from_millis(millis + number % 17));
    let url = format!(
        "https://site-{}.example.com/health?full=1",
        number % WEBSITES
    );
    let probe = Probe {
        started_at: scheduled_at.checked_add(SignedDuration::from_millis(3))?,
        response_time: Duration::from_micros(187_345 + number % 1000),
        timings: Timings {
            dns: millis(4),
            connect: millis(18),
            tls: millis(41),
            first_byte: millis(95),
            body: millis(12),
        },
        attempt: 1,
        redirects: 0,
        remote_address: Some(([192, 0, 2, 10], 443).into()),
        tls_version: Some(TlsVersion::Tls13),
        certificate: Some(Certificate {
            not_after: "2027-03-01T00:00:00Z".parse()?,
            issuer: "CN=Example CA R3,O=Example,C=US".into(),
            subject: "CN=*.example.com".into(),
        }),
    };
    let response = Response {
        status: 200,
        http_version: HttpVersion::Http2,
        matched: Match::Matched("All systems operational".into()),
        body_bytes: 18_234,
        body_truncated: false,
    };
    Ok(CheckResult {
        check: Check {
            url,
            regex_pattern: r"All systems \w+".into(),
            interval: INTERVAL,
            location: "default".into(),
            scheduled_at,
            target: None,
        },
        outcome: Outcome::Up { probe, response },
        self_doubt: SelfDoubt {
            in_flight: 12,
            overloaded: false,
            witness: None,
        },
    })
}
