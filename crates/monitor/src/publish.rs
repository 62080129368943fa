//! Publishes results to Kafka, in order, until a delivery report says that Kafka has each.
//!
//! What Kafka does not acknowledge in time goes to disk, and waits there in order, while newer results
//! wait behind it; without state results wait in bounded memory. What fails is sent again, in order, by a new
//! producer: repeats do no harm, since a check has the same id whenever it is sent.

mod backlog;
mod disk;
mod draining;
mod drops;
mod encoding;
mod entry;
mod figures;
mod intake;
mod limits;
mod producer;
mod settings;
mod spool;
mod step;
mod topic;
mod traces;
mod unpublished;
mod watch;

use std::pin::pin;

use messages::CheckResult;
use service::{backoff::Backoff, health::Health, kafka::KafkaSettings};
use tokio::{
    sync::mpsc,
    time::{sleep, timeout},
};

pub use self::{draining::Draining, settings::PublishSettings, traces::Sampling};
use self::{
    encoding::Encoding,
    intake::{Intake, Taking},
    producer::{GONE, Producer, Report, TOO_LARGE},
    settings::{REST_TIMEOUT, RETRY_FIRST, RETRY_MAX},
    spool::Spool,
    step::{End, Step},
    topic::{Answer, Topic},
    unpublished::Unpublished,
    watch::Watch,
};
pub(crate) use self::{
    spool::{Kept, Lists},
    traces::Traces,
};

/// Where results go.
#[derive(Debug)]
pub struct Publisher {
    topic: Topic,
    intake: Intake,
    unpublished: Unpublished,
    encoding: Encoding,
    watch: Watch,
    retry: Backoff,
    draining: Draining,
}

impl Publisher {
    /// A publisher of `results`. Needs the runtime's clock; fails where no client of a registry can be made.
    pub fn new(
        settings: &PublishSettings,
        kafka: KafkaSettings,
        health: Health,
        results: mpsc::Receiver<CheckResult>,
        draining: Draining,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            encoding: Encoding::new(settings.registry.as_ref(), &kafka.topic, &health)?,
            topic: Topic::new(kafka, &health),
            intake: Intake::new(results),
            unpublished: Unpublished::new(settings.bounds(), health),
            watch: Watch::start(),
            retry: Backoff::new(RETRY_FIRST, RETRY_MAX),
            draining,
        })
    }

    /// Keeps state from where it was left: what Kafka does not take, and what targets are owed.
    #[must_use]
    pub(crate) fn with_state(
        mut self,
        settings: &PublishSettings,
        kept: Kept,
        health: &Health,
    ) -> Self {
        self.unpublished.spool = Spool::begin(kept, health, settings.queue_bound());
        self
    }

    /// Tells of traces.
    #[must_use]
    pub(crate) fn with_traces(mut self, traces: Traces) -> Self {
        self.unpublished.traces = traces;
        self
    }

    /// Publishes every result that comes, until no more come and Kafka has all of them. An error
    /// says how many it never got.
    pub async fn run(mut self) -> anyhow::Result<()> {
        while self.await_topic().await? && self.await_schema().await? {
            self.learn_limits().await;
            match self.send_all().await? {
                End::Done | End::GivenUp => break,
                End::Resized | End::Failed(TOO_LARGE) => {}
                End::Failed(_) => {
                    let delay = self.retry.next_delay();
                    self.tend_during(sleep(delay)).await;
                }
            }
        }
        self.take_rest().await;
        self.unpublished.close().await
    }

    /// The topic is there: asks how much it takes, where that is not known.
    async fn learn_limits(&mut self) {
        self.topic.found();
        if self.unpublished.limits.is_to_ask()
            && let Some(asking) = self.topic.ask()
            && let Some(answer) = self.tend_during(asking).await
        {
            let answer = answer.unwrap_or(Answer::Nothing);
            self.unpublished.limits.topic_takes(self.topic.heed(answer));
        }
    }

    /// What the prober still had to say counts, too. It has been told to give up before.
    /// Where there is state, what finds no room is not taken: nobody has accounted for those checks
    /// then, and the next start tells of them as missed.
    async fn take_rest(&mut self) {
        let rest = async {
            while self.intake.more_come() && self.unpublished.takes_rest() {
                self.intake.ready(Taking::OneByOne).await;
                if let Some(result) = self.intake.take() {
                    self.unpublished.keep(result);
                }
            }
        };
        // What the prober has left then, it counts by itself.
        timeout(REST_TIMEOUT, rest).await.ok();
        self.unpublished.drops.untaken(self.intake.close());
    }

    /// Waits for the topic, while results wait too. `false` when the time to drain is over, or when
    /// there is nothing to publish and never will be.
    async fn await_topic(&mut self) -> anyhow::Result<bool> {
        let waiting = self.topic.awaited(self.draining.over.child_token());
        self.tend_during(waiting).await.unwrap_or(Ok(Ok(false)))?
    }

    /// Waits for our schema's number, where records are Avro; `false` as for the topic.
    async fn await_schema(&mut self) -> anyhow::Result<bool> {
        let Some(naming) = self.encoding.naming() else {
            return Ok(true);
        };
        let number = naming.number(self.draining.over.child_token());
        let Some(Some(id)) = self.tend_during(number).await.transpose()? else {
            return Ok(false);
        };
        self.encoding = Encoding::Avro(id);
        Ok(true)
    }

    /// Takes results while something else is waited for. `None` when that is no longer worth it.
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

    /// Waits for `work`, or for what else is to be tended: the one place where the publisher waits.
    async fn step<T>(&mut self, work: impl Future<Output = T>) -> Step<T> {
        if !self.intake.more_come() && self.unpublished.is_safe() {
            return Step::Over(End::Done);
        }
        let due = self.unpublished.spool.due(&self.unpublished.backlog);
        let is_draining = self.draining.begun.is_cancelled();
        let takes_more = self.unpublished.takes_more(is_draining);
        tokio::select! {
            biased;
            done = work => Step::Came(done),
            () = self.draining.over.cancelled() => Step::Over(End::GivenUp),
            () = self.watch.tick() => {
                self.watch.look(&mut self.unpublished, &self.topic);
                self.unpublished.follow_targets();
                Step::Tended
            }
            answer = self.topic.answers() => {
                self.unpublished.limits.topic_takes(self.topic.heed(answer));
                Step::Tended
            }
            done = self.unpublished.spool.next(due) => {
                self.unpublished.tend_spool(done);
                Step::Tended
            }
            () = self.intake.ready(Taking::while_draining(is_draining)), if takes_more => {
                while self.unpublished.takes_more(is_draining)
                    && let Some(result) = self.intake.take()
                {
                    self.keep(result);
                }
                Step::Tended
            }
        }
    }

    /// Sends what waits and what comes by a producer of its own, until something fails or nothing
    /// is left.
    async fn send_all(&mut self) -> anyhow::Result<End> {
        let (limits, traces) = (&self.unpublished.limits, &self.unpublished.traces);
        let (bytes, traces) = (limits.batch_bytes_max(), traces.clone());
        let (producer, mut reports) =
            Producer::new(&self.topic.kafka, &self.topic.observer, bytes, traces)?;
        self.watch.begin();
        let mut refused = Vec::new();
        let end = match self.pump(&producer, &mut reports).await {
            Ok(end) => end,
            Err(report) => End::Failed(report.said(
                &self.topic.observer,
                &self.topic.kafka.topic,
                &mut refused,
            )),
        };
        // Nothing of the old producer may overtake what is sent again.
        producer.close().await;
        while let Ok(report) = reports.try_recv() {
            match report.code {
                None => self.acknowledge(&report),
                Some(TOO_LARGE) => refused.push(report.number),
                // Most were let go by us; whatever it is, they are sent again.
                Some(_) => {}
            }
        }
        self.unpublished.refused(&refused);
        self.unpublished.backlog.take_back();
        Ok(end)
    }

    /// Hands over and listens; an error is the report on what has to be sent again.
    async fn pump(
        &mut self,
        producer: &Producer,
        reports: &mut mpsc::Receiver<Report>,
    ) -> Result<End, Report> {
        loop {
            producer.send_waiting(&mut self.unpublished.backlog, &self.encoding)?;
            let listening = producer.until_next_look(self.unpublished.backlog.has_sent());
            if let Step::Over(end) = self.step(listening).await {
                return Ok(end);
            }
            producer.look();
            while let Ok(report) = reports.try_recv() {
                self.heed(report)?;
            }
            if self.topic.is_gone() {
                return Ok(End::Failed(GONE));
            }
            if self.unpublished.limits.batch_bytes_max() != producer.batch_bytes_max {
                return Ok(End::Resized);
            }
        }
    }

    fn heed(&mut self, report: Report) -> Result<(), Report> {
        match report.code {
            None => self.acknowledge(&report),
            Some(TOO_LARGE) if self.unpublished.drop_hopeless(report.number) => {}
            Some(_) => return Err(report),
        }
        Ok(())
    }

    fn keep(&mut self, result: CheckResult) {
        if self.unpublished.backlog.is_empty() {
            self.watch.heard();
        }
        self.unpublished.keep(result);
    }

    fn acknowledge(&mut self, report: &Report) {
        self.unpublished.acknowledged(report.number);
        self.watch.heard();
        self.retry.reset();
        if !self.watch.is_owed() {
            self.topic.observer.heard();
        }
    }
}

#[cfg(test)]
mod tests;
