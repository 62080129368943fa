//! The addresses that Prometheus asks, as `blackbox_exporter` has them.

use std::sync::Arc;

use axum::Router;
use service::blackbox::{self, Asked, Source, Website};

use super::shared::{Out, Site};
use crate::queries;

/// `/probe` and `/probes`.
pub(super) fn routes(site: Arc<Site>) -> Router {
    blackbox::router(Stored(site))
}

/// What the database holds of websites, of those that may be seen.
struct Stored(Arc<Site>);

impl Source for Stored {
    async fn websites(&self, asked: Option<&Asked>) -> Result<Vec<Website>, String> {
        let Self(site) = self;
        let reading = &site.reading;
        let read = queries::probes(reading.database(), reading.audience(), asked).await;
        let noted = site.noted(read);
        noted.map_err(|Out| "the database does not answer".to_owned())
    }
}
