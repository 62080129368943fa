//! What is asked for, where that makes no sense whatever the database holds.

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts, Path, Request, State},
    http::{StatusCode, request::Parts},
    middleware::Next,
    response::Response,
};

use super::shared::{Shared, Site};
use crate::{answer, pages};

/// Where programs ask: they are told what is wrong as JSON.
const API: &str = "/api/";
/// How an address spells a NUL.
const NUL: &str = "%00";

/// The number that an address holds.
pub(super) struct Number(pub(super) i64);

impl FromRequestParts<Arc<Site>> for Number {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, site: &Arc<Site>) -> Result<Self, Response> {
        let number = Path::<i64>::from_request_parts(parts, site).await;
        number.map(|Path(number)| Self(number)).map_err(|_| {
            let reason = "what is asked for is called by its number, as in /websites/1";
            refuse(site, parts.uri.path(), reason)
        })
    }
}

/// Refuses words with a NUL, which stands in no text of the database: that would refuse the whole question.
pub(super) async fn refuse_nul(State(site): Shared, request: Request, next: Next) -> Response {
    let uri = request.uri();
    if uri.query().is_some_and(|words| words.contains(NUL)) {
        return refuse(&site, uri.path(), "no text holds a NUL");
    }
    next.run(request).await
}

/// There is no such address.
pub(super) async fn nowhere(State(site): Shared, request: Request) -> Response {
    if request.uri().path().starts_with(API) {
        let reason =
            "there is no such address: /api/v1/openapi.json describes those that there are";
        return answer::json_problem(StatusCode::NOT_FOUND, reason);
    }
    answer::problem(StatusCode::NOT_FOUND, pages::missing(&site.masthead()))
}

fn refuse(site: &Site, path: &str, reason: &str) -> Response {
    if path.starts_with(API) {
        return answer::json_problem(StatusCode::BAD_REQUEST, reason);
    }
    site.refuse(reason)
}
