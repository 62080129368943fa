//! Ids that are computed, not drawn: the same check has the same id whoever sends it again.

use jiff::Timestamp;
use uuid::Uuid;

/// Namespace of [`check_id`]: v5 of "check" in the namespace that is v5 of
/// "websites-monitor" in the nil namespace. Fixed for ever: ids in tables depend on it.
const CHECK_NAMESPACE: Uuid = Uuid::from_u128(0xc046_e538_ff51_5fdd_8085_bc3a_e36b_ee32);
/// Namespace of [`record_id`], made like [`CHECK_NAMESPACE`] from "record".
const RECORD_NAMESPACE: Uuid = Uuid::from_u128(0xe5f9_8bac_ab09_5de9_801f_9e55_a735_b669);

/// The id of a check: UUID v5 (RFC 9562) of location, url and due time, separated by NUL bytes,
/// the time as RFC 3339 with six decimals.
pub fn check_id(location: &str, url: &str, scheduled_at: Timestamp) -> Uuid {
    let name = format!("{location}\0{url}\0{scheduled_at:.6}");
    Uuid::new_v5(&CHECK_NAMESPACE, name.as_bytes())
}

/// The id given to a record that carries none, as the original's: UUID v5 of topic, partition,
/// offset and Kafka timestamp (milliseconds), separated by NUL bytes.
pub fn record_id(topic: &str, partition: i32, offset: i64, timestamp_ms: i64) -> Uuid {
    let name = format!("{topic}\0{partition}\0{offset}\0{timestamp_ms}");
    Uuid::new_v5(&RECORD_NAMESPACE, name.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As another implementation of RFC 9562 makes them (Python's `uuid`): rows have them as their identity.
    #[test]
    fn ids_are_the_same_for_ever() {
        let due = "2026-11-25T03:12:00Z".parse().unwrap();
        let id = check_id("default", "https://example.org/", due);
        assert_eq!(id.to_string(), "6919dfa2-7935-5af4-9333-415f65c4fb35");
        let id = record_id("checks", 3, 77, 1_700_000_000_123);
        assert_eq!(id.to_string(), "f94bd001-984b-51e3-973c-0175d07e6dcd");
    }
}
