//! The metrics recorder.

use std::time::Duration;

use anyhow::Context;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio_util::sync::CancellationToken;

use super::metric::Metric;

/// How often the recorder folds its samples, which otherwise wait for a scrape that may never come. A
/// consumer with a backlog makes some ten thousands a second, of 24 bytes each.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(1);
/// Upper bounds in seconds for every histogram of a time: from a query to a probe's limit.
const SECONDS_BUCKETS: [f64; 14] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
];
/// Upper bounds for every histogram of a number of rows.
const ROWS_BUCKETS: [f64; 8] = [1.0, 10.0, 50.0, 100.0, 500.0, 1000.0, 2500.0, 5000.0];

/// The numbers of this process.
#[derive(Clone)]
pub struct Metrics {
    handle: PrometheusHandle,
}

impl Metrics {
    /// Installs the recorder of these numbers.
    pub fn install(numbers: &[Metric]) -> anyhow::Result<Self> {
        let handle = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &SECONDS_BUCKETS)
            .and_then(|builder| {
                builder.set_buckets_for_metric(Matcher::Suffix("_rows".into()), &ROWS_BUCKETS)
            })
            .and_then(PrometheusBuilder::install_recorder)
            .context("starting the metrics")?;
        numbers.iter().for_each(Metric::describe);
        Ok(Self { handle })
    }

    /// The numbers, as Prometheus reads them.
    pub fn render(&self) -> String {
        self.handle.render()
    }

    /// Folds samples until `stop`.
    pub async fn upkeep(self, stop: CancellationToken) {
        while stop
            .run_until_cancelled(tokio::time::sleep(UPKEEP_INTERVAL))
            .await
            .is_some()
        {
            self.handle.run_upkeep();
        }
    }
}
