//! What stands before a record's fields.

/// What no JSON begins with.
const MAGIC: u8 = 0;
/// The magic byte and the schema's number.
pub(super) const HEADER_BYTES: usize = 5;

/// The number of the schema that a value was written with; `None` for a value that is no Avro.
pub fn schema_id(value: &[u8]) -> Option<u32> {
    let header: &[u8; HEADER_BYTES] = value.first_chunk()?;
    let [MAGIC, id @ ..] = *header else {
        return None;
    };
    Some(u32::from_be_bytes(id))
}

/// The beginning of a value.
pub(super) fn header(schema_id: u32) -> [u8; HEADER_BYTES] {
    let [first, second, third, fourth] = schema_id.to_be_bytes();
    [MAGIC, first, second, third, fourth]
}
