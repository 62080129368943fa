//! What people are told of the targets file: the log, the metrics, `/readyz`.

use std::time::Duration;

use jiff::SignedDuration;
use metrics::Gauge;
use service::health::Remark;
use tracing::{debug, info, warn};

use super::{
    super::{change::Difference, list::Targets, settings::TargetsSettings},
    list::{List, Outcome},
};
use crate::numbers;

/// Bad rows that the log names at once; `monitor targets` names all.
const BAD_ROWS_SAID_MAX: usize = 1000;

/// Tells of each reading, and of the list's age.
#[derive(Debug)]
pub(super) struct News {
    remark: Remark,
    /// Why the file's last reading was refused, if it was.
    refused: Option<String>,
}

/// Who wants the file to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// Somebody, who waits for an answer.
    Order,
    /// It changed.
    Change,
}

/// Names the rows that cannot be used, and what else the file's writer should know.
pub(super) fn say_words(settings: &TargetsSettings, words: &Targets) {
    let file = settings.file.display();
    for warning in &words.warnings {
        warn!("{file}: {warning}");
    }
    for bad in words.bad_rows.iter().take(BAD_ROWS_SAID_MAX) {
        warn!("{file}:{bad}; the row is skipped");
    }
    let more = words.bad_rows.len().saturating_sub(BAD_ROWS_SAID_MAX);
    if more > 0 {
        warn!("{file}: {more} more rows are skipped; `monitor targets` names them all");
    }
    set(&numbers::BAD_TARGET_ROWS.gauge(), words.bad_rows.len());
}

impl News {
    pub(super) fn new(remark: Remark, list: &List) -> Self {
        let news = Self {
            remark,
            refused: None,
        };
        news.age(list);
        news
    }

    /// The file was read.
    pub(super) fn tell(&mut self, list: &List, outcome: &Outcome, cause: Cause) {
        let file = list.settings.file.display();
        let word = match outcome {
            Outcome::Torn => {
                debug!("{file}: it is being written; it is read when it is steady");
                return;
            }
            Outcome::Refused(reason) => {
                self.refuse(list, reason, cause);
                "refused"
            }
            Outcome::Same => {
                if self.refused.take().is_some() {
                    info!("{file}: it can be used again, and says what it said before");
                } else if cause == Cause::Order {
                    info!("{file}: it says what it said before");
                }
                "same"
            }
            Outcome::Taken { difference, words } => {
                if self.refused.take().is_some() {
                    info!("{file}: it can be used again");
                }
                say_words(&list.settings, words);
                say_difference(list, difference);
                "taken"
            }
        };
        numbers::TARGET_RELOADS.counter_of(word).increment(1);
        self.age(list);
    }

    fn refuse(&mut self, list: &List, reason: &str, cause: Cause) {
        if self.refused.as_deref() != Some(reason) || cause == Cause::Order {
            warn!(
                "{reason}; going on with the {} targets of {} ago",
                list.usable.len(),
                words(list.read_at.elapsed())
            );
        }
        self.refused = Some(reason.to_owned());
    }

    /// How old the list in force is.
    pub(super) fn age(&self, list: &List) {
        let (count, age) = (list.usable.len(), list.read_at.elapsed());
        set(&numbers::TARGETS.gauge(), count);
        numbers::TARGETS_AGE.gauge().set(age.as_secs_f64());
        numbers::TARGETS_REFUSED
            .gauge()
            .set(f64::from(u8::from(self.refused.is_some())));
        let file = list.settings.file.display();
        let remark = format!("{count}, read from {file} {} ago", words(age));
        self.remark.set(match &self.refused {
            None => remark,
            Some(reason) => format!("{remark}; its last reading was refused: {reason}"),
        });
    }
}

fn say_difference(list: &List, difference: &Difference) {
    info!(
        added = difference.added,
        changed = difference.changed,
        removed = difference.removed,
        targets = list.usable.len(),
        "{}: taken up anew",
        list.settings.file.display()
    );
}

fn words(time: Duration) -> String {
    let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    format!("{:#}", SignedDuration::from_secs(seconds))
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn set(gauge: &Gauge, count: usize) {
    gauge.set(count as f64);
}
