//! The routes, and what stands behind each.
//!
//! - `asked`: what is refused, whatever the database holds.
//! - `html`: pages. `live`: what they are told while they are open.
//! - `json`: the API. `others`: summary, badges, feed. `probes`: what Prometheus is told.
//! - `shared`: what the handlers share.

mod asked;
mod html;
mod json;
mod live;
mod others;
mod probes;
mod shared;

use std::sync::Arc;

use anyhow::Context;
use axum::{
    Router,
    middleware::{from_fn_with_state, map_response},
    response::Response,
};
use database::Database;
use tokio::sync::watch;
use tower_http::compression::CompressionLayer;

use self::shared::Site;
use crate::{
    account::Account,
    answer,
    audience::Audience,
    auth::{self, Gate},
    reading::Reading,
    settings::StatusSettings,
    updates::{self, Lookout},
};

/// Connections at the same time: the page must not take those that store.
const CONNECTIONS_MAX: usize = 2;

/// The status page of a database.
#[derive(Debug)]
pub struct StatusPage {
    /// What is served.
    pub router: Router,
    /// What tells open pages of what is new while it runs.
    pub lookout: Lookout,
}

impl StatusPage {
    /// One that is seen at an address, where that is known, and that tells of the last account that was
    /// handed in. Nothing is connected yet.
    pub fn new(
        settings: &StatusSettings,
        address: Option<&str>,
        database: &Database,
        account: watch::Receiver<Option<Arc<Account>>>,
    ) -> anyhow::Result<Self> {
        let database = database.for_reading(CONNECTIONS_MAX);
        let database = database.context("for the status page")?;
        let audience = Audience::new(&settings.public_tags, !settings.shows_urls);
        let (lookout, updates) = updates::updates(database.clone(), audience.clone());
        let reading = Reading::new(database, audience);
        let address = address.map(str::to_owned);
        let site = Site::new(settings.title.clone(), address, (reading, updates), account);
        let site = Arc::new(site);
        let mut routes = html::routes()
            .merge(json::routes())
            .merge(others::routes())
            .merge(live::routes())
            .fallback(asked::nowhere)
            .with_state(Arc::clone(&site));
        // Prometheus knows websites by their urls.
        if settings.shows_urls {
            routes = routes.merge(probes::routes(Arc::clone(&site)));
        }
        routes = routes.layer(from_fn_with_state(site, asked::refuse_nul));
        if let Some(credentials) = settings.credentials.clone() {
            let gate = Arc::new(Gate::new(credentials));
            routes = routes.layer(from_fn_with_state(gate, auth::ask));
        }
        Ok(Self {
            router: routes
                .layer(map_response(with_headers))
                .layer(CompressionLayer::new()),
            lookout,
        })
    }
}

async fn with_headers(mut response: Response) -> Response {
    for (name, value) in answer::HEADERS {
        response.headers_mut().insert(name, value);
    }
    response
}
