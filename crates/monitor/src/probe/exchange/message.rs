//! What is sent at each hop, beside the url.

use http::{
    HeaderMap, Method,
    header::{self, HeaderValue},
};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::credentials::{authorization, go_along};
use crate::probe::request::Asking;

/// What a target says of its requests, over all hops: its headers, body and credentials are its own
/// site's, and no other one gets to see them.
pub(super) struct Message<'a> {
    asking: &'a Asking,
    first: Url,
    credentials: Option<HeaderValue>,
    /// Whether a redirect has made a plain GET of it.
    became_get: bool,
}

impl<'a> Message<'a> {
    /// What is sent to the first url, and to those that follow.
    pub(super) fn new(asking: &'a Asking, first: &Url) -> Self {
        Self {
            asking,
            first: first.clone(),
            credentials: authorization(first),
            became_get: false,
        }
    }

    pub(super) fn method(&self) -> Method {
        if self.became_get {
            return Method::GET;
        }
        self.asking.method.clone()
    }

    /// The headers beside those of every request. The target's own come before what the url says.
    pub(super) fn headers(&self, url: &Url, cookies: Option<HeaderValue>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if let Some(cookies) = cookies {
            headers.insert(header::COOKIE, cookies);
        }
        let goes_along = go_along(&self.first, url);
        let ours = self.credentials.as_ref().filter(|_| goes_along);
        // What a Location itself spells is for where it leads.
        if let Some(credentials) = authorization(url).or_else(|| ours.cloned()) {
            headers.insert(header::AUTHORIZATION, credentials);
        }
        if !goes_along {
            return headers;
        }
        let own = &self.asking.headers;
        for name in own.keys() {
            if self.became_get && name.as_str().starts_with("content-") {
                continue;
            }
            // Cookies that the site has set meanwhile are sent beside the target's.
            if *name != header::COOKIE {
                headers.remove(name);
            }
            for value in own.get_all(name) {
                headers.append(name, value.clone());
            }
        }
        if let Some(line) = in_one_line(headers.get_all(header::COOKIE).iter()) {
            headers.insert(header::COOKIE, line);
        }
        headers
    }

    /// The body, where one goes along.
    pub(super) fn body(&self, url: &Url) -> Option<String> {
        let goes_along = !self.became_get && go_along(&self.first, url);
        let body: Option<&SecretString> = self.asking.body.as_ref();
        body.filter(|_| goes_along)
            .map(|body| body.expose_secret().to_owned())
    }

    /// A redirect is followed: what browsers make a GET of becomes one.
    pub(super) fn follow(&mut self, status: u16) {
        let method = self.method();
        self.became_get |= match status {
            303 => method != Method::HEAD,
            301 | 302 => method == Method::POST,
            _ => false,
        };
    }
}

/// Cookies stand in one line (RFC 6265, 5.4): of several, some servers read the first alone, and others put
/// commas between them.
fn in_one_line<'a>(cookies: impl Iterator<Item = &'a HeaderValue>) -> Option<HeaderValue> {
    let all: Vec<_> = cookies.map(HeaderValue::as_bytes).collect();
    if all.len() < 2 {
        return None;
    }
    let mut line = HeaderValue::from_bytes(&all.join(&b"; "[..])).ok()?;
    line.set_sensitive(true);
    Some(line)
}
