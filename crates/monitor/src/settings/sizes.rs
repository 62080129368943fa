//! Numbers of things in memory.

use service::settings::{Reader, Setting};

/// A number of things, up to a limit that fits every platform's usize.
pub(super) fn read_size(reader: &mut Reader, setting: &Setting, limit: u64) -> usize {
    usize::try_from(reader.count(setting, 1..=limit)).unwrap_or(usize::MAX)
}
