//! The end, as far as the publisher has to know of it.

use tokio_util::sync::CancellationToken;

/// The two times of a drain.
#[derive(Clone, Debug, Default)]
pub struct Draining {
    /// From then on no check is due: results wait where there is no room for them.
    pub begun: CancellationToken,
    /// From then on nothing is waited for, and what is left is counted.
    pub over: CancellationToken,
}
