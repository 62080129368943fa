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
    /// Nothing is stored of any partition: the group begins, with all that the topic has now.
    BeginGroup,
    /// Nothing is stored of this one: begin here.
    Begin(i64),
    /// Records that were not read are gone from the topic.
    SkipLost { from: i64, to: i64 },
    /// The topic ends before what is stored: it is another one.
    BeginAnew { from: i64, at: i64 },
}

/// Where a partition begins, when the group has begun with at least one.
pub(super) fn decide(stored: Option<i64>, committed: Option<Committed>, topic: Range) -> Start {
    match stored {
        Some(from) if from > topic.end => Start::BeginAnew {
            from,
            at: topic.start,
        },
        Some(from) if from < topic.start => Start::SkipLost {
            from,
            to: topic.start,
        },
        Some(at) => Start::Resume(at),
        // It was added later, and was empty when the group began: whatever is gone of it is lost.
        None => Start::Begin(originals(committed, topic).unwrap_or(0)),
    }
}

/// Where a partition begins that the topic had when the group began.
pub(super) fn first(committed: Option<Committed>, topic: Range, reset: OffsetReset) -> i64 {
    originals(committed, topic).unwrap_or(match reset {
        OffsetReset::Earliest => topic.start,
        OffsetReset::Latest => topic.end,
    })
}

/// Where the original stopped; or the start of the topic that took the place of its one. Records
/// that are gone since it stopped are lost, and counted when that is found. Our own hint says
/// nothing: the database is new, or was emptied.
fn originals(committed: Option<Committed>, topic: Range) -> Option<i64> {
    let Committed { at, is_ours } = committed?;
    if is_ours {
        return None;
    }
    Some(if at <= topic.end { at } else { topic.start })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOPIC: Range = Range {
        start: 100,
        end: 200,
    };

    fn begin(committed: Option<(i64, bool)>, reset: OffsetReset) -> i64 {
        first(commit(committed), TOPIC, reset)
    }

    fn commit(committed: Option<(i64, bool)>) -> Option<Committed> {
        committed.map(|(at, is_ours)| Committed { at, is_ours })
    }

    #[test]
    fn what_is_stored_decides_whatever_kafka_says() {
        for at in [100, 150, 200] {
            let start = decide(Some(at), commit(Some((120, false))), TOPIC);
            assert_eq!(start, Start::Resume(at));
        }
    }

    #[test]
    fn a_topic_that_ends_before_what_is_stored_is_another_one() {
        let start = decide(Some(201), None, TOPIC);
        assert_eq!(start, Start::BeginAnew { from: 201, at: 100 });
    }

    #[test]
    fn records_that_retention_removed_are_skipped() {
        let start = decide(Some(50), None, TOPIC);
        assert_eq!(start, Start::SkipLost { from: 50, to: 100 });
    }

    #[test]
    fn a_partition_that_was_added_later_is_read_from_its_beginning() {
        assert_eq!(decide(None, None, TOPIC), Start::Begin(0));
        let hint = commit(Some((150, true)));
        assert_eq!(decide(None, hint, TOPIC), Start::Begin(0));
        let originals = commit(Some((150, false)));
        assert_eq!(decide(None, originals, TOPIC), Start::Begin(150));
    }

    #[test]
    fn the_original_is_taken_over_where_it_stopped() {
        let latest = OffsetReset::Latest;
        assert_eq!(begin(Some((150, false)), latest), 150);
        assert_eq!(
            begin(Some((50, false)), latest),
            50,
            "what is gone since is lost"
        );
        assert_eq!(begin(Some((999, false)), latest), 100, "made anew");
    }

    #[test]
    fn a_new_database_reads_again_in_spite_of_our_hint() {
        assert_eq!(begin(Some((150, true)), OffsetReset::Earliest), 100);
        assert_eq!(begin(None, OffsetReset::Earliest), 100);
        assert_eq!(begin(None, OffsetReset::Latest), 200);
    }
}
