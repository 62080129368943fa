//! Results at random: several sites, several locations, late, doubled, missed, in doubt.

use jiff::{SignedDuration, Timestamp};
use messages::{
    OutcomeKind::{self, Down, Missed, Up},
    Record, Witness,
};
use uuid::Uuid;

use crate::{store::tests::fixture::Content, testing};

const SITES: usize = 6;
const LOCATIONS: [&str; 3] = ["ams", "nyc", "sin"];

/// So many seconds after the first.
pub(super) fn at(second: i64) -> Timestamp {
    let first: Timestamp = "2026-11-25T03:12:00Z".parse().unwrap();
    first + SignedDuration::from_secs(second)
}

/// A result of a check every ten seconds.
pub(super) fn result(url: &str, location: &str, second: i64, outcome: OutcomeKind) -> Record {
    let mut record = testing::record(1, outcome);
    record.url = url.into();
    record.location = location.into();
    record.scheduled_at = at(second);
    record.interval = Some(10.0);
    let name = format!("{location} {url} {second}");
    record.check_id = Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes());
    record
}

/// An endless stream of results.
pub(super) struct Stream {
    random: u64,
    second: i64,
    /// Whether each site fails just now.
    failing: [bool; SITES],
    /// What may come again, or late.
    past: Vec<Record>,
}

impl Stream {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            random: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            second: 0,
            failing: [false; SITES],
            past: Vec::new(),
        }
    }

    /// A number at random.
    pub(super) fn below(&mut self, bound: u64) -> usize {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        usize::try_from(self.random % bound).unwrap()
    }

    /// Some records, of every second site where it is said which half.
    pub(super) fn records(&mut self, half: Option<usize>) -> Vec<Content> {
        let count = 1 + self.below(25);
        let records = (0..count).map(|_| Ok(self.record(half)));
        records.collect()
    }

    fn record(&mut self, half: Option<usize>) -> Record {
        if self.below(8) == 0 {
            let half_of = |it: &Record| usize::from(it.url.as_bytes()[7] % 2);
            let past = self
                .past
                .iter()
                .filter(|it| half.is_none_or(|half| half_of(it) == half));
            let past: Vec<_> = past.cloned().collect();
            if !past.is_empty() {
                return past[self.below(past.len() as u64)].clone();
            }
        }
        self.second += 1;
        let mut site = self.below(SITES as u64);
        if let Some(half) = half {
            site = site / 2 * 2 + half;
        }
        if self.below(10) == 0 {
            self.failing[site] = !self.failing[site];
        }
        let outcome = match (self.below(20), self.failing[site]) {
            (0, _) => Missed,
            (1, failing) => [Up, Down][usize::from(!failing)],
            (_, failing) => [Up, Down][usize::from(failing)],
        };
        let late = [0, 0, 0, 0, 15, 60][self.below(6)];
        let location = LOCATIONS[self.below(3)];
        let name = char::from(b'a' + u8::try_from(site).unwrap());
        let url = format!("http://{name}/");
        let mut record = result(&url, location, self.second - late, outcome);
        match self.below(12) {
            0 => record.self_doubt.overloaded = Some(true),
            1 => record.self_doubt.witness = Some(Witness::Down),
            2 => record.interval = Some(2.5),
            3 => {
                record.outcome = None;
                record.error_code = if outcome == Down { -1 } else { 200 };
            }
            _ => {}
        }
        self.past.push(record.clone());
        record
    }
}
