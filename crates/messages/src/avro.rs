//! The record as Avro, in Confluent's wire format: a zero byte, the four bytes of the schema's number
//! in the registry, and the fields as that schema has them.
//!
//! Ours is `avro/record.avsc`. What others wrote, or we once did, is read by the schema that it was
//! written with: it is made into a plan once, which says what becomes of each field in turn. That is
//! quicker than a tree of values in between, and takes any order and any additions.

mod conflict;
mod input;
mod plan;
mod reader;
mod schema;
mod slot;
mod value;
mod wire;
mod writer;

pub use conflict::avro_conflict;
pub use plan::Unfit;
pub use reader::AvroReader;
pub use schema::AVRO_SCHEMA;
pub use wire::schema_id;

#[cfg(test)]
mod tests;
