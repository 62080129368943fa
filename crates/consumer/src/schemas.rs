//! The schemas of Avro records: fetched before a batch is decoded, by whoever decodes it, so that
//! nobody who polls waits for a registry.

mod known;

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use messages::{AvroReader, schema_id};
use service::{
    command_line::BadInput,
    health::{Condition, Health},
    registry::{self, Registry, RegistryError, RegistrySettings},
};
use tokio_util::sync::CancellationToken;
use tracing::debug;

pub use self::known::Known;
use crate::{batch::Batch, store::Refusal};

/// Schemas that are remembered. A topic has a few; whoever sends nonsense has any number.
const SCHEMAS_MAX: usize = 1000;

/// The schemas that are known, and whom to ask for others. What it knows, all workers know.
#[derive(Clone, Debug, Default)]
pub(crate) struct Schemas {
    registry: Option<Asked>,
    known: Arc<Mutex<Known>>,
}

#[derive(Clone, Debug)]
struct Asked {
    registry: Registry,
    condition: Condition,
}

impl Schemas {
    /// Those of a registry; where there is none, Avro cannot be read.
    pub(crate) fn new(
        settings: Option<&RegistrySettings>,
        health: &Health,
    ) -> anyhow::Result<Self> {
        let registry = settings.map(|settings| {
            anyhow::Ok(Asked {
                registry: Registry::new(settings)?,
                condition: health.given("Schema registry"),
            })
        });
        Ok(Self {
            registry: registry.transpose()?,
            known: Arc::default(),
        })
    }

    /// What a batch needs to be decoded, waiting for a registry that is away; `None` when `stop` came
    /// first.
    pub(crate) async fn of(&self, batch: &Batch, stop: &CancellationToken) -> Option<Known> {
        let mut known = self.known().clone();
        let Some(asked) = &self.registry else {
            return Some(known);
        };
        let values = batch.iter().filter_map(|raw| raw.value);
        let ids = values.filter_map(schema_id).filter(|id| !known.has(*id));
        let ids: BTreeSet<_> = ids.collect();
        for id in ids {
            match asked.schema(id, stop).await? {
                Ok(schema) => {
                    debug!(id, "A schema is known now");
                    let reader = AvroReader::new(&schema).map_err(|unfit| {
                        let error = format!("the schema {id} does not fit: {unfit}");
                        Refusal::new("schema_unfit", &error)
                    });
                    known.add(id, reader);
                    self.remember(&known);
                }
                // It may be there another time, so that this is not remembered.
                Err(story) => known.add(id, Err(Refusal::new("schema_unknown", &story))),
            }
        }
        Some(known)
    }

    /// What these batches need to be decoded, where nobody has to be asked for it.
    pub(crate) fn at_hand<'a>(&self, batches: impl Iterator<Item = &'a Batch>) -> Option<Known> {
        let known = self.known().clone();
        if self.registry.is_some() {
            for batch in batches {
                let mut ids = batch.iter().filter_map(|raw| schema_id(raw.value?));
                if ids.any(|id| !known.has(id)) {
                    return None;
                }
            }
        }
        Some(known)
    }

    /// Whether the topic's newest schema can be read, as far as the registry says.
    ///
    /// # Errors
    ///
    /// When it cannot: whoever writes by it writes nothing but dead letters.
    pub(crate) async fn check(&self, topic: &str) -> Result<(), BadInput> {
        let Some(asked) = &self.registry else {
            return Ok(());
        };
        let subject = registry::subject(topic);
        let latest = match asked.registry.latest(&subject).await {
            Ok(latest) => latest,
            Err(error) => {
                debug!("Asking for the newest schema of {subject:?}: {error}");
                return Ok(());
            }
        };
        match latest.as_deref().map(AvroReader::new) {
            None | Some(Ok(_)) => Ok(()),
            Some(Err(unfit)) => Err(BadInput::new(format!(
                "TOPIC_NAME: the newest schema of {subject:?} cannot be read: {unfit}; see {}",
                asked.registry.shown()
            ))),
        }
    }

    fn remember(&self, known: &Known) {
        let mut all = self.known();
        if all.len() >= SCHEMAS_MAX {
            *all = Known::default();
        }
        all.add_all(known);
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Asked {
    /// A schema, or why there is none; `None` when `stop` came first.
    async fn schema(&self, id: u32, stop: &CancellationToken) -> Option<Result<String, String>> {
        let mut backoff = registry::backoff();
        loop {
            let answer = self.registry.schema(id);
            match stop.run_until_cancelled(answer).await? {
                Ok(schema) => {
                    self.condition.holds();
                    return Some(Ok(schema));
                }
                Err(RegistryError::Unknown(story) | RegistryError::Refused(story)) => {
                    self.condition.holds();
                    return Some(Err(format!("there is no schema {id}: {story}")));
                }
                Err(RegistryError::Away(story) | RegistryError::Denied(story)) => {
                    self.condition
                        .fails(format!("{story}; records of the schema {id} wait"));
                }
            }
            if !backoff.wait(stop).await {
                return None;
            }
        }
    }
}
