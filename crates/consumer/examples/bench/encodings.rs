//! A record as JSON and as Avro: how many bytes it takes, and how long it takes to read.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use messages::{AVRO_SCHEMA, AvroReader, Origin, Record};

use crate::records;

const RECORDS: u32 = 20_000;
/// The quickest counts: whatever else runs can only make it slower.
const ROUNDS: usize = 15;
const SCHEMA_ID: u32 = 1;
const ORIGIN: Origin<'_> = Origin {
    topic: "encodings",
    partition: 0,
    offset: 0,
    timestamp_ms: Some(0),
};

/// Reads the same records in both encodings.
pub(crate) fn measure() -> anyhow::Result<()> {
    let now = Timestamp::now();
    let json = (0..RECORDS).map(|number| Ok(records::good(number.into(), now)?.value));
    let json: Vec<Vec<u8>> = json.collect::<anyhow::Result<_>>()?;
    let avro = json
        .iter()
        .map(|value| Ok(Record::read(value, &ORIGIN)?.to_avro(SCHEMA_ID)));
    let avro: Vec<Vec<u8>> = avro.collect::<anyhow::Result<_>>()?;
    let reader = AvroReader::new(AVRO_SCHEMA)?;
    let (mut of_json, mut of_avro) = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        of_json = of_json.min(time(&json, |value| Record::read(value, &ORIGIN).is_ok()));
        of_avro = of_avro.min(time(&avro, |value| reader.read(value, &ORIGIN).is_ok()));
    }
    let bytes = |values: &[Vec<u8>]| values.iter().map(Vec::len).sum::<usize>() / values.len();
    let each = |time: Duration| time / RECORDS;
    let (json_bytes, avro_bytes) = (bytes(&json), bytes(&avro));
    println!(
        "a record: {json_bytes} bytes of JSON, {avro_bytes} of Avro ({} %); read in {:?} and {:?} \
         ({:.2} × JSON's speed)",
        avro_bytes * 100 / json_bytes,
        each(of_json),
        each(of_avro),
        of_json.as_secs_f64() / of_avro.as_secs_f64(),
    );
    Ok(())
}

fn time(values: &[Vec<u8>], read: impl Fn(&[u8]) -> bool) -> Duration {
    let begin = Instant::now();
    for value in values {
        black_box(read(black_box(value)));
    }
    begin.elapsed()
}
