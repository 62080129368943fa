//! Where targets are shared, and how.

use std::time::Duration;

use service::kafka::KafkaSettings;

use crate::targets::TargetsSettings;

/// The topic of targets, and the group that shares it.
#[derive(Clone, Debug)]
pub struct FleetSettings {
    /// The topic's name.
    pub topic: String,
    /// Its partitions when it has to be made.
    pub partitions: i32,
    /// The monitors that share it; `None` for one that checks all targets by itself.
    pub group: Option<String>,
    /// Without a sign of life for so long, a monitor's targets go to the others of its group.
    pub session_timeout: Duration,
}

/// What writing the targets file into the topic needs to know.
#[derive(Debug)]
pub struct PublishTargetsSettings {
    /// The file.
    pub targets: TargetsSettings,
    /// The topic of targets.
    pub fleet: FleetSettings,
    /// Where that is.
    pub kafka: KafkaSettings,
}
