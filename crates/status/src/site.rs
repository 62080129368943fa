//! The routes, and what stands behind each.
//!
//! - `html`: pages. `json`: the API. `others`: summary, badges, feed. `probes`: what Prometheus is told.
//! - `shared`: what the handlers share.

mod html;
mod json;
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
use database::{Database, DatabaseSettings};
use tower_http::compression::CompressionLayer;

use self::shared::Site;
use crate::{
    answer,
    auth::{self, Gate},
    reading::Reading,
    settings::StatusSettings,
};

/// Connections at the same time: the page must not take those that store.
const CONNECTIONS_MAX: usize = 2;

/// The status page of a database, seen at an address where that is known. Nothing is connected yet.
pub fn router(
    settings: &StatusSettings,
    address: Option<&str>,
    database: &DatabaseSettings,
) -> anyhow::Result<Router> {
    let database = DatabaseSettings {
        connections_max: CONNECTIONS_MAX,
        ..database.clone()
    };
    let database = Database::for_reading(&database).context("for the status page")?;
    let reading = Reading::new(database, &settings.public_tags);
    let site = Site::new(settings.title.clone(), address.map(str::to_owned), reading);
    let site = Arc::new(site);
    let mut routes = html::routes()
        .merge(json::routes())
        .merge(others::routes())
        .with_state(Arc::clone(&site))
        .merge(probes::routes(site));
    if let Some(credentials) = settings.credentials.clone() {
        let gate = Arc::new(Gate::new(credentials));
        routes = routes.layer(from_fn_with_state(gate, auth::ask));
    }
    Ok(routes
        .layer(map_response(with_headers))
        .layer(CompressionLayer::new()))
}

async fn with_headers(mut response: Response) -> Response {
    for (name, value) in answer::HEADERS {
        response.headers_mut().insert(name, value);
    }
    response
}
