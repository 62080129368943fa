mod values;

use apache_avro::{
    Schema, reader::datum::GenericDatumReader, schema_compatibility::SchemaCompatibility, types,
    writer::datum::GenericDatumWriter,
};
use proptest::{collection, prelude::*};
use serde_json::{Value, json};
use strum::VariantArray;

use super::{AVRO_SCHEMA, AvroReader, schema_id, slot::Slot, wire::HEADER_BYTES, wire::header};
use crate::{Origin, OutcomeKind, ReadError, Record};

/// A record in which no field is null, as the monitor writes it.
const WHOLE: &str = include_str!("../../../../tests/golden/ours/whole.json");
const ORIGIN: Origin<'_> = Origin {
    topic: "checks",
    partition: 3,
    offset: 77,
    timestamp_ms: Some(1_700_000_000_123),
};
const ID: u32 = 0x0001_e240;

fn ours() -> AvroReader {
    AvroReader::new(AVRO_SCHEMA).unwrap()
}

fn whole() -> Record {
    Record::read(WHOLE.as_bytes(), &ORIGIN).unwrap()
}

/// The schema's fields, those of its own records by path.
fn paths(schema: &Value, path: &str, found: &mut Vec<String>) {
    for field in schema["fields"].as_array().unwrap() {
        let name = format!("{path}{}", field["name"].as_str().unwrap());
        let branches = field["type"].as_array().cloned().unwrap_or_default();
        match branches.iter().find(|it| it["type"] == "record") {
            Some(record) => paths(record, &format!("{name}."), found),
            None => found.push(name),
        }
    }
}

/// What one schema writes, and another library reads.
fn by_library(value: &[u8]) -> types::Value {
    let schema = Schema::parse_str(AVRO_SCHEMA).unwrap();
    let reader = GenericDatumReader::builder(&schema).build().unwrap();
    reader.read_value(&mut &value[HEADER_BYTES..]).unwrap()
}

/// A value that another library writes by another schema.
fn written(schema: &str, value: types::Value) -> Vec<u8> {
    let schema = Schema::parse_str(schema).unwrap();
    let writer = GenericDatumWriter::builder(&schema).build().unwrap();
    let datum = writer.write_value_to_vec(value).unwrap();
    [&header(ID)[..], &datum].concat()
}

/// The least that a schema needs, and more fields.
fn with_fields(more: &str) -> String {
    format!(
        r#"{{"type":"record","name":"R","fields":[{more}
        {{"name":"error_code","type":"long"}},
        {{"name":"response_time","type":"float"}},
        {{"name":"url","type":["string","null"]}}]}}"#
    )
}

/// A field and its value.
type Field = (String, types::Value);

fn least() -> Vec<Field> {
    let url = types::Value::Union(0, types::Value::String("u".into()).into());
    vec![
        ("error_code".into(), types::Value::Long(200)),
        ("response_time".into(), types::Value::Float(0.5)),
        ("url".into(), url),
    ]
}

fn problem(schema: &str) -> String {
    AvroReader::new(schema).unwrap_err().to_string()
}

#[test]
fn the_schema_the_type_and_the_json_have_the_same_fields() {
    let schema: Value = serde_json::from_str(AVRO_SCHEMA).unwrap();
    let mut of_schema = Vec::new();
    paths(&schema, "", &mut of_schema);
    let of_type: Vec<_> = Slot::VARIANTS.iter().map(|it| it.path()).collect();
    assert_eq!(of_schema, of_type);
    let json: Value = serde_json::from_str(WHOLE).unwrap();
    for path in of_type {
        let pointer = format!("/{}", path.replace('.', "/"));
        assert!(json.pointer(&pointer).is_some(), "{path} is not in JSON");
    }
    let objects = json.as_object().unwrap().values();
    let objects = objects
        .filter_map(Value::as_object)
        .map(serde_json::Map::len);
    let count = json.as_object().unwrap().len() + objects.sum::<usize>();
    // Of the target, whose fields are its own; and the four records are no fields themselves.
    let of_target = json["target"].as_object().unwrap().len();
    assert_eq!(of_schema.len(), count - of_target - Slot::RECORDS.len());
}

#[test]
fn another_library_reads_what_we_write() {
    let value = whole().to_avro(ID);
    assert_eq!(schema_id(&value), Some(ID));
    let read: Value = by_library(&value).try_into().unwrap();
    let json: Value = serde_json::from_str(WHOLE).unwrap();
    for slot in Slot::VARIANTS {
        let path = slot.path();
        let pointer = format!("/{}", path.replace('.', "/"));
        let (read, json) = (read.pointer(&pointer), json.pointer(&pointer).unwrap());
        let read = read.unwrap_or_else(|| panic!("{path} is not there"));
        match path {
            "target" => assert_eq!(read, &json!(json.to_string()), "{path}"),
            "check_id" => assert!(!read.is_null()),
            "scheduled_at" | "started_at" | "certificate.not_after" => {
                let time: jiff::Timestamp = json.as_str().unwrap().parse().unwrap();
                assert_eq!(read, &json!(time.as_microsecond()), "{path}");
            }
            _ => assert_eq!(read, json, "{path}"),
        }
    }
    assert!(value.len() * 2 <= WHOLE.len(), "{} bytes", value.len());
}

#[test]
fn types_that_name_each_other_again_and_again_fill_no_memory() {
    let mut schema =
        json!({"type": "record", "name": "R0", "fields": [{"name": "a", "type": "int"}]});
    for level in 1..6 {
        let before = format!("R{}", level - 1);
        let again = (0..16).map(|it| json!({"name": format!("again{it}"), "type": before}));
        let first = json!({"name": "first", "type": schema});
        let fields: Vec<_> = [first].into_iter().chain(again).collect();
        schema = json!({"type": "record", "name": format!("R{level}"), "fields": fields});
    }
    let said = problem(&schema.to_string());
    assert!(said.contains("more than 10000 types"), "{said}");
}

#[test]
fn what_is_not_there_is_null_and_read_as_such() {
    let json = br#"{"url":"","error_code":-1,"response_time":-1}"#;
    let record = Record::read(json, &ORIGIN).unwrap();
    let value = record.to_avro(ID);
    assert_eq!(ours().read(&value, &ORIGIN).unwrap(), record);
    let read: Value = by_library(&value).try_into().unwrap();
    for field in ["failure", "timings", "certificate", "prober", "target"] {
        assert!(read[field].is_null(), "{field}");
    }
}

#[test]
fn a_schema_with_other_fields_in_another_order_is_read() {
    let more = r#"
        {"name":"tags","type":{"type":"array","items":"string"}},
        {"name":"more","type":{"type":"map","values":["null","double"]}},
        {"name":"outcome","type":{"type":"enum","name":"O","symbols":["down","up"]}},
        {"name":"prober","type":{"type":"record","name":"P","fields":[
            {"name":"build","type":{"type":"fixed","name":"F","size":3}},
            {"name":"in_flight","type":"int"}]}},
        {"name":"schema_version","type":"int"},
        {"name":"check_id","type":{"type":"string","logicalType":"uuid"}},
        {"name":"scheduled_at","type":{"type":"long","logicalType":"timestamp-millis"}},"#;
    let schema = with_fields(more);
    let id = whole().check_id;
    let text = |text: &str| types::Value::String(text.into());
    let number = types::Value::Union(1, types::Value::Double(1.0).into());
    let mut fields = vec![
        (
            "tags".into(),
            types::Value::Array(vec![text("a"), text("b")]),
        ),
        (
            "more".into(),
            types::Value::Map([("x".to_owned(), number)].into()),
        ),
        ("outcome".into(), types::Value::Enum(1, "up".into())),
        (
            "prober".into(),
            types::Value::Record(vec![
                ("build".into(), types::Value::Fixed(3, vec![1, 2, 3])),
                ("in_flight".into(), types::Value::Int(9)),
            ]),
        ),
        ("schema_version".into(), types::Value::Int(2)),
        ("check_id".into(), types::Value::Uuid(id)),
        (
            "scheduled_at".into(),
            types::Value::TimestampMillis(1_764_000_000_250),
        ),
    ];
    fields.extend(least());
    let value = written(&schema, types::Value::Record(fields));
    let reader = AvroReader::new(&schema).unwrap();
    let record = reader.read(&value, &ORIGIN).unwrap();
    assert_eq!((&*record.url, record.error_code), ("u", 200));
    assert_eq!(record.check_id, id);
    assert_eq!(record.scheduled_at.as_millisecond(), 1_764_000_000_250);
    assert_eq!(record.outcome, Some(OutcomeKind::Up));
    assert_eq!(record.self_doubt.in_flight, Some(9));
    assert_eq!(record.matched_text, "");
}

#[test]
fn a_schema_that_does_not_fit_is_told_with_the_field() {
    for (more, begin) in [
        (
            r#"{"name":"attempt","type":"string"},"#,
            "field `attempt`: its type is \"string\", and an int or a long is read",
        ),
        (
            r#"{"name":"timings","type":{"type":"record","name":"T","fields":[
                {"name":"dns","type":["null","string"]}]}},"#,
            "field `timings.dns`: its type is [\"null\",\"string\"], and a double is read",
        ),
        (
            r#"{"name":"failure","type":"string"},"#,
            "field `failure`: its type is \"string\", and a record is read",
        ),
        (
            r#"{"name":"scheduled_at","type":"long"},"#,
            "field `scheduled_at`: its type is \"long\", and a long of the logical",
        ),
    ] {
        let problem = problem(&with_fields(more));
        assert!(problem.starts_with(begin), "{problem}");
    }
    let nested = r#"{"name":"next","type":["null","R"]},"#;
    assert!(problem(&with_fields(nested)).starts_with("field `next.next"));
    let without = with_fields("").replace("\"url\"", "\"address\"");
    assert_eq!(problem(&without), "field `url`: is missing");
    assert_eq!(problem("\"string\""), "field ``: the schema is no record");
    problem("no schema");
}

#[test]
fn a_value_that_no_field_may_hold_is_told_with_the_field() {
    let schema = with_fields(r#"{"name":"outcome","type":"string"},"#);
    let reader = AvroReader::new(&schema).unwrap();
    let read = |change: &dyn Fn(&mut Vec<Field>)| {
        let mut fields = vec![("outcome".to_owned(), types::Value::String("up".into()))];
        fields.extend(least());
        change(&mut fields);
        let value = written(&schema, types::Value::Record(fields));
        reader.read(&value, &ORIGIN).map_err(|it| it.to_string())
    };
    assert!(read(&|_| {}).is_ok());
    let sideways = read(&|it| it[0].1 = types::Value::String("sideways".into()));
    assert_eq!(
        sideways.unwrap_err(),
        "field `outcome`: the word \"sideways\" is not known"
    );
    let large = read(&|it| it[1].1 = types::Value::Long(1 << 40));
    assert_eq!(
        large.unwrap_err(),
        "field `error_code`: 1099511627776 is too large"
    );
    let endless = read(&|it| it[2].1 = types::Value::Float(f32::INFINITY));
    assert_eq!(
        endless.unwrap_err(),
        "field `response_time`: Number(inf) is no finite number"
    );
    let null = types::Value::Union(1, types::Value::Null.into());
    let nameless = read(&|it| it[3].1 = null.clone());
    assert_eq!(nameless.unwrap_err(), "field `url` is missing");
}

#[test]
fn a_time_beyond_what_is_spelled_is_the_latest() {
    let mut record = whole();
    let last = "9999-12-30T21:59:59.999999Z".parse().unwrap();
    record.certificate.not_after = Some(last);
    let mut value = record.to_avro(ID);
    assert_eq!(ours().read(&value, &ORIGIN).unwrap(), record);
    let mut end = Vec::new();
    // 9999-12-31T23:59:59Z, which is written in as many bytes.
    for (micros, into) in [(last.as_microsecond(), &mut end)] {
        let mut rest = (micros << 1).cast_unsigned();
        while rest > 0x7f {
            into.push(u8::try_from(rest & 0x7f).unwrap() | 0x80);
            rest >>= 7;
        }
        into.push(u8::try_from(rest).unwrap());
    }
    let at = value.windows(end.len()).position(|it| it == end).unwrap();
    value[at + end.len() - 2] |= 0x7f;
    let read = ours().read(&value, &ORIGIN).unwrap();
    assert_eq!(read.certificate.not_after, Some(jiff::Timestamp::MAX));
}

#[test]
fn a_schema_of_today_reads_one_of_yesterday() {
    let today = Schema::parse_str(AVRO_SCHEMA).unwrap();
    let mut yesterday: Value = serde_json::from_str(AVRO_SCHEMA).unwrap();
    let fields = yesterday["fields"].as_array_mut().unwrap();
    let optional = fields.len();
    fields.retain(|field| field.get("default").is_none());
    assert!(fields.len() < optional, "new fields have a default");
    let yesterday = Schema::parse_str(&yesterday.to_string()).unwrap();
    SchemaCompatibility::can_read(&yesterday, &today).unwrap();
}

#[test]
fn what_is_no_avro_has_no_schema() {
    for value in [&b"{}"[..], b"", b"\0\0\0\0", b"\x01\0\0\0\0"] {
        assert_eq!(schema_id(value), None);
    }
    assert_eq!(schema_id(b"\0\0\0\x01\x02{}"), Some(258));
}

proptest! {
    #[test]
    fn bytes_that_are_no_record_do_no_harm(
        bytes in collection::vec(any::<u8>(), 0..200),
        at in 0_usize..400,
    ) {
        let mut value = whole().to_avro(ID);
        let at = at.min(value.len());
        let end = (at + bytes.len()).min(value.len());
        value.splice(at..end, bytes);
        let lists = with_fields(
            r#"{"name":"a","type":{"type":"array","items":"null"}},
            {"name":"b","type":{"type":"map","values":{"type":"array","items":"long"}}},"#,
        );
        for reader in [ours(), AvroReader::new(&lists).unwrap()] {
            reader.read(&value, &ORIGIN).ok();
        }
    }
}

#[test]
fn what_is_cut_off_or_goes_on_is_no_record() {
    let value = whole().to_avro(ID);
    let reader = ours();
    for end in 0..value.len() {
        let error = reader.read(&value[..end], &ORIGIN).unwrap_err();
        assert!(matches!(error, ReadError::NotAvro(_)), "{end}: {error}");
    }
    let longer = [&value[..], b"more"].concat();
    let error = reader.read(&longer, &ORIGIN).unwrap_err();
    assert_eq!(
        error.to_string(),
        "not Avro of its schema: 4 bytes follow the last field"
    );
}
