//! The steps of storing a batch, so that each can be measured.

use std::{ops::Range, time::Instant};

use crate::numbers;

/// A step of storing a batch.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    /// From bytes to records.
    Decode,
    /// Websites, certificates and partitions, found or made.
    LookUp,
    /// The beginning of the transaction, and the lock on the stored offset.
    Lock,
    /// Rows, where none is expected to be there.
    Copy,
    /// Rows, where some are.
    Settle,
    /// What rows say of certificates that are known.
    Certificates,
    /// What rows change of their websites.
    Websites,
    /// What rows make of their websites: incidents.
    Incidents,
    /// What cannot become a row.
    DeadLetters,
    /// The marks of the hours that were touched, and the move of the stored offset.
    Advance,
    /// The end of the transaction.
    Commit,
}

impl Step {
    fn as_str(self) -> &'static str {
        match self {
            Self::Decode => "decode",
            Self::LookUp => "look_up",
            Self::Lock => "lock",
            Self::Copy => "copy",
            Self::Settle => "settle",
            Self::Certificates => "certificates",
            Self::Websites => "websites",
            Self::Incidents => "incidents",
            Self::DeadLetters => "dead_letters",
            Self::Advance => "advance",
            Self::Commit => "commit",
        }
    }
}

/// Measures steps that follow one another.
#[derive(Debug)]
pub(crate) struct Stopwatch {
    began: Instant,
}

impl Stopwatch {
    /// The first step begins.
    pub(crate) fn start() -> Self {
        Self {
            began: Instant::now(),
        }
    }

    /// A step is done, and the next one begins. Returns when it was done.
    pub(crate) fn done(&mut self, step: Step) -> Range<Instant> {
        let now = Instant::now();
        let began = std::mem::replace(&mut self.began, now);
        let steps = numbers::STEPS.histogram_of(step.as_str());
        steps.record(now.duration_since(began).as_secs_f64());
        began..now
    }
}
