//! Values as other libraries write them, and as nobody should.

use super::*;

/// A record by the least schema, what stands before its fields aside.
fn least_bytes() -> Vec<u8> {
    let value = written(&with_fields(""), types::Value::Record(least()));
    value[HEADER_BYTES..].to_vec()
}

/// A record of the least schema and one more field, which has these bytes.
fn read_with(field: &str, bytes: &[u8]) -> Result<Record, String> {
    let reader = AvroReader::new(&with_fields(field)).unwrap();
    let value = [&header(ID)[..], bytes, &least_bytes()].concat();
    let record = reader.read(&value, &ORIGIN);
    record.map_err(|error| error.to_string())
}

proptest! {
    #[test]
    fn numbers_and_truth_values_come_back_as_they_were_written(
        error_code: i32,
        body_bytes: i64,
        response_time in prop::num::f64::NORMAL | prop::num::f64::ZERO,
        body_truncated: bool,
        overloaded: bool,
    ) {
        let mut record = whole();
        record.error_code = error_code;
        record.response_time = response_time;
        record.body_bytes = Some(body_bytes);
        record.body_truncated = Some(body_truncated);
        record.self_doubt.overloaded = Some(overloaded);
        let value = record.to_avro(ID);
        prop_assert_eq!(ours().read(&value, &ORIGIN).unwrap(), record);
        let read: Value = by_library(&value).try_into().unwrap();
        prop_assert_eq!(&read["error_code"], &json!(error_code));
        prop_assert_eq!(&read["body_bytes"], &json!(body_bytes));
    }
}

#[test]
fn a_text_that_nobody_asks_for_need_not_be_one() {
    let bytes = b"\x04\xff\xfe";
    let record = read_with(r#"{"name":"more","type":"string"},"#, bytes).unwrap();
    assert_eq!((&*record.url, record.error_code), ("u", 200));
    assert_eq!(
        read_with(r#"{"name":"location","type":"string"},"#, bytes).unwrap_err(),
        "not Avro of its schema: a text is not UTF-8"
    );
}

#[test]
fn lists_and_maps_come_in_blocks_with_and_without_their_size() {
    for (of, blocks) in [
        // Two of one item; one of two, with its bytes' number.
        ("array\",\"items", &b"\x02\x02a\x02\x02b\0"[..]),
        ("array\",\"items", &b"\x03\x08\x02a\x02b\0"[..]),
        ("map\",\"values", &b"\x04\x02k\x02a\x02l\x02b\0"[..]),
        ("map\",\"values", &b"\x03\x10\x02k\x02a\x02l\x02b\0"[..]),
        ("array\",\"items", &b"\0"[..]),
    ] {
        let field = format!(r#"{{"name":"more","type":{{"type":"{of}":"string"}}}},"#);
        let record = read_with(&field, blocks).unwrap();
        assert_eq!((&*record.url, record.error_code), ("u", 200), "{blocks:?}");
    }
}

#[test]
fn what_is_none_of_a_unions_branches_is_no_record() {
    let field = r#"{"name":"location","type":["null","string"]},"#;
    assert_eq!(read_with(field, b"\0").unwrap().location, "");
    assert_eq!(read_with(field, b"\x02\x02a").unwrap().location, "a");
    // The third, and the one before the first.
    for beyond in [b"\x04", b"\x01"] {
        assert_eq!(
            read_with(field, beyond).unwrap_err(),
            "not Avro of its schema: a branch of a union or a symbol of an enumeration is none of its \
             schema's"
        );
    }
}

#[test]
fn times_are_read_in_the_unit_in_which_they_come() {
    let read = |unit: &str, value| {
        let field = format!(
            r#"{{"name":"started_at","type":{{"type":"long","logicalType":"timestamp-{unit}"}}}},"#
        );
        let mut fields = vec![("started_at".to_owned(), value)];
        fields.extend(least());
        let value = written(&with_fields(&field), types::Value::Record(fields));
        let reader = AvroReader::new(&with_fields(&field)).unwrap();
        let record = reader.read(&value, &ORIGIN).map_err(|it| it.to_string());
        record.map(|record| record.started_at.unwrap().to_string())
    };
    for (unit, value, time) in [
        (
            "millis",
            types::Value::TimestampMillis(-1),
            "1969-12-31T23:59:59.999Z",
        ),
        (
            "micros",
            types::Value::TimestampMicros(1),
            "1970-01-01T00:00:00.000001Z",
        ),
        (
            "nanos",
            types::Value::TimestampNanos(1_000_000_007),
            "1970-01-01T00:00:01.000000007Z",
        ),
        // The last that is spelled.
        (
            "millis",
            types::Value::TimestampMillis(i64::MAX),
            "9999-12-30T22:00:00.999999999Z",
        ),
    ] {
        assert_eq!(read(unit, value).as_deref(), Ok(time));
    }
    // Before the first that is spelled there is no other to take.
    assert_eq!(
        read("millis", types::Value::TimestampMillis(i64::MIN)).unwrap_err(),
        "field `started_at`: Integer(-9223372036854775808) is no time"
    );
}
