//! What happened to websites, for the log and in numbers, once it is committed.

use std::fmt::{self, Display, Formatter};

use jiff::SignedDuration;
use messages::{Masked, Record};
use tracing::info;

use crate::{
    incidents::{Closed, Opened, Turn},
    numbers,
};

/// What happened to a website.
#[derive(Debug)]
pub(in crate::store) struct Happened<'a> {
    pub(super) turn: Turn,
    /// What the check says that decided it.
    pub(super) by: &'a Record,
}

/// Tells what happened.
pub(in crate::store) fn tell(happened: &[Happened<'_>]) {
    for it in happened {
        let number = match it.turn {
            Turn::Down(_) => numbers::INCIDENTS_BEGUN,
            Turn::Up(_) => numbers::INCIDENTS_ENDED,
        };
        number.counter().increment(1);
        info!("{it}");
    }
}

impl Display for Happened<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let url = Masked(&self.by.url);
        match self.turn {
            Turn::Down(opened) => {
                let Opened {
                    started_at,
                    locations_down,
                    locations_heard,
                    ..
                } = opened;
                write!(
                    out,
                    "Down: {url} since {started_at:.0}: {}",
                    Reason(self.by)
                )?;
                if locations_heard > 1 {
                    write!(out, " ({locations_down} of {locations_heard} locations)")?;
                }
                Ok(())
            }
            Turn::Up(Closed {
                started_at,
                ended_at,
            }) => {
                let took = ended_at.duration_since(started_at);
                let took = SignedDuration::from_secs(took.as_secs());
                write!(out, "Up again: {url} after {took:#}")
            }
        }
    }
}

/// Why a check failed, in the record's words.
struct Reason<'a>(&'a Record);

impl Display for Reason<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let failure = &self.0.failure;
        match &failure.reason {
            Some(reason) => write!(out, "{}", reason.as_str())?,
            None => write!(out, "error code {}", self.0.error_code)?,
        }
        match &failure.detail {
            // What a site says must not move a terminal.
            Some(detail) => write!(out, ", {}", detail.replace(char::is_control, " ")),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use messages::{FailureReason, OutcomeKind, Word};

    use super::*;
    use crate::testing::record;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn down(locations_down: usize, locations_heard: usize) -> Turn {
        Turn::Down(Opened {
            started_at: at("2026-11-25T03:12:00.25Z"),
            last_good_at: None,
            locations_down,
            locations_heard,
        })
    }

    fn said(turn: Turn, by: &Record) -> String {
        Happened { turn, by }.to_string()
    }

    #[test]
    fn who_reads_the_log_sees_which_website_is_down_since_when_and_why() {
        let mut by = record(1, OutcomeKind::Down);
        by.url = "http://user:secret@a/".into();
        by.error_code = 503;
        let begin = "Down: http://***@a/ since 2026-11-25T03:12:00Z: ";
        assert_eq!(said(down(1, 1), &by), format!("{begin}error code 503"));
        by.failure.reason = Some(Word::Known(FailureReason::ConnectRefused));
        by.failure.detail = Some("refused\u{1b}[2Jby\na".into());
        assert_eq!(
            said(down(2, 3), &by),
            format!("{begin}connect_refused, refused [2Jby a (2 of 3 locations)")
        );
    }

    #[test]
    fn an_end_says_how_long_it_took() {
        let mut by = record(1, OutcomeKind::Up);
        by.url = "http://a/".into();
        let up = Turn::Up(Closed {
            started_at: at("2026-11-25T03:12:00Z"),
            ended_at: at("2026-11-25T03:13:05.9Z"),
        });
        assert_eq!(said(up, &by), "Up again: http://a/ after 1m 5s");
    }
}
