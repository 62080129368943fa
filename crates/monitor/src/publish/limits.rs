//! How much Kafka takes at once.
//!
//! A broker judges the batch of a partition as a whole: when it is larger than the topic's
//! `max.message.bytes`, every record of it comes back as too large, the good ones too. So batches are
//! kept as small as the topic wants them, as it says where it may be asked, and as refusals teach
//! where it may not.

use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, ResourceSpecifier};
use service::kafka::{KafkaSettings, Observer};
use tokio::time::Instant;
use tracing::{debug, warn};

use super::{entry::Entry, producer::CLIENT_ID};

/// The client's own default for a batch.
const BATCH_BYTES_MAX: usize = 1_000_000;
/// The largest record. Brokers take a megabyte unless told otherwise, key and headers included.
const RECORD_BYTES_MAX: usize = 900_000;
/// What Kafka's framing adds to a record's key and value: 61 bytes for the batch and at most 40 for
/// the record.
const FRAMING_BYTES: usize = 128;
/// Behind a refused batch come batches of this part of it: ten thousandfold too large is found out
/// in seven steps.
const REFUSED_BATCH_DIVISOR: usize = 4;
/// How long the topic may take to say what it takes.
const ASK_TIMEOUT: Duration = Duration::from_secs(3);
/// When a topic whose limits cost something is asked again, at first and at most: for that, what the client
/// has is sent once more.
const ASK_AGAIN_FIRST: Duration = Duration::from_mins(1);
const ASK_AGAIN_MAX: Duration = Duration::from_hours(1);
const MAX_MESSAGE_BYTES: &str = "max.message.bytes";
const CLEANUP_POLICY: &str = "cleanup.policy";
const COMPACT: &str = "compact";

/// How large batches and records may be.
#[derive(Debug)]
pub(super) struct Limits {
    batch_bytes_max: usize,
    record_bytes_max: usize,
    /// Whether the topic has still to be asked: at first, and again when it takes less than it said.
    is_to_ask: bool,
    /// Where it does not answer, since we have no right to know, it is no use to ask again.
    topic_answers: bool,
    /// What it answered last.
    answered: Option<usize>,
    /// Since when something was cut or dropped by what it answered: it may take more by now, as its
    /// operator was told to let it.
    costs_since: Option<Instant>,
    ask_again: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            batch_bytes_max: BATCH_BYTES_MAX,
            record_bytes_max: RECORD_BYTES_MAX,
            is_to_ask: true,
            topic_answers: true,
            answered: None,
            costs_since: None,
            ask_again: ASK_AGAIN_FIRST,
        }
    }
}

impl Limits {
    /// The client must make no larger batches of more than one record.
    pub(super) fn batch_bytes_max(&self) -> usize {
        self.batch_bytes_max
    }

    /// A record's value with this key should be no larger.
    pub(super) fn value_bytes_max(&self, key: &str) -> usize {
        self.record_bytes_max.saturating_sub(key.len())
    }

    /// Whether the topic should be asked.
    pub(super) fn is_to_ask(&self, now: Instant) -> bool {
        let costs_long = |since| now.duration_since(since) >= self.ask_again;
        (self.is_to_ask || self.costs_since.is_some_and(costs_long)) && self.topic_answers
    }

    /// A result was cut or dropped by these limits.
    pub(super) fn cost(&mut self) {
        self.costs_since.get_or_insert_with(Instant::now);
    }

    /// The topic was asked what it takes. What refusals taught before stands, since it may be newer;
    /// unless the topic takes more than it did.
    pub(super) fn topic_takes(&mut self, bytes: Option<usize>) {
        self.is_to_ask = false;
        self.costs_since = None;
        self.topic_answers = bytes.is_some();
        let Some(bytes) = bytes else { return };
        if self.answered.is_some_and(|before| bytes > before) {
            *self = Self {
                is_to_ask: false,
                ..Self::default()
            };
        } else if self.answered.is_some() {
            self.ask_again = (self.ask_again * 2).min(ASK_AGAIN_MAX);
        }
        self.answered = Some(bytes);
        self.batch_bytes_max = self.batch_bytes_max.min(bytes).max(1);
        let record_bytes = bytes.saturating_sub(FRAMING_BYTES);
        self.record_bytes_max = self.record_bytes_max.min(record_bytes);
    }

    /// Whether an entry is a batch of its own, so that its refusal is its own fault.
    pub(super) fn is_alone(&self, entry: &Entry) -> bool {
        entry.sent_bytes() >= self.batch_bytes_max
    }

    /// Entries of this size altogether were refused that may have shared their batches.
    pub(super) fn refused_together(&mut self, bytes: usize) {
        let batch_bytes = self.batch_bytes_max.min(bytes);
        self.is_to_ask = true;
        self.batch_bytes_max = (batch_bytes / REFUSED_BATCH_DIVISOR).max(1);
        warn!(
            batch_bytes_max = self.batch_bytes_max,
            "Kafka finds a batch of results too large: smaller ones are sent"
        );
    }

    /// An entry that was refused alone was shortened to this: longer ones need not be tried.
    pub(super) fn shortened(&mut self, entry: &Entry) {
        self.cost();
        self.record_bytes_max = self.record_bytes_max.min(entry.sent_bytes());
    }
}

/// What the topic says of itself, as far as we may know it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct TopicSays {
    /// How large a batch it takes.
    pub(super) bytes: Option<usize>,
    /// Whether of each key only the newest record stays.
    pub(super) compacts: bool,
}

/// Asks the topic; what it does not tell of batches, refusals then teach.
pub(super) async fn ask_topic(kafka: &KafkaSettings, observer: &Observer) -> TopicSays {
    match describe(kafka, observer).await {
        Ok(says) => says,
        Err(error) => {
            let topic = &kafka.topic;
            debug!("Cannot read the topic {topic:?}'s settings: {error:#}");
            TopicSays::default()
        }
    }
}

async fn describe(kafka: &KafkaSettings, observer: &Observer) -> anyhow::Result<TopicSays> {
    let admin: AdminClient<Observer> = kafka
        .client_config(CLIENT_ID)
        .create_with_context(observer.clone())?;
    let options = AdminOptions::new().request_timeout(Some(ASK_TIMEOUT));
    let topic = ResourceSpecifier::Topic(&kafka.topic);
    let answers = admin.describe_configs([&topic], &options).await?;
    let Some(answer) = answers.into_iter().next() else {
        return Ok(TopicSays::default());
    };
    let settings = answer.map_err(|code| anyhow::anyhow!("{code}"))?;
    let value = |name| settings.get(name)?.value.as_deref();
    let mut policies = value(CLEANUP_POLICY).unwrap_or_default().split(',');
    Ok(TopicSays {
        bytes: value(MAX_MESSAGE_BYTES).and_then(|bytes| bytes.parse().ok()),
        compacts: policies.any(|policy| policy.trim() == COMPACT),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_of_a_topic_that_takes_no_more_only_shrink_and_never_to_nothing() {
        let mut limits = Limits::default();
        limits.topic_takes(Some(65_536));
        assert_eq!(limits.batch_bytes_max(), 65_536);
        assert_eq!(limits.value_bytes_max("key"), 65_536 - 128 - 3);
        limits.topic_takes(Some(65_536));
        assert_eq!(limits.batch_bytes_max(), 65_536);
        limits.refused_together(1_000);
        assert_eq!(limits.batch_bytes_max(), 250);
        for _ in 0..100 {
            limits.refused_together(1);
        }
        assert_eq!(limits.batch_bytes_max(), 1);
        limits.topic_takes(Some(0));
        assert_eq!(
            (limits.batch_bytes_max(), limits.value_bytes_max("key")),
            (1, 0)
        );
    }

    #[test]
    fn a_topic_that_takes_more_by_now_is_found_out() {
        let mut limits = Limits::default();
        let begin = Instant::now();
        limits.topic_takes(Some(500));
        assert!(!limits.is_to_ask(begin + ASK_AGAIN_MAX), "it costs nothing");
        limits.cost();
        assert!(!limits.is_to_ask(begin));
        assert!(limits.is_to_ask(Instant::now() + ASK_AGAIN_FIRST));
        limits.topic_takes(Some(500));
        assert_eq!(limits.batch_bytes_max(), 500);
        // In vain, so that it is asked less often.
        limits.cost();
        assert!(!limits.is_to_ask(begin + ASK_AGAIN_FIRST));
        assert!(limits.is_to_ask(Instant::now() + ASK_AGAIN_FIRST * 2));
        limits.topic_takes(Some(1_048_588));
        assert_eq!(limits.batch_bytes_max(), BATCH_BYTES_MAX);
        assert_eq!(limits.value_bytes_max(""), RECORD_BYTES_MAX);
        assert!(!limits.is_to_ask(Instant::now() + ASK_AGAIN_MAX));
        // What refusals teach is newer than the same answer.
        limits.refused_together(1_000);
        limits.topic_takes(Some(1_048_588));
        assert_eq!(limits.batch_bytes_max(), 250);
    }
}
