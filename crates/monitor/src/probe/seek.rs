//! Seeking patterns in a page, off the threads that must not block.

use std::{num::NonZero, sync::Arc, thread::available_parallelism, time::Duration};

use tokio::{sync::Semaphore, task::spawn_blocking, time::timeout};
use tracing::warn;

use super::{
    page::{Page, PageText},
    request::Expectation,
    trace::Trace,
};
use crate::{
    numbers,
    pattern::{Pattern, Search},
};

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

/// What is sought in a page, or what became of it: the target's regexp, and what it demands.
#[derive(Clone, Debug, Default)]
pub(super) struct Sought<T> {
    /// `None` also for a page that is no text: there the regexp is not sought.
    pub(super) regexp: Option<T>,
    pub(super) must_match: Option<T>,
    pub(super) must_not_match: Option<T>,
    /// For a person who looks on.
    trace: Option<Trace>,
}

impl Sought<Pattern> {
    /// What a target seeks.
    pub(super) fn of(expected: &Expectation, trace: &Trace) -> Self {
        Self {
            regexp: expected.pattern.clone(),
            must_match: expected.must_match.clone(),
            must_not_match: expected.must_not_match.clone(),
            trace: Some(trace.clone()),
        }
    }

    fn any(&self, is_so: impl Fn(&Pattern) -> bool) -> bool {
        [&self.regexp, &self.must_match, &self.must_not_match]
            .into_iter()
            .flatten()
            .any(is_so)
    }

    fn search(&self, page: &PageText) -> Sought<Search> {
        let seek = |pattern: &Option<Pattern>| pattern.as_ref().map(|it| it.search(&page.text));
        let found = Sought {
            regexp: seek(&self.regexp).filter(|_| !page.is_binary),
            must_match: seek(&self.must_match),
            must_not_match: seek(&self.must_not_match),
            trace: None,
        };
        if let Some(trace) = &self.trace {
            trace.note(|story| {
                for (name, search) in found.by_name() {
                    if let Search::Found(matched) = search {
                        story.is_found(name, matched, &page.text);
                    }
                }
            });
        }
        found
    }

    fn given_up(&self, reason: &str) -> Sought<Search> {
        let give_up = |pattern: &Option<Pattern>| {
            let reason = || Search::GivenUp(reason.to_owned());
            pattern.as_ref().map(|_| reason())
        };
        Sought {
            regexp: give_up(&self.regexp),
            must_match: give_up(&self.must_match),
            must_not_match: give_up(&self.must_not_match),
            trace: None,
        }
    }
}

impl Sought<Search> {
    /// What became of each, by the name of the setting that sought it.
    fn by_name(&self) -> impl Iterator<Item = (&'static str, &Search)> {
        [
            ("regexp", &self.regexp),
            ("must_match", &self.must_match),
            ("must_not_match", &self.must_not_match),
        ]
        .into_iter()
        .filter_map(|(name, search)| Some((name, search.as_ref()?)))
    }
}

impl Seeker {
    pub(super) fn new() -> Self {
        let cores = available_parallelism().map_or(1, NonZero::get);
        Self {
            quick: Arc::new(Semaphore::new(cores.min(SEARCHES_MAX))),
            slow: Arc::new(Semaphore::new(1)),
        }
    }

    /// Seeks the patterns in the page. `shown` names the site in the log.
    pub(super) async fn seek(
        &self,
        sought: Sought<Pattern>,
        page: Page,
        shown: &str,
    ) -> Sought<Search> {
        let found = self.search(sought, page).await;
        for (name, search) in found.by_name() {
            if let Search::GivenUp(reason) = search {
                numbers::SEARCHES_GIVEN_UP.counter().increment(1);
                warn!(
                    url = shown,
                    "The search for the {name} was given up: {reason}"
                );
            }
        }
        found
    }

    async fn search(&self, sought: Sought<Pattern>, page: Page) -> Sought<Search> {
        if !sought.any(|pattern| !pattern.is_quick()) && page.bytes() <= IN_PLACE_BYTES_MAX {
            // To hand it to another thread would take longer.
            return sought.search(&page.into_text());
        }
        let places = if sought.any(Pattern::backtracks) {
            &self.slow
        } else {
            &self.quick
        };
        let patterns = sought.clone();
        let search = async {
            let place = Arc::clone(places).acquire_owned().await;
            let search = spawn_blocking(move || {
                let found = patterns.search(&page.into_text());
                drop(place);
                found
            });
            search.await
        };
        match timeout(SEARCH_TIMEOUT, search).await {
            Ok(Ok(found)) => found,
            Ok(Err(error)) => sought.given_up(&error.to_string()),
            Err(_) => sought.given_up(&format!("not done within {} s", SEARCH_TIMEOUT.as_secs())),
        }
    }
}
