//! Which checks the log shows to people, and the numbers of all.
//!
//! With few targets every check; with many, changes and a summary. Machines get every check.

use std::{
    collections::{HashMap, hash_map::RandomState},
    hash::BuildHasher,
    time::Duration,
};

use messages::{CheckResult, FailureReason, OutcomeKind, Phase};
use service::telemetry::REPETITIONS;
use tokio::time::Instant;
use tracing::{info, warn};

use super::{line::line, tally::Tally};
use crate::masked::Masked;

/// With so many targets, a line for each check can still be read.
const TARGETS_EACH_SHOWN_MAX: usize = 20;
/// How often the others are summed up.
const SUMMARY_INTERVAL: Duration = Duration::from_secs(10);
/// Changes of outcome that are shown from one summary to the next: when our own network is out,
/// every target changes at once.
const CHANGES_SHOWN_MAX: usize = 20;

/// Says what came of the checks.
#[derive(Debug)]
pub(crate) struct Reporter {
    /// The last outcome of each url, by a hash of it: two that fall together cost a line of the
    /// log at most.
    last: HashMap<u64, OutcomeKind>,
    hasher: RandomState,
    since_summary: Since,
    tally: Tally,
}

/// What came since the last summary.
#[derive(Debug)]
struct Since {
    time: Instant,
    checks: HashMap<OutcomeKind, u64>,
    changes: usize,
}

/// Whether a check's line is for people, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Showing {
    Shown,
    /// It repeats what is known.
    Repetition,
}

impl Since {
    fn now() -> Self {
        Self {
            time: Instant::now(),
            checks: HashMap::new(),
            changes: 0,
        }
    }
}

impl Reporter {
    pub(crate) fn new() -> Self {
        Self {
            last: HashMap::new(),
            hasher: RandomState::new(),
            since_summary: Since::now(),
            tally: Tally::new(),
        }
    }

    /// A check has its result.
    pub(crate) fn checked(&mut self, result: &CheckResult) {
        self.tally.count(result);
        let showing = self.judge(result);
        log(result, showing);
        if self.since_summary.time.elapsed() >= SUMMARY_INTERVAL {
            self.summarise();
        }
        let failure = result.failure();
        if failure.is_some_and(|failure| failure.reason == FailureReason::TargetRemoved) {
            self.last.remove(&self.hasher.hash_one(&result.check.url));
        }
    }

    fn judge(&mut self, result: &CheckResult) -> Showing {
        let kind = result.kind();
        *self.since_summary.checks.entry(kind).or_default() += 1;
        let last = self
            .last
            .insert(self.hasher.hash_one(&result.check.url), kind);
        if self.shows_each() {
            return Showing::Shown;
        }
        // A site is expected to be up: the first look at one that is changes nothing.
        if last.unwrap_or(OutcomeKind::Up) == kind {
            return Showing::Repetition;
        }
        self.since_summary.changes += 1;
        if self.since_summary.changes <= CHANGES_SHOWN_MAX {
            Showing::Shown
        } else {
            Showing::Repetition
        }
    }

    fn shows_each(&self) -> bool {
        self.last.len() <= TARGETS_EACH_SHOWN_MAX
    }

    fn summarise(&mut self) {
        let since = std::mem::replace(&mut self.since_summary, Since::now());
        if !self.shows_each() {
            info!("{}", summary(&since));
        }
    }
}

/// What is left to say is said at the end.
impl Drop for Reporter {
    fn drop(&mut self) {
        if !self.since_summary.checks.is_empty() {
            self.summarise();
        }
    }
}

fn summary(since: &Since) -> String {
    let total: u64 = since.checks.values().sum();
    let counts = OutcomeKind::ALL.iter().filter_map(|kind| {
        let count = since.checks.get(kind)?;
        Some(format!("{count} {}", kind.as_str()))
    });
    let counts: Vec<_> = counts.collect();
    let not_shown = since.changes.saturating_sub(CHANGES_SHOWN_MAX);
    let more = match not_shown {
        0 => String::new(),
        more => format!("; {more} more changes are not shown"),
    };
    format!("Checked {total}: {}{more}", counts.join(", "))
}

/// One event for each check, whatever the format: people read its message, machines its fields.
fn log(result: &CheckResult, showing: Showing) {
    let is_missed = result.kind() == OutcomeKind::Missed;
    macro_rules! event {
        ($level:ident $(, $target:expr)?) => {{
            let failure = result.failure();
            let probe = result.probe();
            $level!(
                $(target: $target,)?
                url = %Masked(&result.check.url),
                outcome = result.kind().as_str(),
                status = result.response().map(|response| response.status),
                error_code = result.error_code(),
                duration_ms = probe.map(|probe| millis(probe.response_time)),
                r#match = result.response().map(|response| response.matched.kind().as_str()),
                reason = failure.map(|failure| failure.reason.as_str()),
                phase = failure.and_then(|failure| failure.phase).map(Phase::as_str),
                detail = failure.and_then(|failure| failure.detail.as_deref()),
                scheduled_at = %result.check.scheduled_at,
                "{}",
                line(result)
            )
        }};
    }
    match (showing, is_missed) {
        (Showing::Shown, true) => event!(warn),
        (Showing::Shown, false) => event!(info),
        (Showing::Repetition, true) => event!(warn, REPETITIONS),
        (Showing::Repetition, false) => event!(info, REPETITIONS),
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{down, up};

    fn url(number: usize) -> String {
        format!("https://{number}.example/")
    }

    #[tokio::test]
    async fn with_few_targets_every_check_is_shown() {
        let mut reporter = Reporter::new();
        for number in (0..TARGETS_EACH_SHOWN_MAX).chain(0..TARGETS_EACH_SHOWN_MAX) {
            assert_eq!(reporter.judge(&up(&url(number))), Showing::Shown);
        }
    }

    #[tokio::test]
    async fn with_many_targets_changes_are_shown_and_so_many_at_most() {
        let mut reporter = Reporter::new();
        for number in 0..100 {
            reporter.judge(&up(&url(number)));
        }
        let down = |number| down(&url(number), FailureReason::ConnectRefused);
        assert_eq!(reporter.judge(&up(&url(0))), Showing::Repetition);
        assert_eq!(reporter.judge(&down(0)), Showing::Shown);
        assert_eq!(reporter.judge(&down(0)), Showing::Repetition);
        assert_eq!(reporter.judge(&up(&url(0))), Showing::Shown);
        let shown = (1..100).filter(|number| reporter.judge(&down(*number)) == Showing::Shown);
        assert_eq!(shown.count(), CHANGES_SHOWN_MAX - 2);
        assert_eq!(
            summary(&reporter.since_summary),
            "Checked 203: 102 up, 101 down; 81 more changes are not shown"
        );
    }
}
