//! How the list of targets changes while the monitor runs.

use std::sync::Arc;

use super::target::Target;

/// What becomes of one target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is new, or another version of itself.
    Put(Arc<Target>),
    /// It is no longer in the list.
    Remove(Arc<Target>),
}
