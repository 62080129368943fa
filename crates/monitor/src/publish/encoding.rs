//! What records are in the topic: JSON as they wait here, or Avro, once the registry has given our
//! schema its number. Until then they wait, as when Kafka is away.

use std::borrow::Cow;

use messages::{AVRO_SCHEMA, Origin, Record, avro_conflict};
use service::{
    command_line::BadInput,
    health::{Condition, Health},
    registry::{self, Registry, RegistryError, RegistrySettings},
};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info};

/// What records are in the topic.
#[derive(Debug)]
pub(super) enum Encoding {
    Json,
    /// Avro, whose schema has no number yet.
    Unnumbered(Box<Naming>),
    /// Avro of the schema of this number.
    Avro(u32),
}

/// Whom to ask for our schema's number.
#[derive(Clone, Debug)]
pub(super) struct Naming {
    registry: Registry,
    /// What the registry files the topic's values under.
    subject: String,
    condition: Condition,
}

impl Encoding {
    /// Avro where there is a registry, and JSON where there is none.
    pub(super) fn new(
        settings: Option<&RegistrySettings>,
        topic: &str,
        health: &Health,
    ) -> anyhow::Result<Self> {
        let Some(settings) = settings else {
            return Ok(Self::Json);
        };
        Ok(Self::Unnumbered(Box::new(Naming {
            registry: Registry::new(settings)?,
            subject: registry::subject(topic),
            condition: health.condition("Schema registry"),
        })))
    }

    /// Whom to ask, while that is to be done.
    pub(super) fn naming(&self) -> Option<Naming> {
        match self {
            Self::Unnumbered(naming) => Some(naming.as_ref().clone()),
            Self::Json | Self::Avro(_) => None,
        }
    }

    /// A record as it goes to Kafka.
    pub(super) fn of<'a>(&self, json: &'a [u8]) -> Cow<'a, [u8]> {
        let Self::Avro(id) = self else {
            return Cow::Borrowed(json);
        };
        // A record of ours says all of itself: where it will stand is not asked.
        let nowhere = Origin {
            topic: "",
            partition: 0,
            offset: 0,
            timestamp_ms: None,
        };
        match Record::read(json, &nowhere) {
            Ok(record) => Cow::Owned(record.to_avro(*id)),
            // The consumer takes each record for what it is.
            Err(error) => {
                debug!("A result goes as JSON: {error}");
                Cow::Borrowed(json)
            }
        }
    }
}

impl Naming {
    /// Our schema's number: registered where we may, else looked up. Waits for a registry that is
    /// away; `None` when `stop` came first.
    ///
    /// # Errors
    ///
    /// When our schema and the topic's do not go together: no time heals that.
    pub(super) async fn number(self, stop: CancellationToken) -> anyhow::Result<Option<u32>> {
        let mut backoff = registry::backoff();
        loop {
            let story = match stop.run_until_cancelled(self.ask()).await {
                None => return Ok(None),
                Some(Ok(id)) => {
                    info!(
                        id,
                        "Records are Avro: {} has our schema",
                        self.registry.shown()
                    );
                    self.condition.holds();
                    return Ok(Some(id));
                }
                Some(Err(RegistryError::Refused(story))) => {
                    return Err(self.conflict(&story).await.into());
                }
                Some(Err(error)) => error.to_string(),
            };
            self.condition.fails(format!("{story}; results wait"));
            if !backoff.wait(&stop).await {
                return Ok(None);
            }
        }
    }

    async fn ask(&self) -> Result<u32, RegistryError> {
        let denied = match self.registry.register(&self.subject, AVRO_SCHEMA).await {
            Err(RegistryError::Denied(story)) => story,
            answer => return answer,
        };
        match self.registry.look_up(&self.subject, AVRO_SCHEMA).await {
            Err(RegistryError::Unknown(_)) => Err(RegistryError::Denied(format!(
                "{denied}; our schema is not registered for {:?}, and we may not register it: \
                 let us, or register it",
                self.subject
            ))),
            answer => answer,
        }
    }

    /// Why our schema is refused, with the field where it can be told.
    async fn conflict(&self, story: &str) -> BadInput {
        let latest = self.registry.latest(&self.subject).await;
        let field = latest.ok().flatten().as_deref().and_then(avro_conflict);
        let field = field.map_or_else(String::new, |field| format!("{field}; "));
        BadInput::new(format!(
            "VALUE_FORMAT: our schema does not go with the one of {:?}: {field}{story}",
            self.subject
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::up;

    #[test]
    fn a_record_goes_as_what_the_topic_holds() {
        let json = up("https://a.example/").to_json();
        assert_eq!(&*Encoding::Json.of(&json), &*json);
        let avro = Encoding::Avro(7).of(&json);
        assert_eq!(messages::schema_id(&avro), Some(7));
        assert!(avro.len() * 2 < json.len());
        assert_eq!(&*Encoding::Avro(7).of(b"no record"), b"no record");
    }
}
