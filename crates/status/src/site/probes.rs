//! The addresses that Prometheus asks, as `blackbox_exporter` has them.

use std::sync::Arc;

use axum::Router;
use service::blackbox::{self, Asked, Source, Website};

use super::shared::Site;
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
        match queries::probes(reading.database(), reading.audience(), asked).await {
            Ok(websites) => {
                site.is_back();
                Ok(websites)
            }
            Err(error) => {
                site.note_outage(&error);
                Err("the database does not answer".to_owned())
            }
        }
    }
}
