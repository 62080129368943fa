//! A field as PostgreSQL's binary formats have it.

use std::error::Error;

use bytes::{BufMut, BytesMut};
use tokio_postgres::types::{IsNull, ToSql, Type};

/// Appends a field: its length, then its bytes; for NULL only the length -1.
pub(super) fn put<T: ToSql>(
    value: &T,
    sql: &Type,
    bytes: &mut BytesMut,
) -> Result<(), Box<dyn Error + Sync + Send>> {
    let start = bytes.len();
    bytes.put_i32(-1);
    if let IsNull::No = value.to_sql(sql, bytes)? {
        let length = i32::try_from(bytes.len() - start - size_of::<i32>())?;
        bytes[start..start + size_of::<i32>()].copy_from_slice(&length.to_be_bytes());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_its_length_and_its_bytes() {
        let mut bytes = BytesMut::new();
        put(&7_i32, &Type::INT4, &mut bytes).unwrap();
        put(&None::<&str>, &Type::TEXT, &mut bytes).unwrap();
        put(&"ab", &Type::TEXT, &mut bytes).unwrap();
        assert_eq!(&*bytes, b"\0\0\0\x04\0\0\0\x07\xff\xff\xff\xff\0\0\0\x02ab");
    }
}
