//! Who hears of results.

use messages::CheckResult;
use service::health::Remark;
use tokio::sync::mpsc;

use crate::latest::LatestResults;

/// Who hears of results.
#[derive(Debug)]
pub(crate) struct Listeners {
    /// Whoever publishes them.
    pub(crate) results: mpsc::Sender<CheckResult>,
    /// Whoever tells Prometheus the newest of each target.
    pub(crate) latest: LatestResults,
    /// Whoever looks at `/readyz`: it says when our own network is out.
    pub(crate) network: Remark,
}
