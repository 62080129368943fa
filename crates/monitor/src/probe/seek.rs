//! Seeking a pattern in a page, off the threads that must not block.

use std::{num::NonZero, sync::Arc, thread::available_parallelism, time::Duration};

use messages::Match;
use tokio::{sync::Semaphore, task::spawn_blocking, time::timeout};
use tracing::warn;

use super::page::Page;
use crate::pattern::{Pattern, Search};

/// Pages up to this size are searched where they are, by patterns that are quick.
const IN_PLACE_BYTES_MAX: usize = 64 * 1024;
/// How long a search may be waited for.
const SEARCH_TIMEOUT: Duration = Duration::from_secs(5);
/// Searches at the same time: each holds a page and its text.
const SEARCHES_MAX: usize = 2;

/// Bounds the searches. Patterns that may take long have a place of their own, so that they hold up
/// nobody but each other.
#[derive(Debug)]
pub(super) struct Seeker {
    quick: Arc<Semaphore>,
    slow: Arc<Semaphore>,
}

impl Seeker {
    pub(super) fn new() -> Self {
        let cores = available_parallelism().map_or(1, NonZero::get);
        Self {
            quick: Arc::new(Semaphore::new(cores.min(SEARCHES_MAX))),
            slow: Arc::new(Semaphore::new(1)),
        }
    }

    /// Seeks the pattern in the page. `shown` names the site in the log.
    pub(super) async fn seek(&self, pattern: Pattern, page: Page, shown: &str) -> Match {
        let truncated = page.is_truncated();
        if pattern.is_quick() && page.bytes() <= IN_PLACE_BYTES_MAX {
            // To hand it to another thread would take longer.
            let found = page.into_text().map(|text| pattern.search(&text));
            return judge(found, truncated).unwrap_or_else(|reason| given_up(shown, &reason));
        }
        let places = if pattern.backtracks() {
            &self.slow
        } else {
            &self.quick
        };
        let search = async {
            let place = Arc::clone(places).acquire_owned().await;
            let search = spawn_blocking(move || {
                let found = page.into_text().map(|text| pattern.search(&text));
                drop(place);
                found
            });
            search.await
        };
        let found = match timeout(SEARCH_TIMEOUT, search).await {
            Ok(Ok(found)) => judge(found, truncated),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err(format!("not done within {} s", SEARCH_TIMEOUT.as_secs())),
        };
        found.unwrap_or_else(|reason| given_up(shown, &reason))
    }
}

/// What the search means for the record; the error says why it was given up.
fn judge(found: Option<Search>, truncated: bool) -> Result<Match, String> {
    match found {
        Some(Search::Found(text)) => Ok(Match::Matched(text)),
        // What was cut off might have held it.
        Some(Search::NotFound) if truncated => Ok(Match::NotEvaluated),
        Some(Search::NotFound) => Ok(Match::NotMatched),
        // It is a binary after all.
        None => Ok(Match::NotEvaluated),
        Some(Search::GivenUp(reason)) => Err(reason),
    }
}

fn given_up(shown: &str, reason: &str) -> Match {
    metrics::counter!("monitor_searches_given_up_total").increment(1);
    warn!(
        url = shown,
        "The search for the regexp was given up: {reason}"
    );
    Match::NotEvaluated
}
