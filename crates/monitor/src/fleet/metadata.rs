//! How far a partition's checks are acknowledged, as it travels in the metadata of the group's committed
//! offset: `websites-monitor/1 2026-11-27T06:00:00.000000Z`. Brokers take 4,096 bytes; this is less than a
//! hundred.

use jiff::Timestamp;

/// Whose it is, and its version. A change of what stands behind it needs another version.
const VERSION_1: &str = "websites-monitor/1 ";

/// Every check that was due until then is acknowledged.
pub(super) fn write(watermark: Timestamp) -> String {
    format!("{VERSION_1}{watermark:.6}")
}

/// Until when every check is acknowledged; `None` where somebody else, or a newer monitor, wrote it.
pub(super) fn read(metadata: &str) -> Option<Timestamp> {
    metadata.strip_prefix(VERSION_1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_watermark_is_read_as_it_was_written() {
        let time: Timestamp = "2026-11-27T06:00:00.000001Z".parse().unwrap();
        let text = write(time);
        assert_eq!(text, "websites-monitor/1 2026-11-27T06:00:00.000001Z");
        assert_eq!(read(&text), Some(time));
        assert!(write(Timestamp::MAX).len() < 100);
        for other in ["", "websites-monitor/2 2026-11-27T06:00:00Z", "lag tool"] {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
