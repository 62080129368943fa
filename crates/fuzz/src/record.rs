//! The value of a record.

use messages::{Origin, Record};

/// A record, as anybody may write it to the topic: it is read, or refused with a reason, whatever it is.
pub fn record(bytes: &[u8]) {
    let origin = Origin {
        topic: "topic",
        partition: 0,
        offset: 7,
        timestamp_ms: Some(1_764_000_000_000),
    };
    match Record::read(bytes, &origin) {
        // The same bytes are the same record, and so the same row.
        Ok(record) => {
            let again = Record::read(bytes, &origin).map(|again| again.check_id);
            assert_eq!(again.ok(), Some(record.check_id));
        }
        // What is wrong goes into the dead letter.
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
