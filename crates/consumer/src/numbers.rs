//! The numbers that the consumer shows, as docs/metrics.md lists them.

service::metrics! {
    /// Records that became rows.
    Counter ROWS = "consumer_rows_total";
    /// Records whose check had its row already.
    Counter DUPLICATES = "consumer_duplicates_total";
    /// Rows of missed checks that gave way to a real result.
    Counter REPLACED = "consumer_replaced_total";
    /// Records that were due longer ago than rows are kept.
    Counter EXPIRED = "consumer_expired_total";
    /// Offsets of the topic that carry no record.
    Counter GAPS = "consumer_gaps_total";
    /// Records that the topic's retention removed before they were read.
    Counter LOST = "consumer_lost_total";
    /// Records that cannot become rows and are kept as dead letters, by reason.
    Counter DEAD_LETTERS = "consumer_dead_letters_total" by "reason";
    /// Records written in one transaction.
    Histogram BATCH_ROWS = "consumer_batch_rows";
    /// Time that writing one batch took.
    Histogram BATCHES = "consumer_batch_seconds";
    /// Batches whose rows were stored one way slower, since some of their checks had a row already.
    Counter SETTLED_BATCHES = "consumer_settled_batches_total";
    /// Time that each step of storing a batch took.
    Histogram STEPS = "consumer_step_seconds" by "step";
    /// Time from a record's timestamp in Kafka to the commit of its row or dead letter.
    Histogram FRESHNESS = "consumer_freshness_seconds";
    /// Attempts to store a batch that failed, by reason; each is made again.
    Counter FAILED_ATTEMPTS = "consumer_failed_attempts_total" by "reason";
    /// Batches that were let go since the stored offset was not at their start, by where it was.
    Counter OFFSET_CONFLICTS = "consumer_offset_conflicts_total" by "found";
    /// Incidents that were found to begin.
    Counter INCIDENTS_BEGUN = "consumer_incidents_begun_total";
    /// Incidents that were found to end.
    Counter INCIDENTS_ENDED = "consumer_incidents_ended_total";
    /// Incidents that are open.
    Gauge OPEN_INCIDENTS = "consumer_open_incidents";
    /// Locations of which nothing comes any more.
    Gauge SILENT_LOCATIONS = "consumer_silent_locations";
    /// Partitions of the topic that are ours.
    Gauge PARTITIONS = "consumer_partitions";
    /// Records in the topic that are not stored yet, by partition.
    Gauge LAG_RECORDS = "consumer_lag_records" by "partition";
    /// Age of the oldest record that is not stored yet, by partition; 0 when there is none.
    Gauge LAG_SECONDS = "consumer_lag_seconds" by "partition";
    /// Hours whose roll-ups are to be counted anew; the hour under way is nearly always one.
    Gauge DIRTY_HOURS = "consumer_dirty_roll_ups";
    /// How long the oldest of them has waited to be counted.
    Gauge DIRTY_SECONDS = "consumer_dirty_roll_ups_seconds";
    /// Time that counting a slice of an hour, or of a day, for the roll-ups took.
    Histogram ROLL_UPS = "consumer_roll_up_seconds";
    /// Alerts that a receiver has taken, by receiver.
    Counter ALERTS_SENT = "consumer_alerts_sent_total" by "receiver";
    /// Attempts to tell a receiver something that failed, by receiver; each is made again.
    Counter ALERTS_FAILED = "consumer_alerts_failed_total" by "receiver";
    /// Alerts that are not sent yet.
    Gauge ALERTS_PENDING = "consumer_alerts_pending";
    /// Age of the oldest alert that is not sent yet; 0 when there is none.
    Gauge ALERTS_PENDING_SECONDS = "consumer_alerts_pending_seconds";
    /// Attempts that were made at the alert which its receiver refuses most, by receiver; 0 when it takes all.
    Gauge ALERTS_REFUSED = "consumer_alerts_refused_attempts" by "receiver";
    /// Spans of traces that the collector has taken.
    Counter SPANS_TOLD = "consumer_told_spans_total";
    /// Spans of traces that are lost, since the collector was away or took too few.
    Counter SPANS_DROPPED = "consumer_dropped_spans_total";
}
