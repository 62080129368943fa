//! Which partitions are ours: as the group decides, or all of them.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use rdkafka::Offset;
use tracing::{info, warn};

use super::{callbacks::Rebalance, client::missing, reader::Reader};
use crate::numbers;

/// How often Kafka is asked again what it did not say, and whether the topic has more partitions.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);
const LOOK_INTERVAL: Duration = Duration::from_secs(30);

impl Reader {
    /// Takes over what the group decided during the last poll.
    pub(super) fn follow_group(&mut self) {
        while let Some(rebalance) = self.client.next_rebalance() {
            numbers::FLEET_REBALANCES.counter().increment(1);
            self.is_changed = true;
            match rebalance {
                Rebalance::Assigned(partitions) => {
                    info!("Assigned partitions {partitions:?} of the targets");
                    self.assigned(partitions);
                }
                Rebalance::Revoked(partitions) => {
                    info!("Revoked partitions {partitions:?} of the targets");
                    for partition in partitions {
                        self.release(partition);
                    }
                }
                Rebalance::Lost => {
                    warn!(
                        "The group of monitors goes on without us, or cannot be asked: going on with our \
                         targets until it takes us in again"
                    );
                    self.is_adrift = true;
                    self.coming.clear();
                    // Those that were not ours yet will come anew.
                    let positions = self.holdings.positions();
                    for partition in self.holdings.all() {
                        if !positions.contains_key(&partition) {
                            self.release(partition);
                        }
                    }
                }
            }
        }
    }

    fn assigned(&mut self, partitions: Vec<i32>) {
        if std::mem::take(&mut self.is_adrift) {
            for partition in self.holdings.all() {
                if !partitions.contains(&partition) {
                    self.release(partition);
                }
            }
        }
        self.coming.extend(partitions);
    }

    fn release(&mut self, partition: i32) {
        self.coming.remove(&partition);
        let changes = self.holdings.release(partition);
        self.telling.change(changes);
    }

    /// Begins to read partitions that are ours. Those that we went on with stay as they are.
    pub(super) fn begin_coming(&mut self) {
        if self.coming.is_empty() || Instant::now() < self.times.ask_again {
            return;
        }
        let coming: Vec<_> = self.coming.iter().copied().collect();
        let outcome = self.client.predecessors(&coming).and_then(|predecessors| {
            let positions = self.holdings.positions();
            let mut places = BTreeMap::new();
            for &partition in &coming {
                let place = positions.get(&partition).copied();
                places.insert(partition, place.map_or(Offset::Beginning, Offset::Offset));
                if place.is_none() {
                    let predecessor = predecessors.get(&partition).copied();
                    self.holdings.begin(partition, predecessor);
                }
            }
            self.client.place(&places)
        });
        match outcome {
            Ok(()) => {
                self.coming.clear();
                self.client.heard();
            }
            Err(error) => self.ask_again(&format!("no answer about the group's offsets: {error}")),
        }
    }

    /// Finds the partitions, where we are no member of a group.
    pub(super) fn look_for_partitions(&mut self) {
        if Instant::now() < self.times.ask_again {
            return;
        }
        let partitions = match self.client.partitions() {
            Err(error) => {
                return self.ask_again(&format!("no answer about the topic of targets: {error}"));
            }
            Ok(partitions) if partitions.is_empty() => {
                let story = missing(self.news.topic());
                return self.ask_again(&story);
            }
            Ok(partitions) => partitions,
        };
        self.times.ask_again = Instant::now() + LOOK_INTERVAL;
        if partitions.iter().all(|it| self.holdings.has(*it)) {
            if self.holdings.are_ready() {
                self.client.heard();
            }
            return;
        }
        let positions = self.holdings.positions();
        let places = partitions.iter().map(|partition| {
            let place = positions.get(partition).copied();
            (*partition, place.map_or(Offset::Beginning, Offset::Offset))
        });
        if let Err(error) = self.client.assign(&places.collect()) {
            return self.ask_again(&format!("the topic of targets cannot be read: {error}"));
        }
        for partition in partitions {
            if !self.holdings.has(partition) {
                self.holdings.begin(partition, None);
            }
        }
    }

    fn ask_again(&mut self, story: &str) {
        self.times.ask_again = Instant::now() + RETRY_INTERVAL;
        self.client.failed(story);
    }
}
