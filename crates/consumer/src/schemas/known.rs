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
