//! A record that came, of which a trace is told.

use std::time::{Duration, SystemTime};

use rdkafka::{Message, message::Headers};
use service::traces::Place;

/// A record that came, of which a trace is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Arrival {
    /// Its offset.
    pub(crate) offset: i64,
    /// The span by which it went to Kafka.
    pub(crate) from: Place,
    /// Its timestamp: when it was handed to Kafka's client.
    pub(crate) sent_at: Option<SystemTime>,
    /// When it was read.
    pub(crate) read_at: SystemTime,
}

impl Arrival {
    /// What the record's header says; `None` where no trace is told of it.
    pub(crate) fn of(message: &impl Message) -> Option<Self> {
        let mut headers = message.headers()?.iter();
        let header = headers.find(|header| header.key == Place::HEADER)?;
        let sent_ms = message.timestamp().to_millis();
        let sent_ms = sent_ms.and_then(|sent_ms| u64::try_from(sent_ms).ok());
        Some(Self {
            offset: message.offset(),
            from: Place::from_header(header.value?)?,
            sent_at: sent_ms.map(|sent_ms| SystemTime::UNIX_EPOCH + Duration::from_millis(sent_ms)),
            read_at: SystemTime::now(),
        })
    }
}
