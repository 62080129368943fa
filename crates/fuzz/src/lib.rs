//! Inputs that nobody would write, and what must hold of each: whoever may write to the topic, to the targets
//! file, to a website or to the settings may write anything.
//!
//! Each function here takes any bytes and panics where something does not hold. libFuzzer feeds them for as long
//! as somebody likes (`make fuzz`, from `targets/`), the unit tests with changes of `seeds/`, always the same.

#![expect(
    clippy::missing_panics_doc,
    reason = "a panic is how each says that something does not hold"
)]

mod avro;
mod page;
mod pg_uri;
mod record;
mod targets;

pub use self::{avro::avro, page::page, pg_uri::pg_uri, record::record, targets::targets};

#[cfg(test)]
mod tests;
