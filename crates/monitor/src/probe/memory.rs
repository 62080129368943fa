//! The memory in which pages are kept while they are read.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What all pages together may take.
const PAGES_BYTES_MAX: usize = 12 * 1024 * 1024;
/// The unit in which memory is taken.
const UNIT_BYTES: usize = 1024;

/// A common budget. When it is used up, reading waits, and the site with it. One page at a time may
/// then go on beyond it, up to the body's cap, so that pages which hold a part each and wait for the
/// rest cannot block one another for ever.
#[derive(Debug)]
pub(super) struct Memory {
    units: Arc<Semaphore>,
    beyond: Arc<Semaphore>,
    /// Pages that wait.
    waiting: AtomicUsize,
}

/// What one page has taken. Dropping it gives the memory back.
#[derive(Debug)]
pub(super) struct Lease<'a> {
    memory: &'a Memory,
    taken: Taken,
}

/// What a kept page holds on to until it is let go.
#[derive(Debug, Default)]
pub(super) struct Taken {
    within: Option<OwnedSemaphorePermit>,
    beyond: Option<OwnedSemaphorePermit>,
}

/// Counts a page that waits, for as long as it does.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn begin(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Memory {
    pub(super) fn new() -> Self {
        Self {
            units: Arc::new(Semaphore::new(PAGES_BYTES_MAX / UNIT_BYTES)),
            beyond: Arc::new(Semaphore::new(1)),
            waiting: AtomicUsize::new(0),
        }
    }

    /// Whether pages wait for memory that others hold.
    pub(super) fn is_short(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > 0
    }

    pub(super) fn lease(&self) -> Lease<'_> {
        Lease {
            memory: self,
            taken: Taken::default(),
        }
    }
}

impl Lease<'_> {
    /// Takes so much more if it can be had at once.
    pub(super) fn try_grow(&mut self, bytes: usize) -> bool {
        if bytes == 0 || self.taken.beyond.is_some() {
            return true;
        }
        let more = Arc::clone(&self.memory.units).try_acquire_many_owned(units(bytes));
        more.map(|more| self.taken.add(more)).is_ok()
    }

    /// Takes so much more, waiting until it can be had.
    pub(super) async fn grow(&mut self, bytes: usize) {
        if self.try_grow(bytes) {
            return;
        }
        let _waiting = Waiting::begin(&self.memory.waiting);
        tokio::select! {
            biased;
            more = Arc::clone(&self.memory.units).acquire_many_owned(units(bytes)) => {
                // Neither semaphore is ever closed.
                if let Ok(more) = more {
                    self.taken.add(more);
                }
            }
            beyond = Arc::clone(&self.memory.beyond).acquire_owned() => {
                self.taken.beyond = beyond.ok();
            }
        }
    }

    /// Gives so much back.
    pub(super) fn give_back(&mut self, bytes: usize) {
        let units = units(bytes) as usize;
        if let Some(within) = &mut self.taken.within {
            drop(within.split(units.min(within.num_permits())));
        }
    }

    /// Keeps what was taken for as long as the page lives.
    pub(super) fn keep(self) -> Taken {
        self.taken
    }
}

impl Taken {
    fn add(&mut self, more: OwnedSemaphorePermit) {
        match &mut self.within {
            Some(within) => within.merge(more),
            None => self.within = Some(more),
        }
    }
}

fn units(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(UNIT_BYTES)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn what_is_given_back_can_be_taken_again() {
        let memory = Memory::new();
        let mut page = memory.lease();
        assert!(page.try_grow(PAGES_BYTES_MAX));
        assert!(!memory.lease().try_grow(1));
        page.give_back(PAGES_BYTES_MAX);
        assert!(memory.lease().try_grow(PAGES_BYTES_MAX));
    }

    #[tokio::test]
    async fn when_all_is_taken_one_page_goes_on_and_the_others_wait() {
        let memory = Memory::new();
        let mut pages = [memory.lease(), memory.lease(), memory.lease()];
        for page in &mut pages[..2] {
            page.grow(PAGES_BYTES_MAX / 2).await;
        }
        let [first, second, third] = &mut pages;
        first.grow(UNIT_BYTES).await;
        first.grow(UNIT_BYTES * 1000).await;
        assert!(!memory.is_short());
        assert!(second.grow(UNIT_BYTES).now_or_never().is_none());
        assert!(third.grow(UNIT_BYTES).now_or_never().is_none());
        let [first, mut second, mut third] = pages;
        drop(first.keep());
        second.grow(UNIT_BYTES).await;
        third.grow(UNIT_BYTES).await;
    }
}
