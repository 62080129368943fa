//! What a record of the targets topic says.

use std::{fmt, sync::Arc};

use rdkafka::Message;
use service::settings::Variables;
use uuid::Uuid;

use crate::{
    masked::Masked,
    targets::{Target, UnknownNames, target_of_object},
};

/// The longest key that is shown, in characters.
const KEY_SHOWN_MAX: usize = 200;

/// What becomes of one target.
#[derive(Debug)]
pub(super) enum Said {
    /// It is checked so, or configured and switched off.
    Target(Arc<Target>),
    /// It is no more.
    Removed,
}

/// A record's key by its hash: as short as that for a key of any length, and without its credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct KeyId(Uuid);

impl KeyId {
    /// Of the key as it is, or of none, which is as good as an empty one.
    pub(super) fn of(key: Option<&[u8]>) -> Self {
        Self(Uuid::new_v5(&Uuid::NAMESPACE_URL, key.unwrap_or_default()))
    }
}

/// A record that says nothing that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BadRecord {
    /// Its topic.
    pub(crate) topic: String,
    /// Its partition.
    pub(crate) partition: i32,
    /// Its offset.
    pub(crate) offset: i64,
    /// Tells its key from others, which may look alike as they are shown.
    pub(super) key_id: KeyId,
    /// Its key, as it may be shown.
    pub(crate) key: String,
    /// Why.
    pub(crate) reason: String,
}

impl fmt::Display for BadRecord {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            topic,
            partition,
            offset,
            key,
            reason,
            ..
        } = self;
        let place = place(topic, *partition, *offset, key);
        write!(formatter, "{place}: {reason}")
    }
}

/// Where a record stands, as people are told.
pub(super) fn place_of(record: &impl Message) -> String {
    let key = shown(record.key());
    place(record.topic(), record.partition(), record.offset(), &key)
}

fn place(topic: &str, partition: i32, offset: i64, key: &str) -> String {
    format!("{topic}, partition {partition}, offset {offset}, key {key:?}")
}

/// Understands a record, which may name these variables. Its keys that mean nothing are added to `unknown`.
pub(super) fn understand(
    record: &impl Message,
    variables: &Variables,
    unknown: &mut UnknownNames,
) -> Result<(String, Said), BadRecord> {
    let bad = |reason: String| BadRecord {
        topic: record.topic().to_owned(),
        partition: record.partition(),
        offset: record.offset(),
        key_id: KeyId::of(record.key()),
        key: shown(record.key()),
        reason,
    };
    let url = match record.key().map(std::str::from_utf8) {
        Some(Ok(url)) if !url.is_empty() => url,
        Some(Ok(_)) | None => return Err(bad("the key is empty; it has to be the url".into())),
        Some(Err(_)) => return Err(bad("the key is no UTF-8; it has to be the url".into())),
    };
    let said = match record.payload() {
        None => Said::Removed,
        Some(object) => {
            let target = target_of_object(url, object, variables, unknown);
            Said::Target(Arc::new(target.map_err(bad)?))
        }
    };
    Ok((url.to_owned(), said))
}

/// A key without credentials, and not longer than anybody reads.
fn shown(key: Option<&[u8]>) -> String {
    let key = String::from_utf8_lossy(key.unwrap_or_default());
    Masked(&key)
        .to_string()
        .chars()
        .take(KEY_SHOWN_MAX)
        .collect()
}

#[cfg(test)]
mod tests {
    use rdkafka::{Timestamp, message::OwnedMessage};

    use super::*;

    fn record(key: Option<&[u8]>, value: Option<&[u8]>) -> OwnedMessage {
        let bytes = |bytes: Option<&[u8]>| bytes.map(<[u8]>::to_vec);
        let time = Timestamp::NotAvailable;
        OwnedMessage::new(
            bytes(value),
            bytes(key),
            "targets".into(),
            time,
            3,
            17,
            None,
        )
    }

    #[test]
    fn nonsense_is_named_by_topic_partition_offset_and_key() {
        let variables = Variables::default();
        let told = |key, value| {
            let record = record(key, value);
            let bad = understand(&record, &variables, &mut UnknownNames::default());
            bad.unwrap_err().to_string()
        };
        let bad = told(Some(b"https://me:secret@a.test/"), Some(b"nonsense"));
        assert!(
            bad.starts_with("targets, partition 3, offset 17, key \"https://***@a.test/\": the value is not JSON"),
            "{bad}"
        );
        assert!(!bad.contains("secret"), "{bad}");
        let bad = told(Some(b"ftp://a.test/"), Some(b"{}"));
        assert!(
            bad.ends_with("key \"ftp://a.test/\": the url does not begin with http:// or https://"),
            "{bad}"
        );
        assert!(told(None, Some(b"{}")).contains("the key is empty"));
        assert!(told(Some(b"\xff"), None).contains("no UTF-8"));
    }

    #[test]
    fn a_tombstone_removes() {
        let variables = Variables::default();
        let record = record(Some(b"https://a.test/"), None);
        let understood = understand(&record, &variables, &mut UnknownNames::default());
        let (url, said) = understood.unwrap();
        assert_eq!(url, "https://a.test/");
        assert!(matches!(said, Said::Removed));
    }
}
