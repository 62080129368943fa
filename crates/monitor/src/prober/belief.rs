//! Whether what a probe found can be believed.

use jiff::Timestamp;
use messages::{FailureReason, Outcome};
use tokio::time::Instant;

use super::missed::Missed;
use crate::clock::ClockWatch;

/// What remains of what a probe found: nothing can be said of a site while the clock stepped, or by
/// a certificate that only one of two times makes a bad one.
pub(super) fn believed(
    outcome: Outcome,
    began: Instant,
    clock: &ClockWatch,
    (wall, monotonic): (Timestamp, Instant),
) -> Outcome {
    let trouble = clock.stepped_since(began).or_else(|| match &outcome {
        Outcome::Down { probe, failure, .. } if failure.reason == FailureReason::TlsExpired => {
            let certificate = probe.certificate.as_ref();
            let not_after = certificate.map(|certificate| certificate.not_after);
            clock.doubts_end(not_after, wall, monotonic)
        }
        _ => None,
    });
    match (trouble, outcome) {
        (Some(trouble), Outcome::Up { probe, .. } | Outcome::Down { probe, .. }) => {
            Missed::ClockWrong(trouble).outcome(Some(probe))
        }
        (_, outcome) => outcome,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use messages::{CheckResult, OutcomeKind};

    use super::*;
    use crate::testing::{down, up};

    const HOUR: Duration = Duration::from_hours(1);

    /// What is believed of a check that began before, or after, the clock stepped by two days.
    fn kind(result: CheckResult, began_after: bool) -> OutcomeKind {
        let (wall, monotonic) = (crate::clock::now(), Instant::now());
        let mut clock = ClockWatch::new(wall, monotonic);
        let (wall, monotonic) = (wall + HOUR * 48, monotonic + HOUR);
        clock.look(wall, monotonic);
        let began = if began_after {
            monotonic + HOUR / 60
        } else {
            monotonic
        };
        let outcome = believed(result.outcome, began, &clock, (wall, monotonic));
        CheckResult {
            outcome,
            ..up("https://a.example/")
        }
        .kind()
    }

    #[test]
    fn a_check_over_which_the_clock_stepped_is_missed() {
        assert_eq!(kind(up("https://a.example/"), false), OutcomeKind::Missed);
        assert_eq!(kind(up("https://a.example/"), true), OutcomeKind::Up);
    }

    #[test]
    fn after_a_step_only_a_certificate_is_doubted() {
        let after = |reason| kind(down("https://a.example/", reason), true);
        assert_eq!(after(FailureReason::TlsExpired), OutcomeKind::Missed);
        assert_eq!(after(FailureReason::TlsUntrusted), OutcomeKind::Down);
    }
}
