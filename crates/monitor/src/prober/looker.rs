//! Looks at a target, unless its site asks not to be looked at.

use std::sync::Arc;

use messages::{Failure, FailureReason, Outcome};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{request::request, robots::Robots};
use crate::{
    probe::{Finding, Instruments},
    targets::Target,
};

/// Why a target was not looked at, as its result says it.
const DISALLOWED: &str = "the site's robots.txt asks not to look at this url (ROBOTSTXT_OBEY)";

/// What looks at targets.
#[derive(Debug)]
pub(super) struct Looker {
    instruments: Arc<Instruments>,
    /// None where nobody asks for them.
    robots: Option<Robots>,
    give_up: CancellationToken,
}

impl Looker {
    /// Looks by these instruments, until `give_up`; with `obeys`, not where robots.txt forbids it.
    pub(super) fn new(
        instruments: Arc<Instruments>,
        obeys: bool,
        give_up: CancellationToken,
    ) -> Arc<Self> {
        let robots = obeys.then(|| Robots::new(Arc::clone(&instruments), give_up.clone()));
        Arc::new(Self {
            instruments,
            robots,
            give_up,
        })
    }

    /// Makes the target's probe; nothing is waited for past `ends_at`.
    pub(super) async fn look(&self, target: &Target, ends_at: Option<Instant>) -> Finding {
        let request = request(target, ends_at);
        if let Some(robots) = &self.robots
            && !robots.allow(&request).await
        {
            let failure = Failure::new(FailureReason::RobotsDisallowed, None, DISALLOWED);
            return Finding {
                outcome: Outcome::Skipped { failure },
                was_held_up: false,
                was_cut_short: false,
            };
        }
        self.instruments.probe(&request, &self.give_up).await
    }
}
