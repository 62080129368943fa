//! The schemas that are known.

use std::{collections::HashMap, sync::Arc};

use messages::{AvroReader, Origin, ReadError, Record, schema_id};

use crate::store::Refusal;

/// Readers by the number of their schema, or why there is none.
#[derive(Clone, Debug, Default)]
pub struct Known(HashMap<u32, Result<Arc<AvroReader>, Refusal>>);

impl Known {
    /// Reads a record for what it is: Avro by its first byte, else JSON.
    pub(crate) fn read(&self, value: &[u8], origin: &Origin<'_>) -> Result<Record, Refusal> {
        let explain = |error: ReadError| Refusal::new(error.reason(), &error.to_string());
        let Some(id) = schema_id(value) else {
            return Record::read(value, origin).map_err(explain);
        };
        match self.0.get(&id) {
            Some(Ok(reader)) => reader.read(value, origin).map_err(explain),
            Some(Err(refusal)) => Err(refusal.clone()),
            None => Err(Refusal::new(
                "schema_unknown",
                &format!(
                    "Avro of the schema {id}, and there is no registry to ask for it: set \
                     SCHEMA_REGISTRY_URL, then `consumer redrive`"
                ),
            )),
        }
    }

    pub(super) fn has(&self, id: u32) -> bool {
        self.0.contains_key(&id)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn add(&mut self, id: u32, reader: Result<AvroReader, Refusal>) {
        self.0.insert(id, reader.map(Arc::new));
    }

    /// Those of another that are known for good.
    pub(super) fn add_all(&mut self, other: &Self) {
        let lasting = other.0.iter().filter(|(_, reader)| match reader {
            Ok(_) => true,
            Err(refusal) => refusal.reason != "schema_unknown",
        });
        self.0
            .extend(lasting.map(|(id, reader)| (*id, reader.clone())));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The beginning of a record of the schema 7.
    const VALUE: &[u8] = &[0, 0, 0, 0, 7, 2];
    const ORIGIN: Origin<'_> = Origin {
        topic: "checks",
        partition: 0,
        offset: 0,
        timestamp_ms: Some(0),
    };

    #[test]
    fn where_there_is_no_registry_a_record_says_what_to_set() {
        let refusal = Known::default().read(VALUE, &ORIGIN).unwrap_err();
        assert_eq!(refusal.reason, "schema_unknown");
        assert!(
            refusal.error.contains("schema 7") && refusal.error.contains("SCHEMA_REGISTRY_URL"),
            "{refusal:?}"
        );
    }

    #[test]
    fn why_a_schema_is_not_there_is_said_and_it_is_asked_for_again() {
        let mut asked = Known::default();
        let unknown = Refusal::new("schema_unknown", "the registry has none of this number");
        asked.add(7, Err(unknown.clone()));
        asked.add(8, Err(Refusal::new("schema_unfit", "it has no url")));
        assert_eq!(asked.read(VALUE, &ORIGIN).unwrap_err(), unknown);
        let mut lasting = Known::default();
        lasting.add_all(&asked);
        assert!(!lasting.has(7), "it may be registered by now");
        assert!(lasting.has(8), "what is registered never changes");
    }
}
