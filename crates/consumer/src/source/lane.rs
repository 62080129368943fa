//! One partition on its way from Kafka to its worker.

use std::collections::VecDeque;

use rdkafka::consumer::BaseConsumer;
use tokio::sync::{
    mpsc::{self, error::TrySendError},
    oneshot::{self, error::TryRecvError},
};
use tokio_util::sync::CancellationToken;

use super::{client, rebalance::Context};
use crate::batch::{Batch, BatchLimits, Delivery, RawRecord, Settled};

/// Batches of a partition that are queued or being written, at most.
const IN_FLIGHT_MAX: usize = 2;
/// A paused partition goes on when no more than this many are left.
const IN_FLIGHT_RESUME: usize = 1;

/// A partition that is ours.
pub(super) struct Lane {
    phase: Phase,
    /// Cancelled when the partition is sought elsewhere or taken away.
    epoch: CancellationToken,
    /// Where the next batch goes on from.
    next: i64,
    open: Batch,
    in_flight: VecDeque<InFlight>,
    paused: bool,
}

enum Phase {
    /// Its stored offset is being read.
    Starting(oneshot::Receiver<i64>),
    /// It is read.
    Reading,
}

/// A batch that a worker has.
struct InFlight {
    to: i64,
    reply: oneshot::Receiver<Settled>,
}

/// What became of a lane's batches since the last look.
pub(super) enum Collected {
    Nothing,
    /// Everything up to here is stored.
    Stored(i64),
    /// The stored offset is somewhere else.
    Elsewhere,
    /// The worker is gone.
    Lost,
}

impl Lane {
    /// A lane that begins when `found` says where.
    pub(super) fn new(found: oneshot::Receiver<i64>, epoch: CancellationToken) -> Self {
        Self {
            phase: Phase::Starting(found),
            epoch,
            next: 0,
            open: Batch::default(),
            in_flight: VecDeque::new(),
            paused: false,
        }
    }

    /// The stored offset, once it is known.
    pub(super) fn found(&mut self) -> Option<i64> {
        match &mut self.phase {
            Phase::Starting(found) => found.try_recv().ok(),
            Phase::Reading => None,
        }
    }

    /// It is read from here on.
    pub(super) fn begin(&mut self, at: i64) {
        self.phase = Phase::Reading;
        self.next = at;
    }

    pub(super) fn is_reading(&self) -> bool {
        matches!(self.phase, Phase::Reading)
    }

    /// Whether anything of it is not stored yet.
    pub(super) fn is_busy(&self) -> bool {
        !self.open.is_empty() || !self.in_flight.is_empty()
    }

    pub(super) fn is_full(&self, limits: BatchLimits) -> bool {
        self.open.is_full(limits)
    }

    pub(super) fn is_paused(&self) -> bool {
        self.paused
    }

    /// Its offset, when everything read of it is stored.
    pub(super) fn idle_at(&self) -> Option<i64> {
        (self.is_reading() && !self.is_busy()).then_some(self.next)
    }

    /// Adds a record. `false`: it is none that is awaited.
    pub(super) fn take(&mut self, record: RawRecord<'_>) -> bool {
        let awaited = self.open.end().unwrap_or(self.next);
        // What was fetched for an older position may still come.
        let taken = self.is_reading() && record.offset >= awaited;
        if taken {
            self.open.push(record);
        }
        taken
    }

    /// Hands the open batch to the worker: a full one where there is room, a small one when no
    /// other is under way. `false`: the worker is gone.
    pub(super) fn dispatch(
        &mut self,
        partition: i32,
        limits: BatchLimits,
        worker: &mpsc::Sender<Delivery>,
    ) -> bool {
        let due = self.in_flight.is_empty() || self.open.is_full(limits);
        let Some(to) = self.open.end().filter(|_| due) else {
            return true;
        };
        if self.in_flight.len() >= IN_FLIGHT_MAX {
            return true;
        }
        let permit = match worker.try_reserve() {
            Ok(permit) => permit,
            Err(TrySendError::Full(())) => return true,
            Err(TrySendError::Closed(())) => return false,
        };
        let (reply, outcome) = oneshot::channel();
        permit.send(Delivery {
            partition,
            from: self.next,
            batch: std::mem::take(&mut self.open),
            epoch: self.epoch.clone(),
            reply,
        });
        self.in_flight.push_back(InFlight { to, reply: outcome });
        self.next = to;
        true
    }

    /// Looks what became of its batches.
    pub(super) fn collect(&mut self) -> Collected {
        let mut collected = Collected::Nothing;
        while let Some(first) = self.in_flight.front_mut() {
            match first.reply.try_recv() {
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Closed) => return Collected::Lost,
                Ok(Settled::Stored) => collected = Collected::Stored(first.to),
                Ok(Settled::Elsewhere) => return Collected::Elsewhere,
                // Only after the epoch's end, and then nothing is asked of it any more.
                Ok(Settled::LetGo) => {}
            }
            self.in_flight.pop_front();
        }
        collected
    }

    /// Ends the epoch: what was handed on is let go where it is not being written already. Returns
    /// the number of records that were not handed on.
    pub(super) fn let_go(&mut self) -> usize {
        self.epoch.cancel();
        std::mem::take(&mut self.open).len()
    }

    pub(super) fn pause(&mut self, consumer: &BaseConsumer<Context>, topic: &str, partition: i32) {
        self.paused = client::pause(consumer, topic, partition);
    }

    pub(super) fn resume_if_emptied(
        &mut self,
        consumer: &BaseConsumer<Context>,
        topic: &str,
        partition: i32,
    ) {
        let emptied = self.open.is_empty() && self.in_flight.len() <= IN_FLIGHT_RESUME;
        if self.paused && emptied {
            self.paused = !client::resume(consumer, topic, partition);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::BatchSettings;

    fn reading(at: i64) -> Lane {
        let (_, found) = oneshot::channel();
        let mut lane = Lane::new(found, CancellationToken::new());
        lane.begin(at);
        lane
    }

    fn record(offset: i64) -> RawRecord<'static> {
        RawRecord {
            offset,
            timestamp_ms: None,
            key: None,
            value: Some(b"{}"),
        }
    }

    #[test]
    fn a_batch_goes_on_from_the_end_of_the_one_before_it_also_over_gaps() {
        let limits = BatchSettings { rows_max: 2 }.limits(1);
        let (worker, mut deliveries) = mpsc::channel(4);
        let mut lane = reading(10);
        for offset in [12, 13, 20, 21] {
            assert!(lane.take(record(offset)));
            assert!(lane.dispatch(0, limits, &worker));
        }
        let first = deliveries.try_recv().unwrap();
        assert_eq!(
            (first.from, first.batch.end()),
            (10, Some(13)),
            "small, for an idle worker"
        );
        let second = deliveries.try_recv().unwrap();
        assert_eq!((second.from, second.batch.end()), (13, Some(21)), "full");
        assert!(
            deliveries.try_recv().is_err(),
            "the rest waits until it is full or alone"
        );
    }

    #[test]
    fn records_of_an_older_position_are_not_taken() {
        let mut lane = reading(10);
        assert!(!lane.take(record(9)));
        assert!(lane.take(record(10)));
        assert!(!lane.take(record(10)));
        let (_, found) = oneshot::channel();
        assert!(!Lane::new(found, CancellationToken::new()).take(record(10)));
    }

    #[test]
    fn outcomes_are_collected_in_order() {
        let limits = BatchSettings { rows_max: 1 }.limits(1);
        let (worker, mut deliveries) = mpsc::channel(4);
        let mut lane = reading(0);
        for offset in [0, 1] {
            lane.take(record(offset));
            lane.dispatch(0, limits, &worker);
        }
        let (first, second) = (
            deliveries.try_recv().unwrap(),
            deliveries.try_recv().unwrap(),
        );
        second.reply.send(Settled::Stored).unwrap();
        assert!(matches!(lane.collect(), Collected::Nothing));
        first.reply.send(Settled::Stored).unwrap();
        assert!(matches!(lane.collect(), Collected::Stored(2)));
        assert_eq!(lane.idle_at(), Some(2));
    }

    #[test]
    fn a_lane_takes_no_more_than_its_share_of_a_workers_queue() {
        let limits = BatchSettings { rows_max: 1 }.limits(1);
        let (worker, mut deliveries) = mpsc::channel(8);
        let mut lane = reading(0);
        for offset in 0..4 {
            if !lane.is_full(limits) {
                lane.take(record(offset));
            }
            lane.dispatch(0, limits, &worker);
        }
        assert!(lane.is_full(limits));
        deliveries.close();
        assert_eq!(
            std::iter::from_fn(|| deliveries.try_recv().ok()).count(),
            IN_FLIGHT_MAX
        );
    }
}
