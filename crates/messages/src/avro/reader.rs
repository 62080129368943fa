//! Reading a record by the schema that it was written with.

use jiff::Timestamp;

use super::{
    input::Input,
    plan::{Plan, Step, Unfit},
    slot::Slot,
    value::{Malformed, Value},
    wire::HEADER_BYTES,
};
use crate::{
    lenient::EARLIEST,
    record::{Fields, Origin, ReadError, Record},
};

/// Reads the records that were written with one schema.
#[derive(Debug)]
pub struct AvroReader {
    plan: Plan,
}

impl AvroReader {
    /// A reader for what was written with this schema.
    pub fn new(schema: &str) -> Result<Self, Unfit> {
        Plan::new(schema).map(|plan| Self { plan })
    }

    /// Reads a record's value, of which [`super::schema_id`] has said that it is of this schema.
    pub fn read(&self, value: &[u8], origin: &Origin<'_>) -> Result<Record, ReadError> {
        let mut input = Input(value.get(HEADER_BYTES..).unwrap_or_default());
        let mut fields = Fields::default();
        read(&self.plan, None, &mut input, &mut fields)?;
        if !input.0.is_empty() {
            return Err(Malformed::TooLong(input.0.len()).into());
        }
        fields.into_record(origin)
    }
}

impl From<Malformed> for ReadError {
    fn from(malformed: Malformed) -> Self {
        Self::NotAvro(malformed.to_string())
    }
}

fn read(
    plan: &Plan,
    slot: Option<Slot>,
    input: &mut Input<'_>,
    fields: &mut Fields,
) -> Result<(), ReadError> {
    let value = match plan {
        Plan::Record(steps) => {
            for Step { slot, plan } in steps {
                read(plan, *slot, input, fields)?;
            }
            return Ok(());
        }
        Plan::Union(branches) => {
            let branch = input.choice(branches.len())?;
            return read(&branches[branch], slot, input, fields);
        }
        Plan::List(item) => {
            return skip_blocks(input, |input| read(item, None, input, fields));
        }
        Plan::Map(item) => {
            return skip_blocks(input, |input| {
                input.bytes()?;
                read(item, None, input, fields)
            });
        }
        Plan::Null => Value::Null,
        Plan::Flag => Value::Flag(input.flag()?),
        Plan::Integer => Value::Integer(input.long()?),
        Plan::Time(units) => time(input.long()?, *units),
        Plan::Float => Value::Number(input.float()?.into()),
        Plan::Double => Value::Number(input.double()?),
        Plan::Bytes => Value::Bytes(input.bytes()?),
        Plan::Fixed(bytes) => Value::Bytes(input.take(*bytes)?),
        Plan::Symbol(symbols) => Value::Text(&symbols[input.choice(symbols.len())?]),
        // What nobody asks for need not be a text.
        Plan::Text if slot.is_none() => Value::Bytes(input.bytes()?),
        Plan::Text => Value::Text(input.text()?),
    };
    let Some(slot) = slot else { return Ok(()) };
    slot.put(value, fields)
        .map_err(|problem| ReadError::invalid(slot.path(), problem))
}

/// A time. One before the first that is told, or beyond the last that jiff spells, is kept as that one, as from
/// JSON.
fn time(units: i64, units_per_second: i64) -> Value<'static> {
    let (second, rest) = (
        units.div_euclid(units_per_second),
        units.rem_euclid(units_per_second),
    );
    let nanosecond = i32::try_from(rest * (1_000_000_000 / units_per_second));
    let time = nanosecond
        .ok()
        .and_then(|nanosecond| Timestamp::new(second, nanosecond).ok());
    match time {
        Some(time) => Value::Time(EARLIEST.max(time)),
        None if units > 0 => Value::Time(Timestamp::MAX),
        None => Value::Integer(units),
    }
}

/// Passes over the items of a list or a map, which come in counted blocks.
fn skip_blocks(
    input: &mut Input<'_>,
    mut skip: impl FnMut(&mut Input<'_>) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    loop {
        let items = input.long()?;
        if items == 0 {
            return Ok(());
        }
        if items < 0 {
            // Whoever writes such a count writes the block's size, too.
            input.bytes()?;
            continue;
        }
        for _ in 0..items {
            let before = input.0.len();
            skip(input)?;
            if input.0.len() == before {
                // Items without bytes: their number is all that there is, and may be any.
                break;
            }
        }
    }
}
