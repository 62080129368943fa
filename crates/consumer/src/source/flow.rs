//! When to stop fetching. Pausing a partition throws away what the client has fetched ahead, so it
//! is for outages, not for every full queue: first the workers get some time.

use std::time::{Duration, Instant};

/// How long to wait for workers without polling before partitions are paused. Far below what the
/// group allows between two polls.
const PATIENCE: Duration = Duration::from_secs(1);

/// Watches over batches that are full and find no room in their worker's queue.
#[derive(Debug, Default)]
pub(super) struct Flow {
    /// Since when there is one.
    held_up_since: Option<Instant>,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Advance {
    /// Read on.
    Poll,
    /// Wait for the workers, and ask again.
    Wait,
    /// Pause what is held up, then read on: whoever does not poll loses its partitions.
    PauseAndPoll,
}

impl Flow {
    /// What to do next, where a partition that is not paused is held up or where none is.
    pub(super) fn advance(&mut self, is_held_up: bool, now: Instant) -> Advance {
        if !is_held_up {
            self.held_up_since = None;
            return Advance::Poll;
        }
        let since = *self.held_up_since.get_or_insert(now);
        if now.duration_since(since) < PATIENCE {
            return Advance::Wait;
        }
        self.held_up_since = None;
        Advance::PauseAndPoll
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workers_get_their_time_before_anything_is_paused() {
        let (mut flow, start) = (Flow::default(), Instant::now());
        assert_eq!(flow.advance(true, start), Advance::Wait);
        let nearly = start + PATIENCE.checked_sub(Duration::from_millis(1)).unwrap();
        assert_eq!(flow.advance(true, nearly), Advance::Wait);
        assert_eq!(flow.advance(true, start + PATIENCE), Advance::PauseAndPoll);
    }

    #[test]
    fn every_hold_up_gets_the_whole_time() {
        let (mut flow, start) = (Flow::default(), Instant::now());
        flow.advance(true, start);
        assert_eq!(flow.advance(false, start), Advance::Poll);
        assert_eq!(flow.advance(true, start + PATIENCE), Advance::Wait);
        flow.advance(true, start + 2 * PATIENCE);
        let another = flow.advance(true, start + 2 * PATIENCE);
        assert_eq!(another, Advance::Wait, "also after partitions were paused");
    }
}
