//! The results that Kafka does not have yet, in order. Pure.

use std::collections::{BTreeMap, VecDeque};

use messages::{CheckResult, Encoded};
use metrics::counter;
use tracing::warn;

use crate::masked::Masked;

/// The largest record. Brokers take a megabyte unless told otherwise, key and headers included.
const RECORD_BYTES_MAX: usize = 900_000;
/// From this size on the result is kept beside its record, to be written again shorter.
const SHRINKABLE_BYTES_MIN: usize = 16 * 1024;
/// What an entry takes beside its texts.
const ENTRY_BYTES: usize = 256;

/// How much may wait.
#[derive(Clone, Copy, Debug)]
pub(super) struct BacklogSettings {
    /// All results that Kafka does not have.
    pub(super) all: Bound,
    /// Of these, those that Kafka's client has.
    pub(super) sent: Bound,
}

/// A bound in number and size.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bound {
    pub(super) results: usize,
    pub(super) bytes: usize,
}

/// A record and its key.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) url: String,
    pub(super) record: Vec<u8>,
    /// For a large one, what it was made from.
    result: Option<Box<CheckResult>>,
}

/// Results in the order in which they came: first those that the client has, then those that wait.
#[derive(Debug)]
pub(super) struct Backlog {
    settings: BacklogSettings,
    sent: BTreeMap<usize, Entry>,
    sent_bytes: usize,
    waiting: VecDeque<Entry>,
    /// The number of the first that waits. Numbers go up by one and are never used twice.
    next: usize,
    bytes: usize,
}

impl Entry {
    fn new(result: CheckResult) -> Self {
        let url = result.check.url.clone();
        let record = encode(&result, RECORD_BYTES_MAX);
        let large = record.len() >= SHRINKABLE_BYTES_MIN;
        Self {
            url,
            record,
            result: large.then(|| Box::new(result)),
        }
    }

    fn bytes(&self) -> usize {
        let kept = self.result.as_ref().map_or(0, |_| self.record.len());
        ENTRY_BYTES + self.url.len() + self.record.len() + kept
    }
}

fn encode(result: &CheckResult, bytes_max: usize) -> Vec<u8> {
    let Encoded {
        json,
        matched_text_cut,
    } = result.encode(bytes_max);
    if matched_text_cut {
        counter!("monitor_matched_texts_cut_total").increment(1);
        warn!(
            url = %Masked(&result.check.url),
            "The matched text was cut: the record would have been larger than {bytes_max} bytes"
        );
    }
    json
}

impl Backlog {
    pub(super) fn new(settings: BacklogSettings) -> Self {
        Self {
            settings,
            sent: BTreeMap::new(),
            sent_bytes: 0,
            waiting: VecDeque::new(),
            next: 0,
            bytes: 0,
        }
    }

    /// Takes a result; `false` when there is no room for it.
    pub(super) fn accept(&mut self, result: CheckResult) -> bool {
        if self.len() >= self.settings.all.results {
            return false;
        }
        let entry = Entry::new(result);
        if self.bytes + entry.bytes() > self.settings.all.bytes {
            return false;
        }
        self.bytes += entry.bytes();
        self.waiting.push_back(entry);
        true
    }

    /// The next entry to hand to the client, with its number.
    pub(super) fn next_to_send(&self) -> Option<(usize, &Entry)> {
        let entry = self.waiting.front()?;
        let fits = self.sent.is_empty()
            || self.sent.len() < self.settings.sent.results
                && self.sent_bytes + entry.record.len() <= self.settings.sent.bytes;
        fits.then_some((self.next, entry))
    }

    /// The client has the next entry.
    pub(super) fn sent(&mut self) {
        if let Some(entry) = self.waiting.pop_front() {
            self.sent_bytes += entry.record.len();
            self.sent.insert(self.next, entry);
            self.next += 1;
        }
    }

    /// Kafka has the entry.
    pub(super) fn acknowledged(&mut self, number: usize) {
        if let Some(entry) = self.sent.remove(&number) {
            self.sent_bytes -= entry.record.len();
            self.bytes -= entry.bytes();
        }
    }

    /// Makes an entry smaller that Kafka finds too large. `false` when it cannot be made so: then it
    /// is gone.
    pub(super) fn shrink(&mut self, number: usize) -> bool {
        let entry = if self.sent.contains_key(&number) {
            self.sent.get_mut(&number)
        } else {
            self.waiting.front_mut()
        };
        let Some(entry) = entry else {
            return true;
        };
        let (bytes, record_bytes) = (entry.bytes(), entry.record.len());
        let shorter = entry
            .result
            .as_ref()
            .map(|result| encode(result, record_bytes / 2))
            .filter(|shorter| shorter.len() < record_bytes);
        let Some(shorter) = shorter else {
            match self.sent.remove(&number) {
                Some(_) => self.sent_bytes -= record_bytes,
                None => drop(self.waiting.pop_front()),
            }
            self.bytes -= bytes;
            return false;
        };
        entry.record = shorter;
        self.bytes = self.bytes - bytes + entry.bytes();
        if self.sent.contains_key(&number) {
            self.sent_bytes = self.sent_bytes - record_bytes + self.sent[&number].record.len();
        }
        true
    }

    /// What the client had, waits again, in its old order and before all others.
    pub(super) fn take_back(&mut self) {
        for entry in std::mem::take(&mut self.sent).into_values().rev() {
            self.waiting.push_front(entry);
        }
        self.sent_bytes = 0;
    }

    /// Results that Kafka does not have.
    pub(super) fn len(&self) -> usize {
        self.sent.len() + self.waiting.len()
    }

    /// Whether Kafka has everything.
    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the client has something to deliver.
    pub(super) fn has_sent(&self) -> bool {
        !self.sent.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::Timestamp;
    use messages::{
        Check, Failure, FailureReason, HttpVersion, Match, Outcome, Probe, Response, Timings,
    };

    use super::*;

    fn result(url: &str, matched: &str) -> CheckResult {
        let probe = Probe {
            started_at: Timestamp::UNIX_EPOCH,
            response_time: Duration::ZERO,
            timings: Timings::default(),
            attempt: 1,
            redirects: 0,
            remote_address: None,
            certificate: None,
        };
        let response = Response {
            status: 200,
            http_version: HttpVersion::Http11,
            matched: Match::Matched(matched.into()),
            body_bytes: 0,
            body_truncated: false,
        };
        CheckResult {
            check: Check {
                url: url.into(),
                regex_pattern: String::new(),
                interval: Duration::from_secs(1),
                location: "default".into(),
                scheduled_at: Timestamp::UNIX_EPOCH,
            },
            outcome: Outcome::Up { probe, response },
            prober: messages::Prober::default(),
        }
    }

    fn backlog(results_max: usize) -> Backlog {
        Backlog::new(BacklogSettings {
            all: Bound {
                results: results_max,
                bytes: 100_000,
            },
            sent: Bound {
                results: 2,
                bytes: 50_000,
            },
        })
    }

    fn send_all(backlog: &mut Backlog) -> Vec<String> {
        let mut urls = Vec::new();
        while let Some((_, entry)) = backlog.next_to_send() {
            urls.push(entry.url.clone());
            backlog.sent();
        }
        urls
    }

    #[test]
    fn what_was_not_acknowledged_is_sent_again_in_order() {
        let mut backlog = backlog(10);
        for url in ["a", "b", "c"] {
            assert!(backlog.accept(result(url, "")));
        }
        assert_eq!(
            send_all(&mut backlog),
            ["a", "b"],
            "only so many at the same time"
        );
        backlog.acknowledged(0);
        assert_eq!(send_all(&mut backlog), ["c"]);
        backlog.acknowledged(2);
        backlog.take_back();
        backlog.accept(result("d", ""));
        assert_eq!(send_all(&mut backlog), ["b", "d"]);
        backlog.acknowledged(3);
        backlog.acknowledged(3);
        backlog.acknowledged(4);
        assert!(backlog.is_empty());
        assert_eq!((backlog.bytes, backlog.sent_bytes), (0, 0));
    }

    #[test]
    fn there_is_room_for_so_many_results_and_so_many_bytes() {
        let mut few = backlog(2);
        assert!(few.accept(result("a", "")) && few.accept(result("b", "")));
        assert!(!few.accept(result("c", "")));
        let mut heavy = backlog(1000);
        let accepted = (0..1000)
            .filter(|_| heavy.accept(result("a", &"x".repeat(9_000))))
            .count();
        assert!((8..=11).contains(&accepted), "{accepted}");
    }

    #[test]
    fn a_record_that_is_too_large_is_made_smaller_or_else_dropped() {
        let mut backlog = backlog(10);
        backlog.accept(result("a", &"x".repeat(30_000)));
        backlog.accept(result("b", ""));
        send_all(&mut backlog);
        assert!(backlog.shrink(0));
        assert!(backlog.sent[&0].record.len() < 16_000);
        while backlog.shrink(0) && backlog.len() == 2 {}
        assert_eq!(backlog.len(), 1, "what cannot be made smaller is dropped");
        backlog.acknowledged(1);
        assert_eq!((backlog.bytes, backlog.sent_bytes), (0, 0));
    }

    #[test]
    fn a_missed_check_is_as_welcome_as_any() {
        let mut backlog = backlog(10);
        let missed = CheckResult {
            outcome: Outcome::Missed {
                probe: None,
                failure: Failure::new(FailureReason::ProberFailed, None, "late"),
            },
            ..result("a", "")
        };
        assert!(backlog.accept(missed));
        assert_eq!(send_all(&mut backlog), ["a"]);
    }
}
