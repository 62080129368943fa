//! Where results come in and become entries.

use std::future::pending;

use messages::CheckResult;
use tokio::sync::mpsc;

use super::entry::{Encoder, Entry};

/// The largest record. Brokers take a megabyte unless told otherwise, key and headers included.
const RECORD_BYTES_MAX: usize = 900_000;

/// The results that come, until no more do.
#[derive(Debug)]
pub(super) struct Intake {
    results: mpsc::Receiver<CheckResult>,
    encoder: Box<dyn Encoder>,
    more_come: bool,
}

impl Intake {
    pub(super) fn new(results: mpsc::Receiver<CheckResult>, encoder: Box<dyn Encoder>) -> Self {
        Self {
            results,
            encoder,
            more_come: true,
        }
    }

    /// The next result, ready to be sent; `None`, once, when no more come. Nothing is lost when
    /// this is not waited for to the end.
    pub(super) async fn next(&mut self) -> Option<Entry> {
        if !self.more_come {
            return pending().await;
        }
        let result = self.results.recv().await;
        self.more_come = result.is_some();
        result.map(|result| Entry::new(result, self.encoder(), RECORD_BYTES_MAX))
    }

    pub(super) fn more_come(&self) -> bool {
        self.more_come
    }

    pub(super) fn encoder(&self) -> &dyn Encoder {
        self.encoder.as_ref()
    }
}
