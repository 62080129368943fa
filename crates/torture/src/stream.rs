//! The records: what is sent, and what has to become of it. A record is a pure function of the seed
//! and its number, so that nothing has to be remembered.

mod failing;
mod kind;
mod original;
mod planned;
mod poison;
mod random;
mod row;
mod sample;
mod settings;

use self::kind::{Kind, Variant, kind_of, partition_of};

pub(crate) use self::{
    kind::PARTITIONS,
    original::identify,
    planned::{Meaning, Planned},
    row::{COLUMNS, Row},
    sample::{COMPLETE_RECORDS, CONTESTED_TEXT},
    settings::{OTHER_RECEIVER, RECEIVER, Settings},
};

/// All records of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stream {
    pub(crate) seed: u64,
    pub(crate) records: u64,
}

impl Stream {
    /// A record by its number.
    pub(crate) fn record(&self, number: u64) -> Planned {
        match kind_of(self.seed, number, self.records) {
            Kind::Poison => poison::poison(self.seed, number),
            Kind::Original => original::original(self.seed, number),
            Kind::Contested => {
                let (mut row, _) = sample::sample(self.seed, number, self.records);
                sample::make_contested(&mut row, number);
                planned(number, number, row, Settings::default())
            }
            Kind::Check(check, variant) => self.check(number, check, variant),
        }
    }

    /// What a record says of its website's `target`: as `record` has it, and much quicker.
    pub(crate) fn settings(&self, number: u64) -> Settings {
        match kind_of(self.seed, number, self.records) {
            Kind::Check(check, _) => sample::settings(check),
            Kind::Poison | Kind::Original | Kind::Contested => Settings::default(),
        }
    }

    fn check(&self, number: u64, check: u64, variant: Variant) -> Planned {
        let (mut row, settings) = sample::sample(self.seed, check, self.records);
        match variant {
            Variant::First | Variant::Repeat => {}
            Variant::Altered => row.response_time += 1.0,
            Variant::Missed => sample::make_missed(&mut row),
        }
        planned(number, check, row, settings)
    }
}

fn planned(number: u64, check: u64, row: Row, settings: Settings) -> Planned {
    Planned {
        partition: Some(partition_of(check)),
        key: row.url.clone().into_bytes(),
        value: Some(row.to_json(&settings)),
        timestamp_ms: sample::BASE_MS + number as i64,
        meaning: Meaning::Row {
            is_contested: row.url.starts_with(sample::CONTESTED),
            row: Box::new(row),
            settings,
            is_original: false,
        },
    }
}
