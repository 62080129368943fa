//! The credentials in a url: sent in a header, and never in the url itself.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use hyper::header::HeaderValue;
use percent_encoding::percent_decode_str;
use url::Url;

/// The url as it is asked for.
pub(super) fn without_credentials(url: &Url) -> Url {
    let mut url = url.clone();
    // Both refuse only urls without a host; and a fragment stays at home.
    url.set_username("").ok();
    url.set_password(None).ok();
    url.set_fragment(None);
    url
}

/// The credentials in a url, as basic authentication sends them.
pub(super) fn authorization(url: &Url) -> Option<HeaderValue> {
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let mut pair = percent_decode_str(url.username()).collect::<Vec<_>>();
    pair.push(b':');
    pair.extend(percent_decode_str(url.password().unwrap_or_default()));
    let value = format!("Basic {}", BASE64_STANDARD.encode(pair));
    let mut value = HeaderValue::from_str(&value).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn credentials_are_decoded_and_sent_apart_from_the_url() {
        let with = url("http://us%65r:p%40s%s@a.example:81/x?y#z");
        assert_eq!(
            without_credentials(&with).as_str(),
            "http://a.example:81/x?y"
        );
        let value = authorization(&with).unwrap();
        assert_eq!(
            value,
            format!("Basic {}", BASE64_STANDARD.encode("user:p@s%s"))
        );
        assert!(value.is_sensitive());
        assert_eq!(authorization(&url("http://a.example")), None);
    }
}
