//! Where HTTP/2 runs what it needs beside the probe's own task.

use std::time::Duration;

use hyper::rt::Executor;
use tokio::time::timeout;

/// Runs tasks no longer than a probe may take: a site that hangs must not keep a connection that
/// nobody waits for any longer.
#[derive(Clone, Copy, Debug)]
pub(super) struct BoundedExecutor(pub(super) Duration);

impl<F> Executor<F> for BoundedExecutor
where
    F: Future<Output: Send> + Send + 'static,
{
    fn execute(&self, task: F) {
        tokio::spawn(timeout(self.0, task));
    }
}
