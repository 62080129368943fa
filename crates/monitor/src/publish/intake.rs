//! Where results come in.

use std::future::pending;

use messages::CheckResult;
use tokio::sync::mpsc;

/// The results that come, until no more do.
#[derive(Debug)]
pub(super) struct Intake {
    results: mpsc::Receiver<CheckResult>,
    more_come: bool,
}

impl Intake {
    pub(super) fn new(results: mpsc::Receiver<CheckResult>) -> Self {
        Self {
            results,
            more_come: true,
        }
    }

    /// The next result; `None`, once, when no more come. Nothing is lost when this is not waited
    /// for to the end.
    pub(super) async fn next(&mut self) -> Option<CheckResult> {
        if !self.more_come {
            return pending().await;
        }
        let result = self.results.recv().await;
        self.more_come = result.is_some();
        result
    }

    pub(super) fn more_come(&self) -> bool {
        self.more_come
    }
}
