//! How the topic is read.

/// How the topic is read.
#[derive(Clone, Debug)]
pub struct SourceSettings {
    /// How this client names itself.
    pub client_id: String,
    /// The group whose members share the topic.
    pub group: String,
    /// The topic.
    pub topic: String,
    /// Where a partition begins of which nothing is known.
    pub reset: OffsetReset,
}

/// Where a partition begins of which nothing is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OffsetReset {
    /// At its first record.
    Earliest,
    /// After its last.
    Latest,
}
