//! What people are told of the targets topic: the log, the metrics, `/readyz`.

use metrics::Gauge;
use rdkafka::Message;
use service::health::Remark;
use tracing::{info, warn};

use super::{
    holdings::Holdings,
    record::{BadRecord, place_of},
};
use crate::{numbers, targets::UnknownNames};

/// Bad records that the log names; `monitor targets` names all.
const BAD_SAID_MAX: usize = 1000;

/// Tells how it stands with the targets.
#[derive(Debug)]
pub(super) struct News {
    remark: Remark,
    topic: String,
    group: Option<String>,
    bad_said: usize,
    /// Keys of targets that mean nothing.
    pub(super) unknown: UnknownNames,
    told: String,
}

impl News {
    pub(super) fn new(remark: Remark, topic: &str, group: Option<&str>) -> Self {
        Self {
            remark,
            topic: topic.to_owned(),
            group: group.map(str::to_owned),
            bad_said: 0,
            unknown: UnknownNames::default(),
            told: String::new(),
        }
    }

    pub(super) fn topic(&self) -> &str {
        &self.topic
    }

    /// A record cannot be used.
    pub(super) fn bad(&mut self, bad: &BadRecord) {
        self.bad_said += 1;
        match self.bad_said {
            ..=BAD_SAID_MAX => warn!("{bad}; the record is skipped"),
            said if said == BAD_SAID_MAX + 1 => {
                warn!("More records are skipped; `monitor targets` names them all");
            }
            _ => {}
        }
    }

    /// Names the keys that mean nothing and were not named yet, with the record that has them.
    pub(super) fn tell_unknown(&mut self, record: &impl Message) {
        for sentence in self.unknown.news() {
            warn!("{}: {sentence}", place_of(record));
        }
    }

    /// So many targets are ours now.
    pub(super) fn show(&mut self, holdings: &Holdings, targets: usize, is_adrift: bool) {
        let (partitions, bad) = (holdings.positions().len(), holdings.bad());
        set(&numbers::TARGETS.gauge(), targets);
        set(&numbers::BAD_TARGET_ROWS.gauge(), bad);
        set(&numbers::FLEET_PARTITIONS.gauge(), partitions);
        let topic = &self.topic;
        let mut words = match &self.group {
            None => format!("{targets}, of the topic {topic:?}"),
            Some(group) => format!(
                "{targets}, of {partitions} partitions of the topic {topic:?} in the group {group:?}"
            ),
        };
        if bad > 0 {
            words = format!("{words}; {bad} records cannot be used");
        }
        if is_adrift {
            words += "; the group gives no answer, and they are checked until it does";
        }
        if words != self.told {
            info!("Targets: {words}");
            self.remark.set(words.clone());
            self.told = words;
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn set(gauge: &Gauge, count: usize) {
    gauge.set(count as f64);
}
