//! What open pages are told: that something is new. They ask for it themselves, through answers that
//! are kept for a moment; so a hundred readers cost the database one question each time.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::response::sse::Event;
use database::Database;
use futures_util::{Stream, stream};
use tokio::{
    sync::{Semaphore, watch},
    time::{Instant, MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;

use crate::{audience::Audience, queries::Glance};

/// How often it is looked, while a page is open: within this a website that went down is seen.
const LOOK_INTERVAL: Duration = Duration::from_secs(2);
/// New results in which no website changed its state are told no more often.
const RESULTS_INTERVAL: Duration = Duration::from_secs(10);
/// Pages that are told at the same time. The others ask by themselves, every 15 s.
pub(crate) const READERS_MAX: usize = 256;

/// Where open pages wait.
#[derive(Debug)]
pub(crate) struct Updates {
    /// How often something was new. It is held for those to come.
    told: watch::Receiver<u64>,
    seats: Arc<Semaphore>,
}

impl Updates {
    /// What one page is told, until nobody looks any more; `None` when too many wait already.
    pub(crate) fn listen(&self) -> Option<impl Stream<Item = Result<Event, Infallible>> + use<>> {
        let seat = self.seats.clone().try_acquire_owned().ok()?;
        let mut told = self.told.clone();
        told.mark_unchanged();
        Some(stream::unfold((told, seat), async |(mut told, seat)| {
            // Who looked is gone when the service ends; the page asks by itself, and comes again.
            told.changed().await.ok()?;
            let number = *told.borrow_and_update();
            let event = Event::default().data(number.to_string());
            Some((Ok(event), (told, seat)))
        }))
    }
}

/// Looks whether anything is new, while pages are open. Without it running, no page is told.
#[derive(Debug)]
pub struct Lookout {
    database: Database,
    audience: Audience,
    tell: watch::Sender<u64>,
}

/// A lookout over a database, and where pages hear of it.
pub(crate) fn updates(database: Database, audience: Audience) -> (Lookout, Updates) {
    let (tell, told) = watch::channel(0);
    let lookout = Lookout {
        database,
        audience,
        tell,
    };
    let seats = Arc::new(Semaphore::new(READERS_MAX));
    (lookout, Updates { told, seats })
}

impl Lookout {
    /// Looks until `stop`. All pages that wait are let go then.
    pub async fn run(self, stop: CancellationToken) {
        stop.run_until_cancelled(self.look()).await;
    }

    async fn look(&self) {
        let mut ticks = interval(LOOK_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut last: Option<(Glance, Instant)> = None;
        loop {
            ticks.tick().await;
            // One of the receivers is held for those to come.
            if self.tell.receiver_count() < 2 {
                continue;
            }
            // Where the database is out, whoever asks for a page says so.
            let Ok(look) = Glance::read(&self.database, &self.audience).await else {
                continue;
            };
            if last.is_none_or(|(before, at)| is_new(before, look, at.elapsed())) {
                last = Some((look, Instant::now()));
                self.tell.send_modify(|number| *number += 1);
            }
        }
    }
}

/// Whether pages are told: at once when a website changed its state, else now and then.
fn is_new(told: Glance, look: Glance, since: Duration) -> bool {
    look.states != told.states || look != told && since >= RESULTS_INTERVAL
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::{FutureExt, StreamExt};

    use super::*;

    #[test]
    fn a_changed_state_is_new_at_once_and_results_now_and_then() {
        let told = Glance::default();
        let result = Glance {
            newest_at: Some(1),
            ..told
        };
        let state = Glance { states: 1, ..told };
        let short = RESULTS_INTERVAL.checked_sub(LOOK_INTERVAL).unwrap();
        assert!(!is_new(told, told, RESULTS_INTERVAL));
        assert!(!is_new(told, result, short));
        assert!(is_new(told, result, RESULTS_INTERVAL));
        assert!(is_new(told, state, Duration::ZERO));
    }

    #[tokio::test]
    async fn pages_are_told_up_to_a_bound_until_nobody_looks_any_more() {
        let (tell, told) = watch::channel(0);
        let seats = Arc::new(Semaphore::new(1));
        let updates = Updates { told, seats };
        tell.send_replace(1);
        let mut page = Box::pin(updates.listen().unwrap());
        assert!(updates.listen().is_none(), "there is one seat");
        // What was new before it came, it has seen.
        let nothing = page.next();
        assert!(pin!(nothing).now_or_never().is_none());
        tell.send_replace(2);
        assert!(page.next().await.unwrap().is_ok());
        drop(tell);
        assert!(page.next().await.is_none());
        drop(page);
        assert!(updates.listen().is_some(), "its seat is free again");
    }
}
