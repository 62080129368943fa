//! What a fault has at hand.

use std::time::Duration;

use anyhow::Result;
use fastrand::Rng;
use tokio::time::sleep;

use crate::{publisher::Publisher, world::World};

/// What a fault has at hand.
pub(crate) struct Scene<'w> {
    pub(crate) world: &'w mut World,
    pub(crate) random: &'w mut Rng,
    pub(crate) publisher: &'w Publisher,
    /// Records that were sent before this fault.
    pub(crate) sent: u64,
}

impl Scene<'_> {
    /// Waits for so many milliseconds, decided by the seed.
    pub(super) async fn wait_ms(&mut self, range: std::ops::Range<u64>) {
        let wait = self.random.u64(range);
        sleep(Duration::from_millis(wait)).await;
    }

    /// Executes statements as the superuser.
    pub(super) async fn execute(&self, statements: &str) -> Result<()> {
        self.world.database.execute(statements).await
    }

    /// Notes what a consumer must never do.
    pub(super) fn note(&mut self, result: Result<()>) {
        if let Err(wrong) = result {
            self.world.history.wrongs.push(format!("{wrong:#}"));
        }
    }
}
