//! Cookies of one probe: a site that sets one and redirects sees it at the next hop, and no later
//! probe does.

use std::{borrow::Cow, cmp::Reverse};

use cookie_store::CookieStore;
use http::{
    HeaderMap,
    header::{self, HeaderValue},
};
use url::Url;

/// Cookies of one head that are kept, and what one may take, as browsers bound them.
const COOKIES_MAX: usize = 50;
const COOKIE_BYTES_MAX: usize = 4096;
/// What all that are sent together may take: servers refuse much more.
const SENT_BYTES_MAX: usize = 16 * 1024;
/// Where the characters of nobody's begin (Unicode's private use area).
const PUT_BY: u32 = 0xf700;

/// What sites have set so far. Which of them goes where, the library knows.
#[derive(Debug, Default)]
pub(super) struct Cookies(CookieStore);

impl Cookies {
    /// Keeps what the site at this url sets. What is no cookie, or not one that it may set, is passed
    /// over.
    pub(super) fn keep(&mut self, url: &Url, head: &HeaderMap) {
        let values = head.get_all(header::SET_COOKIE).iter();
        for bytes in values
            .map(HeaderValue::as_bytes)
            .filter(|bytes| bytes.len() <= COOKIE_BYTES_MAX)
            .take(COOKIES_MAX)
        {
            self.0.parse(&as_text(bytes), url).ok();
        }
    }

    /// What is sent to this url, if anything is: the longest path first, then the eldest, as RFC 6265
    /// has it. Of two with one name, sites take the first.
    pub(super) fn header(&self, url: &Url) -> Option<HeaderValue> {
        let mut cookies = self.0.matches(url);
        // The library keeps the order in which they were set.
        cookies.sort_by_key(|cookie| Reverse(cookie.path.len()));
        let mut text = String::new();
        for (name, value) in cookies.iter().map(|cookie| cookie.name_value()) {
            if text.len() + name.len() + value.len() > SENT_BYTES_MAX {
                break;
            }
            if !text.is_empty() {
                text.push_str("; ");
            }
            text.extend([name, "=", value]);
        }
        if text.is_empty() {
            return None;
        }
        let mut value = HeaderValue::from_bytes(&as_bytes(&text)).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

/// What is no UTF-8 goes back as it came, as browsers send it: while the library has it, each byte above
/// ASCII is a character of nobody's.
fn as_text(bytes: &[u8]) -> Cow<'_, str> {
    let put_by = |byte: &u8| match *byte {
        byte if byte.is_ascii() => char::from(byte),
        byte => char::from_u32(PUT_BY + u32::from(byte)).unwrap_or(char::REPLACEMENT_CHARACTER),
    };
    str::from_utf8(bytes).map_or_else(|_| bytes.iter().map(put_by).collect(), Cow::Borrowed)
}

fn as_bytes(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    for char in text.chars() {
        let byte = u32::from(char).checked_sub(PUT_BY);
        match byte.and_then(|byte| u8::try_from(byte).ok()) {
            Some(byte) if !byte.is_ascii() => bytes.push(byte),
            _ => bytes.extend(char.encode_utf8(&mut [0; 4]).bytes()),
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn kept(from: &str, cookies: &[&str]) -> Cookies {
        let mut head = HeaderMap::new();
        for cookie in cookies {
            head.append(header::SET_COOKIE, HeaderValue::from_str(cookie).unwrap());
        }
        let mut kept = Cookies::default();
        kept.keep(&url(from), &head);
        kept
    }

    #[test]
    fn a_cookie_goes_where_it_belongs() {
        let cookies = kept(
            "https://a.example/x/y",
            &[
                "one=1; Path=/",
                "two=2; Secure",
                "gone=; Max-Age=0",
                "b=3; Domain=b.example",
            ],
        );
        let to = |text: &str| cookies.header(&url(text));
        let here = to("https://a.example/x/z").unwrap();
        let here = here.to_str().unwrap();
        assert!(here.contains("one=1") && here.contains("two=2"), "{here}");
        assert!(!here.contains("gone") && !here.contains("b=3"), "{here}");
        assert_eq!(to("http://a.example/x/z").unwrap(), "one=1");
        assert_eq!(to("https://b.example/"), None);
    }

    #[test]
    fn what_is_no_ascii_goes_back_as_it_came() {
        for cookie in [
            &b"name=Jos\xe9"[..],
            "name=Jos\u{e9}".as_bytes(),
            b"name=\xa0\xff",
        ] {
            let mut head = HeaderMap::new();
            head.append(header::SET_COOKIE, HeaderValue::from_bytes(cookie).unwrap());
            let mut kept = Cookies::default();
            kept.keep(&url("http://a.example/"), &head);
            let sent = kept.header(&url("http://a.example/")).unwrap();
            assert_eq!(sent.as_bytes(), cookie);
        }
    }

    #[test]
    fn the_longest_path_comes_first_and_then_the_eldest() {
        let names = ["e", "d", "c", "b"];
        let mut cookies: Vec<_> = names.map(|name| format!("{name}=1; Path=/")).to_vec();
        cookies.push("e=2; Path=/x".into());
        let cookies: Vec<_> = cookies.iter().map(String::as_str).collect();
        let sent = kept("http://a.example/", &cookies).header(&url("http://a.example/x"));
        assert_eq!(sent.unwrap(), "e=2; e=1; d=1; c=1; b=1");
    }

    #[test]
    fn what_is_sent_is_bounded() {
        let large = format!("={}", "x".repeat(4000));
        let cookies: Vec<_> = (0..10).map(|number| format!("c{number}{large}")).collect();
        let cookies: Vec<_> = cookies.iter().map(String::as_str).collect();
        let kept = kept("http://a.example/", &cookies);
        let sent = kept.header(&url("http://a.example/")).unwrap();
        assert!(sent.len() <= SENT_BYTES_MAX && sent.is_sensitive());
    }
}
