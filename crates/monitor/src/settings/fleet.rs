//! The settings of the topic of targets, and of the group that shares it.

use std::{ops::RangeInclusive, time::Duration};

use service::{
    kafka::read_topic_name,
    settings::{Reader, Setting},
};

use crate::fleet::FleetSettings;

const TARGETS_TOPIC: Setting = Setting::with_default(
    "TARGETS_TOPIC",
    "targets",
    "the topic of targets, of KafkaUrlsProvider and `monitor targets publish`",
);
const TARGETS_PARTITIONS: Setting = Setting::with_default(
    "TARGETS_PARTITIONS",
    "60",
    "its partitions when `monitor targets publish` has to make it: no more monitors share it",
);
const MONITOR_GROUP: Setting = Setting::optional(
    "MONITOR_GROUP",
    "the monitors that share the topic of targets, each location a group of its own; one that checks all when unset",
);
const MONITOR_SESSION_TIMEOUT: Setting = Setting::with_default(
    "MONITOR_SESSION_TIMEOUT",
    "10",
    "seconds without a sign of life after which a monitor's targets go to the others of its group",
);

/// More are of no use to anybody, and cost each broker.
const PARTITIONS_LIMIT: u64 = 10_000;
/// What brokers allow by their own defaults.
const SESSION: RangeInclusive<Duration> = Duration::from_secs(6)..=Duration::from_mins(30);

/// Reads them, whether they are used or not.
pub(super) fn read_fleet(reader: &mut Reader, is_used: bool) -> FleetSettings {
    let topic = read_topic_name(reader, &TARGETS_TOPIC);
    let partitions = reader.count(&TARGETS_PARTITIONS, 1..=PARTITIONS_LIMIT);
    let group = reader.optional_name(&MONITOR_GROUP);
    if group.is_some() && !is_used {
        reader.problem(
            &MONITOR_GROUP,
            "only monitors with URLS_PROVIDER_TYPE=KafkaUrlsProvider share targets",
        );
    }
    let session_timeout = reader.seconds(&MONITOR_SESSION_TIMEOUT);
    if !SESSION.contains(&session_timeout) && !session_timeout.is_zero() {
        let (least, most) = (SESSION.start().as_secs(), SESSION.end().as_secs());
        reader.problem(
            &MONITOR_SESSION_TIMEOUT,
            format_args!("brokers allow from {least} to {most} seconds"),
        );
    }
    FleetSettings {
        topic,
        // The bound is far below i32's.
        partitions: i32::try_from(partitions).unwrap_or(i32::MAX),
        group,
        session_timeout,
    }
}
