//! A request as it is put to a site: as a browser asks for a page, in the original's words.

use http_body_util::Empty;
use hyper::{
    HeaderMap, Request, Uri,
    body::Bytes,
    header::{self, HeaderValue},
};
use url::{Position, Url};

/// How requests name themselves.
const USER_AGENT: &str = concat!("websites-monitor/", env!("CARGO_PKG_VERSION"));
const ACCEPT: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
const ACCEPT_LANGUAGE: &str = "en";
const ACCEPT_ENCODING: &str = "gzip, deflate, br, zstd";

/// Which version a request is written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    Http1,
    Http2,
}

/// The request for a url, with these headers beside those of every request. The error is a phrase.
pub(super) fn write(
    url: &Url,
    more: &HeaderMap,
    wire: Wire,
) -> Result<Request<Empty<Bytes>>, String> {
    // HTTP/1 names the host in a header, HTTP/2 with the path.
    let asked_for = match wire {
        Wire::Http1 => &url[Position::BeforePath..Position::AfterQuery],
        Wire::Http2 => &url[..Position::AfterQuery],
    };
    let uri: Uri = asked_for.parse().map_err(|error| format!("{error}"))?;
    let mut request = Request::new(Empty::new());
    *request.uri_mut() = uri;
    let headers = request.headers_mut();
    if wire == Wire::Http1 {
        let host = &url[Position::BeforeHost..Position::AfterPort];
        let host = HeaderValue::from_str(host).map_err(|error| format!("{error}"))?;
        headers.insert(header::HOST, host);
    }
    headers.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
    headers.insert(header::ACCEPT, HeaderValue::from_static(ACCEPT));
    headers.insert(
        header::ACCEPT_LANGUAGE,
        HeaderValue::from_static(ACCEPT_LANGUAGE),
    );
    headers.insert(
        header::ACCEPT_ENCODING,
        HeaderValue::from_static(ACCEPT_ENCODING),
    );
    headers.extend(more.clone());
    Ok(request)
}
