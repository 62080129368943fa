//! Seeking a pattern in a page, off the threads that must not block.

use std::{num::NonZero, sync::Arc, thread::available_parallelism, time::Duration};

use messages::Match;
use tokio::{sync::Semaphore, task::spawn_blocking, time::timeout};
use tracing::warn;

use super::page::Page;
use crate::pattern::{Pattern, Search};

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
        let places = if pattern.backtracks() {
            &self.slow
        } else {
            &self.quick
        };
        let truncated = page.is_truncated();
        let search = async {
            let place = Arc::clone(places).acquire_owned().await;
            let search = spawn_blocking(move || {
                let found = page.into_text().map(|text| pattern.search(&text));
                drop(place);
                found
            });
            search.await
        };
        let reason = match timeout(SEARCH_TIMEOUT, search).await {
            Ok(Ok(Some(Search::Found(text)))) => return Match::Matched(text),
            // What was cut off might have held it.
            Ok(Ok(Some(Search::NotFound))) if truncated => return Match::NotEvaluated,
            Ok(Ok(Some(Search::NotFound))) => return Match::NotMatched,
            Ok(Ok(None)) => return Match::NotEvaluated,
            Ok(Ok(Some(Search::GivenUp(reason)))) => reason,
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("not done within {} s", SEARCH_TIMEOUT.as_secs()),
        };
        metrics::counter!("monitor_searches_given_up_total").increment(1);
        warn!(
            url = shown,
            "The search for the regexp was given up: {reason}"
        );
        Match::NotEvaluated
    }
}
