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
    /// Records in the topic that are not stored yet, by partition.
    Gauge LAG = "consumer_lag_records" by "partition";
}
