//! Whether the wall clock can be believed. Pure: it is told what both clocks show.
//!
//! A clock that is wrong makes good certificates bad. That is the prober's trouble, and no site's.

use std::{fmt, time::Duration};

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// A step of the clock by more is worth a word.
const STEP_TOLERANCE: SignedDuration = SignedDuration::from_mins(1);
/// For so long a step is a trouble that the service shows.
const STEP_SHOWN: Duration = Duration::from_mins(1);
/// For so long nobody knows whether the time before a step or the one after it is right.
const STEP_DOUBTED: Duration = Duration::from_mins(10);
/// No build of this version is older: raised with each release. A time in the source, and not the
/// builder's, so that the same source is the same program wherever and whenever it is built.
const RELEASED_AT: Timestamp = Timestamp::constant(1_780_272_000, 0);
/// What packagers set for reproducible builds (reproducible-builds.org), in seconds.
const SOURCE_DATE_EPOCH: Option<&str> = option_env!("SOURCE_DATE_EPOCH");

/// Why the wall clock cannot be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClockTrouble {
    /// It stands before this program was built.
    BeforeBuild(Timestamp),
    /// It went on or back by so much while that time did not pass.
    Stepped(SignedDuration),
}

impl fmt::Display for ClockTrouble {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BeforeBuild(time) => write!(
                formatter,
                "the clock shows {time:.0}, before the program's build"
            ),
            Self::Stepped(by) => {
                let whither = if by.is_negative() { "back" } else { "ahead" };
                let by = SignedDuration::from_secs(by.abs().as_secs());
                write!(
                    formatter,
                    "the clock stepped {whither} by {by:#}, or the machine slept"
                )
            }
        }
    }
}

/// Compares the wall clock with the monotonic one.
#[derive(Debug)]
pub(crate) struct ClockWatch {
    /// What both showed when they were last known to agree.
    wall: Timestamp,
    monotonic: Instant,
    last_step: Option<Step>,
}

#[derive(Clone, Copy, Debug)]
struct Step {
    by: SignedDuration,
    seen: Instant,
}

impl ClockWatch {
    pub(crate) fn new(wall: Timestamp, monotonic: Instant) -> Self {
        Self {
            wall,
            monotonic,
            last_step: None,
        }
    }

    /// What both clocks show now; returns what is wrong with the wall clock.
    pub(crate) fn look(&mut self, wall: Timestamp, monotonic: Instant) -> Option<ClockTrouble> {
        let passed = monotonic.saturating_duration_since(self.monotonic);
        let passed = SignedDuration::try_from(passed).unwrap_or(SignedDuration::MAX);
        let by = wall.duration_since(self.wall).saturating_sub(passed);
        if by.abs() > STEP_TOLERANCE {
            (self.wall, self.monotonic) = (wall, monotonic);
            let seen = monotonic;
            self.last_step = Some(Step { by, seen });
        }
        if is_before_build(wall) {
            return Some(ClockTrouble::BeforeBuild(wall));
        }
        let step = self.last_step_within(STEP_SHOWN, monotonic)?;
        Some(ClockTrouble::Stepped(step.by))
    }

    /// The step that the clock made since then, if it made one.
    pub(crate) fn stepped_since(&self, monotonic: Instant) -> Option<ClockTrouble> {
        let step = self.last_step.filter(|step| step.seen >= monotonic)?;
        Some(ClockTrouble::Stepped(step.by))
    }

    /// Why a certificate that is past its end now, or not yet valid, is not to be believed so: by
    /// the time before a step that was just made it would be neither.
    pub(crate) fn doubts_end(
        &self,
        not_after: Option<Timestamp>,
        wall: Timestamp,
        monotonic: Instant,
    ) -> Option<ClockTrouble> {
        let step = self.last_step_within(STEP_DOUBTED, monotonic)?;
        let other = wall.checked_sub(step.by).unwrap_or(wall);
        let is_past_by_both = not_after.is_some_and(|end| end < wall.min(other));
        (!is_past_by_both).then_some(ClockTrouble::Stepped(step.by))
    }

    fn last_step_within(&self, time: Duration, monotonic: Instant) -> Option<Step> {
        self.last_step
            .filter(|step| monotonic.saturating_duration_since(step.seen) < time)
    }
}

/// Whether a clock that shows this time is wrong for certain.
pub(crate) fn is_before_build(time: Timestamp) -> bool {
    time < built_at()
}

fn built_at() -> Timestamp {
    let packaged = SOURCE_DATE_EPOCH
        .and_then(|seconds| seconds.parse().ok())
        .and_then(|seconds| Timestamp::from_second(seconds).ok());
    packaged.map_or(RELEASED_AT, |time| time.max(RELEASED_AT))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const HOUR: Duration = Duration::from_hours(1);

    fn start() -> (Timestamp, Instant, ClockWatch) {
        let (wall, monotonic) = (built_at() + HOUR * 24, Instant::now());
        (wall, monotonic, ClockWatch::new(wall, monotonic))
    }

    #[test]
    fn a_clock_that_goes_with_time_or_is_set_a_little_is_believed() {
        let (wall, monotonic, mut watch) = start();
        assert_eq!(watch.look(wall + HOUR, monotonic + HOUR), None);
        assert_eq!(
            watch.look(wall + HOUR + SECOND * 50, monotonic + HOUR),
            None
        );
        assert_eq!(
            watch.look(wall + HOUR - SECOND * 50, monotonic + HOUR),
            None
        );
    }

    #[test]
    fn a_clock_before_the_build_is_never_believed() {
        let (_, monotonic, mut watch) = start();
        let wrong = "2020-01-01T00:00:00Z".parse().unwrap();
        let trouble = watch.look(wrong, monotonic).unwrap();
        assert_eq!(trouble, ClockTrouble::BeforeBuild(wrong));
        assert!(
            trouble.to_string().contains("2020-01-01T00:00:00Z"),
            "{trouble}"
        );
        assert!(watch.look(wrong + HOUR, monotonic + HOUR).is_some());
    }

    #[test]
    fn no_release_is_newer_than_the_time_that_stands_here() {
        let changes = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../CHANGELOG.md"));
        let dates = changes
            .lines()
            .filter_map(|line| line.strip_prefix("## [")?.split_once("] - "));
        for (version, date) in dates {
            let released = format!("{date}T00:00:00Z").parse::<Timestamp>().unwrap();
            assert!(RELEASED_AT >= released, "raise RELEASED_AT for {version}");
        }
    }

    #[test]
    fn a_step_is_shown_for_a_minute() {
        let (wall, monotonic, mut watch) = start();
        let trouble = watch.look(wall - HOUR * 2, monotonic).unwrap();
        assert_eq!(
            trouble,
            ClockTrouble::Stepped(SignedDuration::from_hours(-2))
        );
        assert!(
            trouble.to_string().contains("stepped back by 2h"),
            "{trouble}"
        );
        let later = SECOND * 59;
        assert!(
            watch
                .look(wall - HOUR * 2 + later, monotonic + later)
                .is_some()
        );
        let later = SECOND * 61;
        assert_eq!(watch.look(wall - HOUR * 2 + later, monotonic + later), None);
    }

    #[test]
    fn a_check_knows_whether_the_clock_stepped_while_it_ran() {
        let (wall, monotonic, mut watch) = start();
        watch.look(wall + HOUR, monotonic + SECOND);
        assert!(watch.stepped_since(monotonic).is_some());
        assert_eq!(watch.stepped_since(monotonic + SECOND * 2), None);
    }

    #[test]
    fn a_certificate_is_past_only_when_it_is_by_the_time_before_a_step_too() {
        let (wall, monotonic, mut watch) = start();
        let end = |hours: u32| Some(wall + HOUR * hours);
        assert_eq!(watch.doubts_end(end(1), wall, monotonic), None, "no step");
        let now = wall + HOUR * 48;
        watch.look(now, monotonic);
        assert!(watch.doubts_end(end(24), now, monotonic).is_some());
        assert!(watch.doubts_end(None, now, monotonic).is_some());
        let before = Some(wall - HOUR);
        assert_eq!(watch.doubts_end(before, now, monotonic), None);
        let later = monotonic + HOUR;
        assert_eq!(
            watch.doubts_end(end(24), now + HOUR, later),
            None,
            "for a while"
        );
    }
}
