//! The store's tables.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use redb::TableDefinition;

use super::cover::Cover;

/// The version of these tables. A store of a newer one is left alone.
pub(super) const VERSION: u64 = 1;

/// What is known of the store itself, by name.
pub(super) const META: TableDefinition<'_, &str, &str> = TableDefinition::new("meta");
pub(super) const META_VERSION: &str = "version";
pub(super) const META_LOCATION: &str = "location";

/// By serial: url, due time (microseconds since 1970), the bytes of all results up to and including
/// this one since the spool was empty, record. So the size of the whole is a difference.
pub(super) const SPOOL: TableDefinition<'_, u64, SpoolRow> = TableDefinition::new("spool");
pub(super) type SpoolRow = (&'static str, i64, u64, &'static [u8]);

/// By id: url, interval (microseconds), pattern, what its records say of its settings (JSON, or
/// nothing).
pub(super) const TARGETS: TableDefinition<'_, u64, (&str, u64, &str, &str)> =
    TableDefinition::new("targets");

/// By a target's id: up to which due time (microseconds since 1970) its checks are accounted for.
/// Apart from [`TARGETS`], since it changes all the time.
pub(super) const WATERMARKS: TableDefinition<'_, u64, i64> = TableDefinition::new("watermarks");

pub(super) fn cover((url, interval, regexp, told): (&str, u64, &str, &str)) -> Cover {
    Cover {
        url: url.to_owned(),
        interval: Duration::from_micros(interval),
        regexp: regexp.to_owned(),
        told: serde_json::from_str(told).ok().map(Arc::new),
    }
}

pub(super) fn told(cover: &Cover) -> String {
    let told = cover.told.as_deref();
    // A map of values is always spelled.
    told.map_or_else(String::new, |told| {
        serde_json::to_string(told).unwrap_or_default()
    })
}

pub(super) fn timestamp(microseconds: i64) -> Timestamp {
    Timestamp::from_microsecond(microseconds).unwrap_or_default()
}
