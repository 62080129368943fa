//! The value of a record that is Avro, and the schema that it was written with.

use messages::{AVRO_SCHEMA, AvroReader, Origin, Record, avro_conflict, schema_id};

/// The schema's number in the registry; any will do.
const SCHEMA_ID: u32 = 7;

/// A schema, as anybody may register it, and after it a value, which begins with a zero byte, as no schema
/// does; without a schema it is of ours. The value is read, or refused with a reason; what was read is read from our
/// own writing of it, too.
pub fn avro(bytes: &[u8]) {
    let start = bytes.iter().position(|byte| *byte == 0);
    let (schema, value) = bytes.split_at(start.unwrap_or(bytes.len()));
    let schema = String::from_utf8_lossy(schema);
    let schema: &str = if schema.is_empty() {
        AVRO_SCHEMA
    } else {
        &schema
    };
    let reader = match AvroReader::new(schema) {
        Ok(reader) => reader,
        Err(unfit) => {
            assert!(!unfit.to_string().is_empty());
            assert!(avro_conflict(schema).is_some(), "{schema}");
            return;
        }
    };
    if schema_id(value).is_none() {
        return;
    }
    let origin = Origin {
        topic: "topic",
        partition: 0,
        offset: 7,
        timestamp_ms: Some(1_764_000_000_000),
    };
    match reader.read(value, &origin) {
        Ok(record) => assert_written(&record, &origin),
        // What is wrong goes into the dead letter.
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// What a monitor of ours would write of it is the same record.
fn assert_written(record: &Record, origin: &Origin<'_>) {
    let written = record.to_avro(SCHEMA_ID);
    assert_eq!(schema_id(&written), Some(SCHEMA_ID));
    let ours = AvroReader::new(AVRO_SCHEMA);
    let again = ours.map(|reader| reader.read(&written, origin));
    assert!(
        matches!(&again, Ok(Ok(again)) if again.check_id == record.check_id),
        "{again:?}"
    );
}
