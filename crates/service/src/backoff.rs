//! How long to wait before trying again: exponential, with jitter, bounded.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use tokio_util::sync::CancellationToken;

/// Growing delays for one thing that is tried again and again, without an end.
#[derive(Debug)]
pub struct Backoff {
    builder: ExponentialBuilder,
    delays: ExponentialBackoff,
    max: Duration,
}

impl Backoff {
    /// Delays that double from `first` up to `max`; each gets up to as much again at random, so
    /// that many clients of one server do not return at the same moment.
    pub fn new(first: Duration, max: Duration) -> Self {
        let builder = ExponentialBuilder::new()
            .with_min_delay(first)
            .with_max_delay(max)
            .with_jitter()
            .without_max_times();
        Self {
            builder,
            delays: builder.build(),
            max,
        }
    }

    /// The next delay, at most `max`.
    pub fn next_delay(&mut self) -> Duration {
        self.delays.next().unwrap_or(self.max).min(self.max)
    }

    /// It worked: the next failure starts from the first delay again.
    pub fn reset(&mut self) {
        self.delays = self.builder.build();
    }

    /// Waits for the next delay. `false` when `stop` came first.
    pub async fn wait(&mut self, stop: &CancellationToken) -> bool {
        let delay = self.next_delay();
        stop.run_until_cancelled(tokio::time::sleep(delay))
            .await
            .is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_to_the_bound_and_start_again_after_a_reset() {
        let max = Duration::from_secs(1);
        let mut backoff = Backoff::new(Duration::from_millis(10), max);
        assert!(backoff.next_delay() <= Duration::from_millis(20));
        for _ in 0..100 {
            assert!(backoff.next_delay() <= max);
        }
        assert_eq!(backoff.next_delay(), max);
        backoff.reset();
        assert!(backoff.next_delay() <= Duration::from_millis(20));
    }

    #[tokio::test]
    async fn a_stop_ends_the_wait() {
        let stop = CancellationToken::new();
        stop.cancel();
        let hour = Duration::from_hours(1);
        assert!(!Backoff::new(hour, hour).wait(&stop).await);
    }
}
