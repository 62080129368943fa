//! What is written in one transaction, and what becomes of it.

use std::iter::Sum;

use messages::Record;

use crate::batch::Batch;

/// What is kept of an error's words: some quote the whole value.
const ERROR_CHARS_MAX: usize = 1000;
/// The reason of a record whose day's rows are not kept any more: it is counted, and no dead letter.
const EXPIRED: &str = "expired";

/// Decoded records of one partition, to be written in one transaction.
#[derive(Debug)]
pub struct Chunk<'a> {
    /// The partition of the topic that they are of.
    pub partition: i32,
    /// The stored offset that it goes on from: at most its first record's, since logs have gaps.
    pub from: i64,
    /// The stored offset that it leads to: the one after its last record.
    pub to: i64,
    /// The records, in the order of their offsets.
    pub items: Vec<Item>,
    /// Where their bytes are, which a dead letter keeps.
    pub batch: &'a Batch,
}

/// A record, decoded.
#[derive(Debug)]
pub struct Item {
    /// Its place in the batch, by which its bytes are found.
    pub index: usize,
    /// Its offset in the partition: where a chunk can be cut.
    pub offset: i64,
    /// What it says, or why it cannot become a row.
    pub content: Result<Record, Refusal>,
}

/// Why a record cannot become a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The kind, one of few: what is counted and looked for by.
    pub reason: &'static str,
    /// The words, for a person. Storable: no NUL, not too long.
    pub error: String,
}

/// What became of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// It is stored.
    Now(Counts),
    /// It was stored before: the reply to our own commit was lost, or another consumer was faster.
    Before,
    /// The stored offset is neither where it begins nor where it ends.
    Elsewhere,
}

/// What the offsets of a chunk became, each exactly one thing: together they are as many as the
/// stored offset moves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Records that became rows.
    pub rows: i64,
    /// Records of checks that had their row.
    pub duplicates: i64,
    /// Records in whose favour a missed one gave way.
    pub replaced: i64,
    /// Records that could not become rows, and are kept with their reason.
    pub dead_letters: i64,
    /// Records that were due longer ago than rows are kept.
    pub expired: i64,
    /// Offsets without a record: transaction marks, compaction, records gone before they were read.
    pub gaps: i64,
}

impl Sum for Counts {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, it| Self {
            rows: sum.rows + it.rows,
            duplicates: sum.duplicates + it.duplicates,
            replaced: sum.replaced + it.replaced,
            dead_letters: sum.dead_letters + it.dead_letters,
            expired: sum.expired + it.expired,
            gaps: sum.gaps + it.gaps,
        })
    }
}

impl Chunk<'_> {
    /// Cuts it in two, where it holds more than one record.
    pub fn split(mut self) -> (Self, Option<Self>) {
        let middle = self.items.len() / 2;
        if middle == 0 {
            return (self, None);
        }
        let items = self.items.split_off(middle);
        let border = self.items.last().map_or(self.from, |item| item.offset + 1);
        let second = Self {
            from: border,
            items,
            ..self
        };
        self.to = border;
        (self, Some(second))
    }

    /// The records that can become rows, in order.
    pub(super) fn records(&self) -> impl Iterator<Item = &Record> {
        let items = self.items.iter();
        items.filter_map(|item| item.content.as_ref().ok())
    }
}

impl Refusal {
    /// Of a record that was due longer ago than rows are kept.
    pub fn expired() -> Self {
        Self::new(EXPIRED, "the rows of its day are not kept any more")
    }

    /// Whether it is no more than that.
    pub fn is_expired(&self) -> bool {
        self.reason == EXPIRED
    }

    /// A refusal; its words are made storable.
    pub fn new(reason: &'static str, error: &str) -> Self {
        let error = error.chars().take(ERROR_CHARS_MAX);
        Self {
            reason,
            // A value that is quoted may hold what PostgreSQL's texts cannot.
            error: error
                .map(|char| if char == '\0' { '\u{fffd}' } else { char })
                .collect(),
        }
    }
}

/// A number of things in memory, as PostgreSQL counts.
pub(super) fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_errors_words_can_always_be_stored() {
        let refusal = Refusal::new("not_json", &format!("nul \0 {}", "x".repeat(1_000_000)));
        assert!(!refusal.error.contains('\0'));
        assert_eq!(refusal.error.chars().count(), ERROR_CHARS_MAX);
    }
}
