//! One partition on its way from Kafka to the workers.

use tokio::sync::oneshot::{self, error::TryRecvError};
use tokio_util::sync::CancellationToken;

use crate::{
    arrival::Arrival,
    batch::{Batch, BatchLimits, Delivery, RawRecord, Settled},
};

/// Records of a batch from which on it waits for no more: its rows cost more than its transaction.
const GATHERED_ROWS: usize = 500;

/// A partition that is ours.
pub(super) struct Lane {
    state: State,
    /// Cancelled when the partition is sought elsewhere or taken away.
    epoch: CancellationToken,
    /// Where the next batch goes on from.
    next: i64,
    /// What was read and not handed on.
    open: Batch,
    /// What a worker has. Nothing else is handed on meanwhile, so whichever takes the next batch, they are
    /// stored in order.
    in_flight: Option<InFlight>,
    /// When the last record was made that is stored, milliseconds since 1970, as far as is known.
    stored_ms: Option<i64>,
    /// Whether the client fetches nothing of it for now.
    is_paused: bool,
}

enum State {
    /// Its stored offset is being read.
    Starting(oneshot::Receiver<i64>),
    /// It is read.
    Reading,
}

/// A batch that a worker has.
struct InFlight {
    /// The offset after its last record.
    to: i64,
    /// When its first and its last record were made.
    made_ms: (Option<i64>, Option<i64>),
    reply: oneshot::Receiver<Settled>,
}

/// What became of a lane's batch since the last look.
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
            state: State::Starting(found),
            epoch,
            next: 0,
            open: Batch::default(),
            in_flight: None,
            stored_ms: None,
            is_paused: false,
        }
    }

    /// The stored offset, once it is known.
    pub(super) fn found(&mut self) -> Option<i64> {
        match &mut self.state {
            State::Starting(found) => found.try_recv().ok(),
            State::Reading => None,
        }
    }

    /// It is read from here on.
    pub(super) fn begin(&mut self, at: i64) {
        self.state = State::Reading;
        self.next = at;
    }

    pub(super) fn is_reading(&self) -> bool {
        matches!(self.state, State::Reading)
    }

    /// Whether anything of it is not stored yet.
    pub(super) fn is_busy(&self) -> bool {
        !self.open.is_empty() || self.in_flight.is_some()
    }

    pub(super) fn is_full(&self, limits: BatchLimits) -> bool {
        self.open.is_full(limits)
    }

    /// Its offset, when everything read of it is stored.
    pub(super) fn idle_at(&self) -> Option<i64> {
        (self.is_reading() && !self.is_busy()).then_some(self.next)
    }

    /// A trace is told of the record that came last.
    pub(super) fn trace(&mut self, arrival: Arrival) {
        self.open.trace(arrival);
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

    /// Whether records of it wait to be handed on, and no batch is under way.
    pub(super) fn is_gathering(&self) -> bool {
        !self.open.is_empty() && self.in_flight.is_none()
    }

    /// How many records are to be handed on now: of a full batch; of a small one, if small ones have their
    /// turn. None while another is under way.
    pub(super) fn due(&self, limits: BatchLimits, is_turn: bool) -> usize {
        let is_worth_it = is_turn || self.open.len() >= GATHERED_ROWS;
        let is_due = self.is_gathering() && (is_worth_it || self.open.is_full(limits));
        if is_due { self.open.len() } else { 0 }
    }

    /// Hands on what it has gathered, which is not nothing.
    pub(super) fn hand_on(&mut self, partition: i32) -> Delivery {
        let (reply, outcome) = oneshot::channel();
        let from = self.next;
        self.next = self.open.end().unwrap_or(from);
        self.in_flight = Some(InFlight {
            to: self.next,
            made_ms: self.open.made_ms(),
            reply: outcome,
        });
        Delivery {
            partition,
            from,
            batch: std::mem::take(&mut self.open),
            epoch: self.epoch.clone(),
            reply,
        }
    }

    /// Looks what became of its batch.
    pub(super) fn collect(&mut self) -> Collected {
        let Some(batch) = &mut self.in_flight else {
            return Collected::Nothing;
        };
        let collected = match batch.reply.try_recv() {
            Err(TryRecvError::Empty) => return Collected::Nothing,
            Err(TryRecvError::Closed) => return Collected::Lost,
            Ok(Settled::Stored) => {
                let (_, stored_ms) = batch.made_ms;
                self.stored_ms = stored_ms.or(self.stored_ms);
                Collected::Stored(batch.to)
            }
            Ok(Settled::Elsewhere) => Collected::Elsewhere,
            // Only after the epoch's end, and then nothing is asked of it any more.
            Ok(Settled::LetGo) => Collected::Nothing,
        };
        self.in_flight = None;
        collected
    }

    /// When the first record was made that is not stored, milliseconds since 1970. While Kafka still
    /// has it, that is not known: then it is when the last one was made that is stored.
    pub(super) fn unstored_since_ms(&self) -> Option<i64> {
        let in_flight = self.in_flight.as_ref().map(|batch| batch.made_ms);
        let (since_ms, _) = in_flight.unwrap_or_else(|| self.open.made_ms());
        since_ms.or(self.stored_ms)
    }

    /// Goes on where an epoch before left off, for what is said of the time.
    pub(super) fn succeed(&mut self, before: &Self) {
        self.stored_ms = before.unstored_since_ms();
    }

    /// Ends the epoch: what was handed on is let go where it is not being written already. Returns
    /// the number of records that were not handed on.
    pub(super) fn let_go(&mut self) -> usize {
        self.epoch.cancel();
        std::mem::take(&mut self.open).len()
    }

    /// Whether it should be paused: its batch is full, and more is coming.
    pub(super) fn is_held_up(&self, limits: BatchLimits) -> bool {
        self.open.is_full(limits) && !self.is_paused
    }

    /// Whether it is time to go on fetching: what it had gathered is handed on. The worker has something
    /// to do while what was thrown away by pausing is fetched again.
    pub(super) fn is_to_resume(&self) -> bool {
        self.is_paused && self.open.is_empty()
    }

    /// Whether the client fetches nothing of it for now.
    pub(super) fn set_paused(&mut self, is_paused: bool) {
        self.is_paused = is_paused;
    }
}

#[cfg(test)]
mod tests;
