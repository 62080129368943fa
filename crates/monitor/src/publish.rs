//! Publishes results to Kafka, in order, until a delivery report says that Kafka has each.
//!
//! While Kafka is away, results wait in bounded memory. What fails is sent again, in order, by a new
//! producer: repeats do no harm, since a check has the same id whenever it is sent.

mod backlog;
mod drops;
mod entry;
mod intake;
mod producer;
mod watch;

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
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use self::{
    backlog::{Backlog, BacklogSettings, Bound},
    drops::Drops,
    entry::{Entry, Json},
    intake::Intake,
    producer::{CLIENT_ID, Producer, Report},
    watch::Watch,
};

/// What waiting results may take in memory.
const WAITING_BYTES_MAX: usize = 12 * 1024 * 1024;
/// Results that Kafka's client has at the same time. It keeps a copy of each.
const SENT_MAX: usize = 1000;
const SENT_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Waits between attempts after a failure.
const RETRY_FIRST: Duration = Duration::from_millis(200);
const RETRY_MAX: Duration = Duration::from_secs(5);
/// How long what the prober still has to say may take at the end.
const REST_TIMEOUT: Duration = Duration::from_millis(500);

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
    intake: Intake,
    backlog: Backlog,
    drops: Drops,
    watch: Watch,
    retry: Backoff,
    /// Past this, nothing is waited for any longer.
    give_up: CancellationToken,
}

/// What came next.
#[derive(Debug)]
enum Step<T> {
    /// What was waited for.
    Came(T),
    /// A result, or time to look: what was waited for may still come.
    Tended,
    /// Nothing is worth waiting for any longer.
    Over(End),
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
    /// A publisher of `results`; past `give_up`, it counts what is left instead of waiting for
    /// Kafka. Needs the runtime's clock.
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
            intake: Intake::new(results, Box::new(Json)),
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
            drops: Drops::default(),
            watch: Watch::start(),
            retry: Backoff::new(RETRY_FIRST, RETRY_MAX),
            give_up,
        }
    }

    /// Publishes every result that comes, until no more come and Kafka has all of them. An error
    /// says how many it never got.
    pub async fn run(mut self) -> anyhow::Result<()> {
        while self.await_topic().await? {
            match self.send_all().await? {
                End::Done | End::GivenUp => break,
                End::Failed(_) => {
                    let delay = self.retry.next_delay();
                    self.tend_during(sleep(delay)).await;
                }
            }
        }
        self.take_rest().await;
        self.drops.account(self.backlog.len())
    }

    /// What the prober still had to say counts, too. It has been told to give up before.
    async fn take_rest(&mut self) {
        let rest = async {
            while self.intake.more_come() {
                if let Some(entry) = self.intake.next().await {
                    self.keep(entry);
                }
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
        match self.tend_during(waiting).await {
            None => Ok(false),
            Some(found) => found?,
        }
    }

    /// Takes results while something else is waited for. `None` when that is not worth it any
    /// longer.
    async fn tend_during<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        loop {
            match self.step(&mut work).await {
                Step::Came(done) => return Some(done),
                Step::Tended => {}
                Step::Over(_) => return None,
            }
        }
    }

    /// Waits for `work`, or for whatever else is to be tended meanwhile. The one place where the
    /// publisher waits.
    async fn step<T>(&mut self, work: impl Future<Output = T>) -> Step<T> {
        if !self.intake.more_come() && self.backlog.is_empty() {
            return Step::Over(End::Done);
        }
        tokio::select! {
            biased;
            done = work => Step::Came(done),
            () = self.give_up.cancelled() => Step::Over(End::GivenUp),
            () = self.watch.tick() => {
                self.watch.look(&self.backlog, &mut self.drops, &self.observer);
                Step::Tended
            }
            entry = self.intake.next() => {
                if let Some(entry) = entry {
                    self.keep(entry);
                }
                Step::Tended
            }
        }
    }

    /// Sends what waits and what comes by a producer of its own, until something fails or nothing
    /// is left.
    async fn send_all(&mut self) -> anyhow::Result<End> {
        let (producer, mut reports) = Producer::new(&self.kafka, &self.observer, SENT_MAX)?;
        self.watch.heard();
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
        Ok(end)
    }

    async fn pump(&mut self, producer: &Producer, reports: &mut mpsc::Receiver<Report>) -> End {
        loop {
            if let Some(failed) = self.send_waiting(producer) {
                return End::Failed(failed);
            }
            match self.step(reports.recv()).await {
                Step::Came(Some(report)) if report.is_delivered() => self.acknowledge(&report),
                Step::Came(Some(report)) => return End::Failed(report),
                // The producer, which we hold, has the other end.
                Step::Came(None) | Step::Tended => {}
                Step::Over(end) => return end,
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

    /// Puts a result behind those that wait, or drops it where there is no room.
    fn keep(&mut self, entry: Entry) {
        if self.backlog.is_empty() {
            self.watch.heard();
        }
        if !self.backlog.accept(entry) {
            self.drops.no_room();
        }
        self.show();
    }

    fn acknowledge(&mut self, report: &Report) {
        self.backlog.acknowledged(report.number);
        self.watch.heard();
        self.retry.reset();
        self.observer.heard();
        counter!("monitor_published_results_total").increment(1);
        self.show();
    }

    fn note_failure(&mut self, report: &Report) {
        let code = report.code.unwrap_or(RDKafkaErrorCode::Unknown);
        if code == RDKafkaErrorCode::MessageSizeTooLarge {
            if let Some(entry) = self.backlog.shrink(report.number, self.intake.encoder()) {
                self.drops.too_large(&entry);
            }
            return;
        }
        let topic = &self.kafka.topic;
        self.observer.failed(&format!(
            "results are not delivered to the topic {topic:?}: {code}"
        ));
    }

    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    fn show(&self) {
        gauge!("monitor_unpublished_results").set(self.backlog.len() as f64);
    }
}

#[cfg(test)]
mod tests;
