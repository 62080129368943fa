//! Where a partition begins: what is stored of it, against what the topic holds. A decision alone;
//! `finder` asks for what it needs.

use super::settings::OffsetReset;

/// What the topic holds of a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
    /// The offset of its first record; earlier ones are gone by retention.
    pub(super) start: i64,
    /// The offset after its last record.
    pub(super) end: i64,
}

/// What Kafka has committed of the group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Committed {
    pub(super) at: i64,
    /// It is a hint that we gave ourselves, not the progress of the original.
    pub(super) is_ours: bool,
}

/// What to do at a partition's beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// Go on from what is stored.
    Resume(i64),
    /// Nothing is stored: begin here.
    Begin(i64),
    /// Records that were not read are gone from the topic.
    SkipLost { from: i64, to: i64 },
    /// The topic ends before what is stored: it is another one.
    BeginAnew { from: i64, at: i64 },
}

/// Where a partition begins.
pub(super) fn decide(
    stored: Option<i64>,
    committed: Option<Committed>,
    topic: Range,
    reset: OffsetReset,
) -> Start {
    match (stored, committed) {
        (Some(from), _) if from > topic.end => Start::BeginAnew {
            from,
            at: topic.start,
        },
        (Some(from), _) if from < topic.start => Start::SkipLost {
            from,
            to: topic.start,
        },
        (Some(at), _) => Start::Resume(at),
        // Where the original stopped; or the start of the topic that took the place of its one.
        (None, Some(Committed { at, is_ours: false })) if at <= topic.end => {
            Start::Begin(at.max(topic.start))
        }
        (None, Some(Committed { is_ours: false, .. })) => Start::Begin(topic.start),
        // Our own hint says nothing: the database is new, or was emptied.
        (None, _) => Start::Begin(match reset {
            OffsetReset::Earliest => topic.start,
            OffsetReset::Latest => topic.end,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOPIC: Range = Range {
        start: 100,
        end: 200,
    };

    fn begin(committed: Option<(i64, bool)>, reset: OffsetReset) -> Start {
        let committed = committed.map(|(at, is_ours)| Committed { at, is_ours });
        decide(None, committed, TOPIC, reset)
    }

    #[test]
    fn what_is_stored_decides_whatever_kafka_says() {
        let hint = Some(Committed {
            at: 120,
            is_ours: false,
        });
        for at in [100, 150, 200] {
            assert_eq!(
                decide(Some(at), hint, TOPIC, OffsetReset::Latest),
                Start::Resume(at)
            );
        }
    }

    #[test]
    fn a_topic_that_ends_before_what_is_stored_is_another_one() {
        let start = decide(Some(201), None, TOPIC, OffsetReset::Latest);
        assert_eq!(start, Start::BeginAnew { from: 201, at: 100 });
    }

    #[test]
    fn records_that_retention_removed_are_skipped() {
        let start = decide(Some(50), None, TOPIC, OffsetReset::Latest);
        assert_eq!(start, Start::SkipLost { from: 50, to: 100 });
    }

    #[test]
    fn the_original_is_taken_over_where_it_stopped() {
        let latest = OffsetReset::Latest;
        assert_eq!(begin(Some((150, false)), latest), Start::Begin(150));
        assert_eq!(
            begin(Some((50, false)), latest),
            Start::Begin(100),
            "retention"
        );
        assert_eq!(
            begin(Some((999, false)), latest),
            Start::Begin(100),
            "made anew"
        );
    }

    #[test]
    fn a_new_database_reads_again_in_spite_of_our_hint() {
        assert_eq!(
            begin(Some((150, true)), OffsetReset::Earliest),
            Start::Begin(100)
        );
        assert_eq!(begin(None, OffsetReset::Earliest), Start::Begin(100));
        assert_eq!(begin(None, OffsetReset::Latest), Start::Begin(200));
    }
}
