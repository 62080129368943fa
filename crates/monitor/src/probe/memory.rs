//! The memory in which pages are kept while they are read.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What all pages together may take.
const PAGES_BYTES_MAX: usize = 12 * 1024 * 1024;
/// The unit in which memory is taken.
const UNIT_BYTES: usize = 1024;
/// Bodies that may flow at full speed at the same time. The HTTP client doubles its buffer whenever a
/// read fills it, up to 400 kB for a fast site, and holds as much again in a piece that is passed on.
const FLOWING_MAX: usize = 12;

/// A common budget. When it is used up, reading waits, and the site with it. One page at a time may
/// then go on beyond it, up to the body's cap, so that pages which hold a part each and wait for the
/// rest cannot block one another for ever.
#[derive(Debug)]
pub(super) struct Memory {
    units: Arc<Semaphore>,
    beyond: Arc<Semaphore>,
    flowing: Arc<Semaphore>,
}

/// What one page has taken. Dropping it gives the memory back.
#[derive(Debug)]
pub(super) struct Lease<'a> {
    memory: &'a Memory,
    taken: Option<OwnedSemaphorePermit>,
    beyond: Option<OwnedSemaphorePermit>,
}

/// What a kept page holds on to until it is let go.
#[derive(Debug)]
pub(super) struct Taken {
    _taken: Option<OwnedSemaphorePermit>,
    _beyond: Option<OwnedSemaphorePermit>,
}

impl Memory {
    pub(super) fn new() -> Self {
        Self {
            units: Arc::new(Semaphore::new(PAGES_BYTES_MAX / UNIT_BYTES)),
            beyond: Arc::new(Semaphore::new(1)),
            flowing: Arc::new(Semaphore::new(FLOWING_MAX)),
        }
    }

    /// Waits until one more body may flow at full speed, which it may until this is dropped.
    pub(super) async fn flow(&self) -> Option<OwnedSemaphorePermit> {
        // The semaphore is never closed.
        Arc::clone(&self.flowing).acquire_owned().await.ok()
    }

    pub(super) fn lease(&self) -> Lease<'_> {
        Lease {
            memory: self,
            taken: None,
            beyond: None,
        }
    }
}

impl Lease<'_> {
    /// Takes so much more, waiting until it can be had.
    pub(super) async fn grow(&mut self, bytes: usize) {
        if bytes == 0 || self.beyond.is_some() {
            return;
        }
        let units = u32::try_from(bytes.div_ceil(UNIT_BYTES)).unwrap_or(u32::MAX);
        tokio::select! {
            biased;
            more = Arc::clone(&self.memory.units).acquire_many_owned(units) => {
                // Neither semaphore is ever closed.
                if let Ok(more) = more {
                    match &mut self.taken {
                        Some(taken) => taken.merge(more),
                        None => self.taken = Some(more),
                    }
                }
            }
            beyond = Arc::clone(&self.memory.beyond).acquire_owned() => {
                self.beyond = beyond.ok();
            }
        }
    }

    /// Keeps what was taken for as long as the page lives.
    pub(super) fn keep(self) -> Taken {
        Taken {
            _taken: self.taken,
            _beyond: self.beyond,
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

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
        assert!(second.grow(UNIT_BYTES).now_or_never().is_none());
        assert!(third.grow(UNIT_BYTES).now_or_never().is_none());
        let [first, mut second, mut third] = pages;
        drop(first.keep());
        second.grow(UNIT_BYTES).await;
        third.grow(UNIT_BYTES).await;
    }
}
