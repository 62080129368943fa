//! The partitions that are ours, together: what they share is the memory for batches, the workers,
//! and the account of what was read and is not stored yet.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use rdkafka::Message;
use tokio::sync::mpsc::{self, error::TrySendError};

use super::{
    ends::Behind,
    lane::{Collected, Lane},
};
use crate::{
    batch::{BatchLimits, BatchSettings, Load, RawRecord},
    numbers,
    progress::{Lag, Progress},
};

/// The time from one turn of small batches to the next. A transaction costs as much as a hundred rows:
/// records that come fast gather meanwhile. Those that come slowly find that their turn has come.
const TURN_INTERVAL: Duration = Duration::from_millis(30);
/// How long before a turn what the client holds is taken: it fetches nothing while it holds anything
/// (see `client`), and what came meanwhile is to be there when the turn comes.
const CALL_BEFORE_TURN: Duration = Duration::from_millis(8);
/// Records since the last turn with which there is time to rest: 3,000 a second. More are a backlog, or
/// soon will be.
const RESTING_RECORDS_MAX: usize = 100;

/// The partitions that are ours.
pub(super) struct Lanes {
    ours: BTreeMap<i32, Lane>,
    batch: BatchSettings,
    /// How large batches get, with as many partitions as are ours now.
    limits: BatchLimits,
    /// The workers' queue; `None` once they are released.
    workers: Option<mpsc::Sender<Load>>,
    /// Whose batch was handed on last: those after it are next, so that each gets its turn.
    last: i32,
    progress: Progress,
    /// When small batches last had their turn.
    turn: Option<Instant>,
    /// Records that were taken since.
    taken: usize,
}

/// What became of batches since the last look.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct News {
    /// Partitions, and up to where each is stored now.
    pub(super) stored: Vec<(i32, i64)>,
    /// Partitions whose stored offset is not where it was left.
    pub(super) elsewhere: Vec<i32>,
}

impl Lanes {
    /// None at first.
    pub(super) fn new(
        batch: BatchSettings,
        workers: mpsc::Sender<Load>,
        progress: Progress,
    ) -> Self {
        Self {
            ours: BTreeMap::new(),
            batch,
            limits: batch.limits(1),
            workers: Some(workers),
            last: -1,
            progress,
            turn: None,
            taken: 0,
        }
    }

    /// A partition begins a new epoch. What was read in the one before is let go.
    pub(super) fn insert(&mut self, partition: i32, mut lane: Lane) {
        if let Some(mut before) = self.ours.remove(&partition) {
            lane.succeed(&before);
            self.progress.settled(before.let_go());
        }
        self.ours.insert(partition, lane);
        self.share();
    }

    /// A partition is not ours any more.
    pub(super) fn remove(&mut self, partition: i32) {
        if let Some(mut lane) = self.ours.remove(&partition) {
            self.progress.settled(lane.let_go());
        }
        self.progress.lag(partition, None);
        self.share();
    }

    /// The partitions share what memory there is for batches.
    fn share(&mut self) {
        self.limits = self.batch.limits(self.ours.len());
        #[expect(clippy::cast_precision_loss, reason = "a topic has few partitions")]
        numbers::PARTITIONS.gauge().set(self.ours.len() as f64);
    }

    /// Notes how far behind partitions are, also those of which nothing can be stored.
    pub(super) fn measure(&self, all: Vec<Behind>) {
        for behind in all {
            if let Some(lane) = self.ours.get(&behind.partition) {
                self.progress.lag(behind.partition, Some(lag(lane, behind)));
            }
        }
    }

    /// Lets go all that was read and not handed on. Returns how many records that is.
    pub(super) fn let_go(&mut self) -> usize {
        let dropped = self.ours.values_mut().map(Lane::let_go).sum();
        self.progress.settled(dropped);
        dropped
    }

    /// The workers' input closes, and they end.
    pub(super) fn release_workers(&mut self) {
        self.workers = None;
    }

    /// Whether anything that was read is not stored yet.
    pub(super) fn is_busy(&self) -> bool {
        self.ours.values().any(Lane::is_busy)
    }

    /// Partitions whose beginning is known now, and not placed yet.
    pub(super) fn found(&mut self) -> Vec<(i32, i64)> {
        let lanes = self.ours.iter_mut();
        lanes
            .filter_map(|(&partition, lane)| Some((partition, lane.found()?)))
            .collect()
    }

    /// A partition is read from here on.
    pub(super) fn begin(&mut self, partition: i32, at: i64) {
        if let Some(lane) = self.ours.get_mut(&partition) {
            lane.begin(at);
        }
    }

    /// Adds a record to its partition's batch. `true` when that is full.
    pub(super) fn take(&mut self, partition: i32, record: RawRecord<'_>) -> bool {
        let Some(lane) = self.ours.get_mut(&partition) else {
            return false;
        };
        if lane.take(record) {
            self.progress.read(1);
            self.taken += 1;
        }
        lane.is_full(self.limits)
    }

    /// Notes the trace that a record is of, where one is told.
    pub(super) fn trace(&mut self, message: &impl Message) {
        if let Some(arrival) = self.progress.traces.arrival(message)
            && let Some(lane) = self.ours.get_mut(&message.partition())
        {
            lane.trace(arrival);
        }
    }

    /// Looks what became of batches.
    pub(super) fn collect(&mut self) -> anyhow::Result<News> {
        let mut news = News::default();
        for (&partition, lane) in &mut self.ours {
            match lane.collect() {
                Collected::Nothing => {}
                Collected::Stored(at) => news.stored.push((partition, at)),
                Collected::Elsewhere => news.elsewhere.push(partition),
                Collected::Lost => return Err(worker_gone()),
            }
        }
        Ok(news)
    }

    /// How long nothing is to be taken, where little comes: until small batches have their turn, but
    /// for a moment before it. Where they had none for longer, whatever comes finds that it has come.
    pub(super) fn rest(&self, now: Instant) -> Option<Duration> {
        let since = now.duration_since(self.turn?);
        if self.taken > RESTING_RECORDS_MAX {
            return None;
        }
        let call = TURN_INTERVAL.saturating_sub(CALL_BEFORE_TURN);
        let until = if since < call { call } else { TURN_INTERVAL };
        until.checked_sub(since)
    }

    /// Hands batches to the workers while they have room: full ones, and small ones in turns. As many go
    /// together as one transaction takes.
    pub(super) fn dispatch(&mut self, now: Instant) -> anyhow::Result<()> {
        let last = self.turn;
        let is_turn = last.is_none_or(|turn| now.duration_since(turn) >= TURN_INTERVAL);
        if is_turn && self.ours.values().any(Lane::is_gathering) {
            self.turn = Some(now);
            self.taken = 0;
        }
        let Some(workers) = self.workers.clone() else {
            return Ok(());
        };
        // One waits for a worker, at most: others grow meanwhile.
        while workers.capacity() == workers.max_capacity() {
            let due = self.due(is_turn);
            if due.is_empty() {
                break;
            }
            match workers.try_reserve() {
                Ok(permit) => permit.send(self.load(&due)),
                Err(TrySendError::Full(())) => break,
                Err(TrySendError::Closed(())) => return Err(worker_gone()),
            }
        }
        Ok(())
    }

    /// The partitions whose batches are to be handed on together, if any: the first, and those after it
    /// that fit into one transaction with it.
    fn due(&self, is_turn: bool) -> Vec<i32> {
        let after = self.ours.range(self.last.saturating_add(1)..);
        let lanes = after.chain(self.ours.range(..=self.last));
        let mut records = 0;
        let mut due = Vec::new();
        for (&partition, lane) in lanes {
            let more = lane.due(self.limits, is_turn);
            if more > 0 && (due.is_empty() || records + more <= self.batch.rows_max) {
                records += more;
                due.push(partition);
            }
        }
        due
    }

    fn load(&mut self, due: &[i32]) -> Load {
        self.last = due.last().copied().unwrap_or(self.last);
        let deliveries = due.iter().filter_map(|partition| {
            let lane = self.ours.get_mut(partition)?;
            Some(lane.hand_on(*partition))
        });
        deliveries.collect()
    }

    /// Partitions that should be paused: their batches are full, and find no room.
    pub(super) fn held_up(&self) -> Vec<i32> {
        self.those(|lane| lane.is_held_up(self.limits))
    }

    /// Paused partitions of which it is time to go on fetching.
    pub(super) fn to_resume(&self) -> Vec<i32> {
        self.those(Lane::is_to_resume)
    }

    /// Notes whether the client fetches nothing of a partition for now.
    pub(super) fn set_paused(&mut self, partition: i32, is_paused: bool) {
        if let Some(lane) = self.ours.get_mut(&partition) {
            lane.set_paused(is_paused);
        }
    }

    /// Partitions that are being read.
    pub(super) fn reading(&self) -> Vec<i32> {
        self.those(Lane::is_reading)
    }

    /// A partition's offset, when everything read of it is stored.
    pub(super) fn idle_at(&self, partition: i32) -> Option<i64> {
        self.ours.get(&partition)?.idle_at()
    }

    /// The partitions of which everything read is stored, with their offsets.
    pub(super) fn idle(&self) -> BTreeMap<i32, i64> {
        let lanes = self.ours.iter();
        lanes
            .filter_map(|(&partition, lane)| Some((partition, lane.idle_at()?)))
            .collect()
    }

    fn those(&self, are: impl Fn(&Lane) -> bool) -> Vec<i32> {
        let lanes = self.ours.iter().filter(|(_, lane)| are(lane));
        lanes.map(|(&partition, _)| partition).collect()
    }
}

/// How far a partition is behind, by what Kafka's client said last. It may know less than was read meanwhile.
fn lag(lane: &Lane, behind: Behind) -> Lag {
    let is_busy = lane.is_busy();
    let records = behind.records(is_busy);
    Lag {
        records,
        since_ms: lane.unstored_since_ms().filter(|_| records > 0 || is_busy),
    }
}

fn worker_gone() -> anyhow::Error {
    anyhow::anyhow!("the workers ended before their work did")
}

#[cfg(test)]
mod tests;
