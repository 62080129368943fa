//! The topic: whether it is there, and what it says of itself. It is asked before the first producer is
//! made and once a minute, since its operator may change it at any time.

use std::{future::pending, time::Duration};

use rdkafka::{
    ClientContext,
    admin::{AdminClient, AdminOptions, ResourceSpecifier},
    config::RDKafkaLogLevel,
    error::KafkaError,
    types::RDKafkaErrorCode,
};
use service::{
    health::{Health, Remark},
    kafka::{KafkaSettings, Missing, Observer, await_topic},
};
use tokio::{
    runtime::Handle,
    task::{JoinHandle, spawn_blocking},
    time::{Instant, Interval, MissedTickBehavior, interval_at},
};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::producer::{CLIENT_ID, is_gone};

/// How long the topic may take to say what it takes.
const ASK_TIMEOUT: Duration = Duration::from_secs(3);
const ASK_INTERVAL: Duration = Duration::from_mins(1);
const MAX_MESSAGE_BYTES: &str = "max.message.bytes";
const CLEANUP_POLICY: &str = "cleanup.policy";
const COMPACT: &str = "compact";
const COMPACTS: &str = "compacts (cleanup.policy): of each website only the newest result stays, and those that \
                        the consumer has not read by then are lost; set cleanup.policy=delete";

/// What came of asking the topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Says(TopicSays),
    /// It is not there any more.
    Gone,
    /// We have no right to know.
    Denied,
    /// Nobody answered in time, or in a way that tells something.
    Nothing,
}

/// What the topic says of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct TopicSays {
    /// How large a batch it takes.
    bytes: Option<usize>,
    /// Whether of each key only the newest record stays.
    compacts: bool,
}

/// The topic, as far as is known.
#[derive(Debug)]
pub(super) struct Topic {
    pub(super) kafka: KafkaSettings,
    pub(super) observer: Observer,
    /// For whoever looks at `/readyz`.
    remark: Remark,
    compacts: bool,
    /// What is done when it is not there: what was there before is not made by us.
    missing: Missing,
    is_gone: bool,
    is_denied: bool,
    ticks: Interval,
    asking: Option<JoinHandle<Answer>>,
}

impl Topic {
    /// Needs the runtime's clock.
    pub(super) fn new(kafka: KafkaSettings, health: &Health) -> Self {
        let mut ticks = interval_at(Instant::now() + ASK_INTERVAL, ASK_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            observer: Observer::new(health.condition("Kafka"), &kafka),
            kafka,
            remark: health.remark("topic"),
            compacts: false,
            missing: Missing::Make,
            is_gone: false,
            is_denied: false,
            ticks,
            asking: None,
        }
    }

    /// Waits until it is there; `false` when `stop` came first.
    pub(super) fn awaited(&self, stop: CancellationToken) -> JoinHandle<anyhow::Result<bool>> {
        let (kafka, observer) = (self.kafka.clone(), self.observer.clone());
        let missing = self.missing;
        // On a task of its own: Kafka's client may block when it is let go.
        tokio::spawn(async move { await_topic(&kafka, CLIENT_ID, &observer, missing, &stop).await })
    }

    /// It is there.
    pub(super) fn found(&mut self) {
        self.missing = Missing::Await;
        self.is_gone = false;
    }

    /// Whether it said that it is gone since it was found.
    pub(super) fn is_gone(&self) -> bool {
        self.is_gone
    }

    /// Asks it now. `None` where that is no use.
    pub(super) fn ask(&self) -> Option<JoinHandle<Answer>> {
        (!self.is_denied).then(|| ask(self.kafka.clone()))
    }

    /// Waits for what it says next. Nothing is lost where this is let go of.
    pub(super) async fn answers(&mut self) -> Answer {
        if self.is_denied {
            return pending().await;
        }
        loop {
            if let Some(asking) = &mut self.asking {
                let answer = asking.await.unwrap_or(Answer::Nothing);
                self.asking = None;
                return answer;
            }
            self.ticks.tick().await;
            self.asking = Some(ask(self.kafka.clone()));
        }
    }

    /// Takes note of what it said, and returns how large a batch it takes, where it told that. One that
    /// compacts loses results that the consumer has not read by then, in silence.
    pub(super) fn heed(&mut self, answer: Answer) -> Option<usize> {
        self.is_gone |= answer == Answer::Gone;
        self.is_denied |= answer == Answer::Denied;
        let Answer::Says(says) = answer else {
            return None;
        };
        if says.compacts && !self.compacts {
            warn!("The topic {COMPACTS}");
            self.remark.set(COMPACTS);
        } else if self.compacts && !says.compacts {
            info!("The topic does not compact any more");
            self.remark.clear();
        }
        self.compacts = says.compacts;
        says.bytes
    }
}

/// Off the tasks: Kafka's client may block when it is made and when it is let go.
fn ask(kafka: KafkaSettings) -> JoinHandle<Answer> {
    let runtime = Handle::current();
    spawn_blocking(move || runtime.block_on(describe(&kafka)))
}

async fn describe(kafka: &KafkaSettings) -> Answer {
    let failed = |error: KafkaError| {
        debug!(
            "Cannot read the settings of the topic {:?}: {error}",
            kafka.topic
        );
        let code = error.rdkafka_error_code();
        code.map_or(Answer::Nothing, judge)
    };
    let client = kafka.client_config(CLIENT_ID).create_with_context(Quiet);
    let admin: AdminClient<Quiet> = match client {
        Ok(admin) => admin,
        Err(error) => return failed(error),
    };
    let options = AdminOptions::new().request_timeout(Some(ASK_TIMEOUT));
    let topic = ResourceSpecifier::Topic(&kafka.topic);
    let answers = match admin.describe_configs([&topic], &options).await {
        Ok(answers) => answers,
        Err(error) => return failed(error),
    };
    let settings = match answers.into_iter().next() {
        Some(Ok(settings)) => settings,
        Some(Err(code)) => return failed(KafkaError::AdminOp(code)),
        None => return Answer::Nothing,
    };
    let value = |name| settings.get(name)?.value.as_deref();
    let mut policies = value(CLEANUP_POLICY).unwrap_or_default().split(',');
    Answer::Says(TopicSays {
        bytes: value(MAX_MESSAGE_BYTES).and_then(|bytes| bytes.parse().ok()),
        compacts: policies.any(|policy| policy.trim() == COMPACT),
    })
}

fn judge(code: RDKafkaErrorCode) -> Answer {
    match code {
        RDKafkaErrorCode::TopicAuthorizationFailed
        | RDKafkaErrorCode::ClusterAuthorizationFailed
        | RDKafkaErrorCode::UnsupportedFeature => Answer::Denied,
        code if is_gone(code) => Answer::Gone,
        _ => Answer::Nothing,
    }
}

/// Whoever asks reports on nothing: that this client reaches no broker says nothing of the producer's,
/// which knows more of them by then.
struct Quiet;

impl ClientContext for Quiet {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        debug!(facility, ?level, "Kafka client: {message}");
    }

    fn error(&self, _error: KafkaError, reason: &str) {
        debug!("Kafka client: {reason}");
    }
}

#[cfg(test)]
mod tests {
    use service::kafka::Security;

    use super::*;

    fn topic(health: &Health) -> Topic {
        let kafka = KafkaSettings {
            bootstrap_servers: "localhost:9092".into(),
            security: Security::default(),
            topic: "checks".into(),
            topic_partitions: 1,
            topic_replication_factor: None,
        };
        Topic::new(kafka, health)
    }

    #[tokio::test]
    async fn a_topic_that_compacts_is_remarked_until_it_does_not() {
        let health = Health::default();
        let mut topic = topic(&health);
        let says = |compacts| {
            Answer::Says(TopicSays {
                bytes: Some(9),
                compacts,
            })
        };
        assert_eq!(topic.heed(says(true)), Some(9));
        let remarks = health.remarks().concat();
        assert!(remarks.starts_with("topic: compacts"), "{remarks}");
        assert_eq!(health.problems(), ["Kafka: starting"]);
        // Who does not answer has not changed.
        assert_eq!(topic.heed(Answer::Nothing), None);
        assert_eq!(health.remarks().concat(), remarks);
        topic.heed(says(false));
        assert!(health.remarks().is_empty());
    }

    #[tokio::test]
    async fn a_topic_that_was_there_is_not_made_when_it_is_gone() {
        let mut topic = topic(&Health::default());
        assert_eq!(topic.missing, Missing::Make);
        topic.found();
        topic.heed(judge(RDKafkaErrorCode::UnknownTopicOrPartition));
        assert!(topic.is_gone());
        topic.heed(Answer::Says(TopicSays::default()));
        assert!(topic.is_gone(), "a new producer is made all the same");
        topic.found();
        assert!(!topic.is_gone());
        assert_eq!(topic.missing, Missing::Await);
    }

    #[tokio::test]
    async fn a_topic_that_denies_is_not_asked_again() {
        let mut topic = topic(&Health::default());
        topic.heed(judge(RDKafkaErrorCode::TopicAuthorizationFailed));
        assert!(topic.ask().is_none());
    }
}
