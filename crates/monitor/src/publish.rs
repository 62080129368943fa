//! Publishes results to Kafka, in order, until a delivery report says that Kafka has each.
//!
//! While Kafka is away, results wait in bounded memory. What fails is sent again, in order, by a new
//! producer: repeats do no harm, since a check has the same id whenever it is sent.

mod backlog;
mod producer;

use std::{pin::pin, time::Duration};

use messages::CheckResult;
use metrics::{counter, gauge};
use rdkafka::types::RDKafkaErrorCode;
use service::{
    backoff::Backoff,
    kafka::{KafkaSettings, Observer, await_topic},
};
use tokio::{
    sync::mpsc,
    time::{Instant, MissedTickBehavior, interval, timeout},
};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use self::{
    backlog::{Backlog, BacklogSettings, Bound},
    producer::{Producer, Report},
};

/// How this service names itself to Kafka.
const CLIENT_ID: &str = concat!("websites-monitor/monitor/", env!("CARGO_PKG_VERSION"));
/// What waiting results may take in memory.
const WAITING_BYTES_MAX: usize = 12 * 1024 * 1024;
/// Results that Kafka's client has at the same time. It keeps a copy of each.
const SENT_MAX: usize = 1000;
const SENT_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Waits between attempts after a failure.
const RETRY_FIRST: Duration = Duration::from_millis(200);
const RETRY_MAX: Duration = Duration::from_secs(5);
/// How often it is looked at whether Kafka still answers.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
/// Without an acknowledgement for so long, Kafka counts as lost.
const SILENCE_MAX: Duration = Duration::from_secs(10);
/// How long what the prober still has to say may take at the end.
const REST_TIMEOUT: Duration = Duration::from_millis(500);
/// How often the log says that results wait, or are dropped.
const REMIND_INTERVAL: Duration = Duration::from_secs(30);

/// How results are published.
#[derive(Debug)]
pub struct PublishSettings {
    /// Results that may wait in memory.
    pub results_waiting_max: usize,
}

/// Where results go.
#[derive(Debug)]
pub struct Publisher {
    kafka: KafkaSettings,
    observer: Observer,
    backlog: Backlog,
    results: mpsc::Receiver<CheckResult>,
    /// Past this, nothing is waited for any longer.
    give_up: CancellationToken,
    more_come: bool,
    retry: Backoff,
    dropped: u64,
    watch: Watch,
}

/// What is known of how well Kafka answers.
#[derive(Debug)]
struct Watch {
    acknowledged_at: Instant,
    reminded_at: Instant,
    dropped_since_reminder: u64,
}

/// Why one producer's time is over.
#[derive(Debug)]
enum End {
    /// Everything is published and no more comes.
    Done,
    /// The time to drain is over.
    GivenUp,
    /// Something was not delivered.
    Failed(Report),
}

impl Publisher {
    /// Gets everything ready.
    pub fn new(
        settings: &PublishSettings,
        kafka: KafkaSettings,
        observer: Observer,
        results: mpsc::Receiver<CheckResult>,
        give_up: CancellationToken,
    ) -> Self {
        Self {
            kafka,
            observer,
            backlog: Backlog::new(BacklogSettings {
                all: Bound {
                    results: settings.results_waiting_max,
                    bytes: WAITING_BYTES_MAX,
                },
                sent: Bound {
                    results: SENT_MAX,
                    bytes: SENT_BYTES_MAX,
                },
            }),
            results,
            give_up,
            more_come: true,
            retry: Backoff::new(RETRY_FIRST, RETRY_MAX),
            dropped: 0,
            watch: Watch {
                acknowledged_at: Instant::now(),
                reminded_at: Instant::now(),
                dropped_since_reminder: 0,
            },
        }
    }

    /// Publishes every result that comes, until no more come and Kafka has all of them. An error
    /// says how many it never got.
    pub async fn run(mut self) -> anyhow::Result<()> {
        while self.await_topic().await? {
            let (producer, reports) = Producer::new(&self.kafka, &self.observer, SENT_MAX)?;
            match self.send_all(producer, reports).await {
                End::Done | End::GivenUp => break,
                End::Failed(_) => {
                    let delay = self.retry.next_delay();
                    self.accept_during(tokio::time::sleep(delay)).await;
                }
            }
        }
        self.take_rest().await;
        self.account()
    }

    /// What the prober still had to say counts, too. It has been told to give up before.
    async fn take_rest(&mut self) {
        let rest = async {
            while let Some(result) = self.results.recv().await {
                self.accept(Some(result));
            }
        };
        if timeout(REST_TIMEOUT, rest).await.is_err() {
            warn!("The prober has not ended in time: there may be more results than are counted");
        }
    }

    /// Waits for the topic, while results wait too. `false` when the time to drain is over, or when
    /// there is nothing to publish and never will be.
    async fn await_topic(&mut self) -> anyhow::Result<bool> {
        let (kafka, observer) = (self.kafka.clone(), self.observer.clone());
        let stop = self.give_up.child_token();
        // On a task of its own: Kafka's client may block when it is let go.
        let waiting =
            tokio::spawn(async move { await_topic(&kafka, CLIENT_ID, &observer, &stop).await });
        match self.accept_during(waiting).await {
            None => Ok(false),
            Some(found) => found?,
        }
    }

    /// Takes results while something else is waited for. `None` when that is not worth it any
    /// longer.
    async fn accept_during<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        let give_up = self.give_up.clone();
        let mut look = interval(LOOK_INTERVAL);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            if !self.more_come && self.backlog.is_empty() {
                return None;
            }
            tokio::select! {
                done = &mut work => return Some(done),
                result = self.results.recv(), if self.more_come => self.accept(result),
                _ = look.tick() => self.look(),
                () = give_up.cancelled() => return None,
            }
        }
    }

    /// Sends what waits and what comes, until something fails or nothing is left.
    async fn send_all(&mut self, producer: Producer, mut reports: mpsc::Receiver<Report>) -> End {
        self.watch.acknowledged_at = Instant::now();
        let end = self.pump(&producer, &mut reports).await;
        // Nothing of the old producer may overtake what is sent again.
        producer.close().await;
        while let Ok(report) = reports.try_recv() {
            if report.is_delivered() {
                self.acknowledge(&report);
            }
        }
        if let End::Failed(report) = &end {
            self.note_failure(report);
        }
        self.backlog.take_back();
        end
    }

    async fn pump(&mut self, producer: &Producer, reports: &mut mpsc::Receiver<Report>) -> End {
        let give_up = self.give_up.clone();
        let mut look = interval(LOOK_INTERVAL);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            if let Some(failed) = self.send_waiting(producer) {
                return End::Failed(failed);
            }
            if !self.more_come && self.backlog.is_empty() {
                return End::Done;
            }
            tokio::select! {
                biased;
                Some(report) = reports.recv() => {
                    if !report.is_delivered() {
                        return End::Failed(report);
                    }
                    self.acknowledge(&report);
                }
                () = give_up.cancelled() => return End::GivenUp,
                _ = look.tick() => self.look(),
                result = self.results.recv(), if self.more_come => self.accept(result),
            }
        }
    }

    /// Hands over what waits, as far as the client should have it.
    fn send_waiting(&mut self, producer: &Producer) -> Option<Report> {
        while let Some((number, entry)) = self.backlog.next_to_send() {
            match producer.send(number, entry) {
                Ok(()) => self.backlog.sent(),
                // It reports on others first.
                Err(RDKafkaErrorCode::QueueFull) => return None,
                Err(code) => return Some(Report::failed(number, code)),
            }
        }
        None
    }

    fn accept(&mut self, result: Option<CheckResult>) {
        let Some(result) = result else {
            self.more_come = false;
            return;
        };
        if self.backlog.is_empty() {
            self.watch.acknowledged_at = Instant::now();
        }
        if !self.backlog.accept(result) {
            self.drop_one();
        }
        self.show();
    }

    fn acknowledge(&mut self, report: &Report) {
        self.backlog.acknowledged(report.number);
        self.watch.acknowledged_at = Instant::now();
        self.retry.reset();
        self.observer.heard();
        counter!("monitor_published_results_total").increment(1);
        self.show();
    }

    fn note_failure(&mut self, report: &Report) {
        let code = report.code.unwrap_or(RDKafkaErrorCode::Unknown);
        if code == RDKafkaErrorCode::MessageSizeTooLarge {
            if !self.backlog.shrink(report.number) {
                error!("A result is larger than Kafka takes, and dropped");
                self.drop_one();
            }
            return;
        }
        let topic = &self.kafka.topic;
        self.observer.failed(&format!(
            "results are not delivered to the topic {topic:?}: {code}"
        ));
    }

    fn drop_one(&mut self) {
        self.dropped += 1;
        self.watch.dropped_since_reminder += 1;
        counter!("monitor_dropped_results_total").increment(1);
        // The first is said at once, the others in numbers.
        if self.dropped == 1 {
            warn!("No more results fit in memory (RESULTS_WAITING_MAX): new ones are dropped");
        }
    }

    /// Sees whether Kafka still answers, and says from time to time what waits.
    fn look(&mut self) {
        let silent = self.watch.acknowledged_at.elapsed() > SILENCE_MAX;
        if silent && self.backlog.has_sent() {
            let seconds = SILENCE_MAX.as_secs();
            self.observer
                .failed(&format!("has acknowledged nothing for {seconds} s"));
        }
        if self.watch.reminded_at.elapsed() < REMIND_INTERVAL {
            return;
        }
        self.watch.reminded_at = Instant::now();
        let dropped = std::mem::take(&mut self.watch.dropped_since_reminder);
        if silent && !self.backlog.is_empty() {
            warn!(
                waiting = self.backlog.len(),
                dropped, "Results wait for Kafka"
            );
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    fn show(&self) {
        gauge!("monitor_unpublished_results").set(self.backlog.len() as f64);
    }

    /// What became of everything, at the end.
    fn account(&self) -> anyhow::Result<()> {
        let left = self.backlog.len();
        if left == 0 && self.dropped == 0 {
            info!("Every result is published");
            return Ok(());
        }
        anyhow::bail!(
            "{} results were not published: {left} were still waiting for Kafka at the end, {} were \
             dropped before because memory was full",
            left as u64 + self.dropped,
            self.dropped
        )
    }
}

#[cfg(test)]
mod tests;
