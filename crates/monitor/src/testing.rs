//! What the tests of several stages need.

use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use jiff::Timestamp;
use messages::{
    Check, CheckResult, Failure, FailureReason, HttpVersion, Match, Outcome, Probe, Response,
    SelfDoubt, Timings,
};
use tracing::subscriber::{DefaultGuard, set_default};

use crate::targets::{Host, OwnSettings, Target};

/// A target of which only its url matters.
pub(crate) fn target(url: &str) -> Arc<Target> {
    let address = url::Url::parse(url).unwrap();
    Arc::new(Target {
        url: url.into(),
        host: Host::of(&address),
        address,
        pattern: None,
        own: OwnSettings::default(),
        going_along: None,
    })
}

/// A site that answered well.
pub(crate) fn up(url: &str) -> CheckResult {
    let response = Response {
        status: 200,
        http_version: HttpVersion::Http11,
        matched: Match::NotEvaluated,
        body_bytes: 0,
        body_truncated: false,
    };
    let probe = probe();
    result(url, Outcome::Up { probe, response })
}

/// A site that failed before it answered.
pub(crate) fn down(url: &str, reason: FailureReason) -> CheckResult {
    let outcome = Outcome::Down {
        probe: probe(),
        response: None,
        failure: Failure::new(reason, None, "it failed"),
    };
    result(url, outcome)
}

/// A check that nobody made.
pub(crate) fn missed(url: &str, why: &str) -> CheckResult {
    let outcome = Outcome::Missed {
        probe: None,
        failure: Failure::new(FailureReason::ProberFailed, None, why),
    };
    result(url, outcome)
}

fn result(url: &str, outcome: Outcome) -> CheckResult {
    CheckResult {
        check: Check {
            url: url.into(),
            regex_pattern: String::new(),
            interval: Duration::from_secs(1),
            location: "here".into(),
            scheduled_at: Timestamp::UNIX_EPOCH,
            target: None,
        },
        outcome,
        self_doubt: SelfDoubt::default(),
    }
}

fn probe() -> Probe {
    Probe {
        started_at: Timestamp::UNIX_EPOCH,
        response_time: Duration::from_millis(38),
        timings: Timings::default(),
        attempt: 1,
        redirects: 0,
        remote_address: None,
        tls_version: None,
        certificate: None,
    }
}

/// What is logged on a test's thread.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Listens as long as the guard lives.
    pub(crate) fn listen() -> (Self, DefaultGuard) {
        let log = Self::default();
        let lines = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_writer(move || lines.clone())
            .finish();
        (log, set_default(subscriber))
    }

    pub(crate) fn read(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
