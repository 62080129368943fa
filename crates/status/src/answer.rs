//! From a page to what goes over the wire, and what is said when something is wrong.

use axum::{
    http::{
        HeaderMap, HeaderName, HeaderValue, StatusCode,
        header::{
            CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
            REFERRER_POLICY, REFRESH, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
        },
    },
    response::{IntoResponse, Response},
};
use maud::Markup;
use serde_json::json;

use crate::assets;

/// Nothing from elsewhere, nothing inline, and nobody's frame.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
                      connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// Seconds after which a page of an outage is asked for again.
const RETRY_SECONDS: u32 = 10;
const HTML: &str = "text/html; charset=utf-8";
/// Of whatever programs are told.
pub(crate) const JSON: &str = "application/json";

/// Headers of every answer.
pub(crate) const HEADERS: [(HeaderName, HeaderValue); 4] = [
    (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
];

/// A page; nothing where the browser has it already.
pub(crate) fn page(markup: Markup, asked: &HeaderMap) -> Response {
    content(HTML, markup.into_string(), asked)
}

/// Some content, with a tag by which a browser asks whether it changed.
pub(crate) fn content(content_type: &'static str, content: String, asked: &HeaderMap) -> Response {
    let tag = format!("W/\"{}\"", assets::digest(&content));
    let is_known = asked
        .get(IF_NONE_MATCH)
        .is_some_and(|known| names(known, &tag));
    let headers = [(ETAG, tag), (CACHE_CONTROL, "no-cache".to_owned())];
    if is_known {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    (headers, [(CONTENT_TYPE, content_type)], content).into_response()
}

/// Whether one of the tags that somebody knows is this one; whether one is weak makes no difference here.
fn names(known: &HeaderValue, tag: &str) -> bool {
    let strong = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let mut known = known.to_str().unwrap_or_default().split(',').map(strong);
    known.any(|it| it == "*" || it == strong(tag))
}

/// A page that says what is wrong.
pub(crate) fn problem(status: StatusCode, markup: Markup) -> Response {
    let mut response = (status, [(CONTENT_TYPE, HTML)], markup.into_string()).into_response();
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(RETRY_AFTER, RETRY_SECONDS.into());
        // Browsers go by this one.
        headers.insert(REFRESH, RETRY_SECONDS.into());
    }
    response
}

/// The same for a program.
pub(crate) fn json_problem(status: StatusCode, reason: &str) -> Response {
    let body = json!({ "error": reason }).to_string();
    (status, [(CONTENT_TYPE, JSON)], body).into_response()
}

/// A file that never changes under its name.
pub(crate) fn asset(asset: &'static assets::Asset) -> Response {
    let headers = [
        (CONTENT_TYPE, asset.content_type),
        (CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    (headers, asset.content).into_response()
}
