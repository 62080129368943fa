//! The numbers that the monitor shows, as docs/metrics.md lists them.

service::metrics! {
    /// Checks that have their result, by outcome.
    Counter CHECKS = "monitor_checks_total" by "outcome";
    /// Checks that were down, missed or skipped, by the reason in their records.
    Counter FAILURES = "monitor_failures_total" by "reason";
    /// Time that the phases of probes took, the failing one included, over all hops.
    Histogram PROBE_PHASES = "monitor_probe_seconds" by "phase";
    /// Time of whole probes, from their start to their end or failure.
    Histogram RESPONSES = "monitor_response_seconds";
    /// Probes that run now.
    Gauge IN_FLIGHT = "monitor_in_flight_probes";
    /// Time from when a check came due to its start; slots under way at the monitor's start do not count.
    Histogram SCHEDULE_LAG = "monitor_schedule_lag_seconds";
    /// 1 while our own network is out: many sites fail together, and no witness answers (WITNESS_URLS).
    Gauge NETWORK_OUT = "monitor_network_out";
    /// Pages whose text was let go, because they came slowly while other probes had no memory.
    Counter PAGES_GIVEN_UP = "monitor_pages_given_up_total";
    /// Searches for a pattern that were given up, because they took too long.
    Counter SEARCHES_GIVEN_UP = "monitor_searches_given_up_total";
    /// Results that Kafka has acknowledged.
    Counter PUBLISHED = "monitor_published_results_total";
    /// Time from a result to Kafka's acknowledgement; for one that was on disk, from when it was read again.
    Histogram PUBLISHING = "monitor_publish_seconds";
    /// Deliveries that Kafka or its client refused, by error; what they carried is sent again.
    Counter PUBLISH_FAILURES = "monitor_publish_failures_total" by "error";
    /// Results in memory that Kafka has not acknowledged.
    Gauge UNPUBLISHED = "monitor_unpublished_results";
    /// Results that will never reach Kafka; the log names their targets.
    Counter DROPPED = "monitor_dropped_results_total";
    /// Matched texts that were cut, so that their records fit into a message.
    Counter MATCHED_TEXTS_CUT = "monitor_matched_texts_cut_total";
    /// 1 while the state can be used; 0 while results wait in memory alone.
    Gauge STATE_USABLE = "monitor_state_usable";
    /// Results on disk that wait for Kafka.
    Gauge SPOOLED = "monitor_spooled_results";
    /// Bytes that results on disk take, of SPOOL_BYTES_MAX.
    Gauge SPOOL_BYTES = "monitor_spool_bytes";
    /// When the oldest result on disk was due, in seconds since 1970; 0 when there is none.
    Gauge SPOOL_OLDEST = "monitor_spool_oldest_timestamp_seconds";
    /// Checks that were due without a monitor and were told as missed, at the start or where their targets came from another monitor.
    Counter BACKFILLED = "monitor_backfilled_results_total";
    /// Targets that are checked.
    Gauge TARGETS = "monitor_targets";
    /// Rows of the targets file, or records of the targets topic, that cannot be used.
    Gauge BAD_TARGET_ROWS = "monitor_bad_target_rows";
    /// Time since the list of targets in force was read.
    Gauge TARGETS_AGE = "monitor_targets_age_seconds";
    /// 1 while the targets file as it stands was refused and an older list is in force.
    Gauge TARGETS_REFUSED = "monitor_targets_refused";
    /// Readings of the targets file, by what came of them.
    Counter TARGET_RELOADS = "monitor_target_reloads_total" by "outcome";
    /// Partitions of the targets topic whose targets are checked here.
    Gauge FLEET_PARTITIONS = "monitor_fleet_partitions";
    /// Times that the group of monitors gave us partitions of the targets topic, or took them.
    Counter FLEET_REBALANCES = "monitor_fleet_rebalances_total";
    /// Spans of traces that the collector has taken.
    Counter SPANS_TOLD = "monitor_told_spans_total";
    /// Spans of traces that are lost, since the collector was away or took too few.
    Counter SPANS_DROPPED = "monitor_dropped_spans_total";
}
