//! What results come to, counted again: incidents and states, from docs/decisions/0019 and from nothing
//! of the consumer's.

use std::collections::BTreeMap;

use uuid::Uuid;

/// Intervals after which a location has no say.
const HEARD_INTERVALS: i64 = 3;

/// A result that counts. Times are in microseconds, intervals in nanoseconds.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) check: Uuid,
    pub(super) location: String,
    pub(super) due: i64,
    pub(super) interval: i64,
    pub(super) failed: bool,
    /// Failed results in a row that it takes, and good ones.
    pub(super) patience: (u32, u32),
}

/// A website's time of being down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Incident {
    pub(super) opened_by: Uuid,
    pub(super) started_at: i64,
    pub(super) last_good_at: Option<i64>,
    /// Locations that said so, and that were heard.
    pub(super) locations: (i32, i32),
    /// The check that closed it, and since when it was over.
    pub(super) closed: Option<(Uuid, i64)>,
}

/// How a location sees a website.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct State {
    pub(super) is_down: bool,
    pub(super) since: i64,
    /// When those were due that say the opposite, too few yet.
    pub(super) against: Vec<i64>,
    pub(super) newest_at: i64,
    pub(super) interval: i64,
    pub(super) last_good_at: Option<i64>,
}

/// A website, as its results make it.
#[derive(Debug, Default)]
pub(super) struct Website {
    pub(super) incidents: Vec<Incident>,
    pub(super) states: BTreeMap<String, State>,
}

impl Website {
    /// Takes a result in; they come in the order in which they were decided.
    pub(super) fn see(&mut self, seen: &Seen) {
        let state = self.states.entry(seen.location.clone()).or_insert(State {
            since: seen.due,
            newest_at: i64::MIN,
            ..State::default()
        });
        if seen.due <= state.newest_at {
            return;
        }
        state.take(seen);
        let since = state.since;
        let is_up_again = !state.is_down;
        let heard = heard(&self.states);
        let mut down: Vec<&State> = heard.iter().copied().filter(|it| it.is_down).collect();
        down.sort_by_key(|it| it.since);
        let are_most = 2 * down.len() > heard.len();
        let open = self.incidents.last().filter(|it| it.closed.is_none());
        match open {
            None if seen.failed && are_most => {
                // Without this one it was no more than half of them.
                let started_at = down[heard.len() / 2].since;
                let good = down.iter().filter_map(|it| it.last_good_at);
                let incident = Incident {
                    opened_by: seen.check,
                    started_at,
                    last_good_at: good.filter(|at| *at < started_at).max(),
                    locations: (down.len() as i32, heard.len() as i32),
                    closed: None,
                };
                self.incidents.push(incident);
            }
            Some(incident) if !seen.failed && !are_most => {
                let began = incident.started_at;
                // Who was up all the time, and is heard again, ends it by this very check.
                let is_turn = is_up_again && since > began;
                let ended_at = if is_turn { since } else { seen.due };
                if let Some(incident) = self.incidents.last_mut() {
                    incident.closed = Some((seen.check, ended_at.max(began)));
                }
            }
            _ => {}
        }
    }
}

/// The locations of which something was heard within three of their intervals.
fn heard(states: &BTreeMap<String, State>) -> Vec<&State> {
    let newest = states.values().map(|it| it.newest_at).max();
    let newest = newest.unwrap_or_default();
    let is_heard = |it: &&State| {
        let silent_nanos = (newest - it.newest_at).saturating_mul(1000);
        silent_nanos <= HEARD_INTERVALS * it.interval
    };
    states.values().filter(is_heard).collect()
}

impl State {
    fn take(&mut self, seen: &Seen) {
        (self.newest_at, self.interval) = (seen.due, seen.interval);
        if !seen.failed {
            self.last_good_at = Some(seen.due);
        }
        if seen.failed == self.is_down {
            self.against.clear();
            return;
        }
        self.against.push(seen.due);
        let (failed, good) = seen.patience;
        let enough = if seen.failed { failed } else { good };
        if self.against.len() >= enough as usize {
            self.is_down = seen.failed;
            self.since = self.against[0];
            self.against.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Results of locations, in turns a second apart: `x` failed, `o` did not, `-` nobody looked.
    fn website(results: &[&str]) -> Website {
        let mut website = Website::default();
        let turns = results.iter().map(|it| it.len()).max().unwrap_or(0);
        for turn in 0..turns {
            for (place, results) in results.iter().enumerate() {
                let failed = match results.as_bytes().get(turn) {
                    Some(b'x') => true,
                    Some(b'o') => false,
                    _ => continue,
                };
                let due = turn as i64 * 1_000_000 + place as i64;
                website.see(&Seen {
                    check: Uuid::from_u64_pair(0, due.unsigned_abs()),
                    location: place.to_string(),
                    due,
                    interval: 1_000_000_000,
                    failed,
                    patience: (2, 1),
                });
            }
        }
        website
    }

    fn told(results: &[&str]) -> Vec<(i64, Option<i64>)> {
        let incidents = website(results).incidents;
        let told = incidents
            .iter()
            .map(|it| (it.started_at, it.closed.map(|it| it.1)));
        told.collect()
    }

    #[test]
    fn it_takes_two_in_a_row_and_one_to_end_it() {
        assert_eq!(told(&["oxoxxo"]), [(3_000_000, Some(5_000_000))]);
        assert_eq!(told(&["xoxo"]), []);
    }

    #[test]
    fn it_takes_more_than_half_of_those_heard() {
        assert_eq!(told(&["xxxx", "oooo"]), []);
        assert_eq!(told(&["xxxxx", "oooxx"]), [(3_000_001, None)]);
        // The second is not heard any more three seconds later.
        assert_eq!(told(&["xxxxxx", "o-----"]), [(0, None)]);
    }
}
