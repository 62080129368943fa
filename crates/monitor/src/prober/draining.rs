//! The end, as far as the prober has to know of it.

use tokio_util::sync::CancellationToken;

/// The two times of a drain.
#[derive(Clone, Debug, Default)]
pub struct Draining {
    /// From then on what waits for its turn never begins: after a start with many targets that may be
    /// all of them, and to publish that they are missed takes its time, too.
    pub beginning_over: CancellationToken,
    /// From then on nothing is waited for: what runs is given up.
    pub over: CancellationToken,
}
