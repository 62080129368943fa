//! What pages are told while they are open.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::State,
    http::{
        HeaderName, HeaderValue, StatusCode,
        header::{CACHE_CONTROL, RETRY_AFTER},
    },
    response::{
        IntoResponse, Response,
        sse::{KeepAlive, Sse},
    },
    routing::get,
};

use super::shared::{Shared, Site};

/// How often something is sent where nothing is new, so that proxies keep the connection and a reader
/// that is gone is noticed.
const ALIVE_INTERVAL: Duration = Duration::from_secs(15);
/// Seconds after which a page that was refused comes again.
const RETRY_SECONDS: u32 = 60;
/// Asks nginx not to gather what is sent.
const UNBUFFERED: (HeaderName, HeaderValue) = (
    HeaderName::from_static("x-accel-buffering"),
    HeaderValue::from_static("no"),
);

/// All of them.
pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new().route("/updates", get(updates))
}

async fn updates(State(site): Shared) -> Response {
    let Some(told) = site.updates.listen() else {
        let headers = [(RETRY_AFTER, HeaderValue::from(RETRY_SECONDS))];
        let reason = "too many pages are open: this one asks by itself\n";
        return (StatusCode::SERVICE_UNAVAILABLE, headers, reason).into_response();
    };
    let headers = [
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        UNBUFFERED,
    ];
    let alive = KeepAlive::new().interval(ALIVE_INTERVAL);
    (headers, Sse::new(told).keep_alive(alive)).into_response()
}
