//! The credentials in a url: sent in a header, and never in the url itself.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::header::HeaderValue;
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

/// Whether the credentials of the first url are for this one, too: they are its site's, and of no
/// other one, unless that is the same site, which only leads from http to https.
pub(super) fn go_along(first: &Url, now: &Url) -> bool {
    let port = Url::port_or_known_default;
    let leads_to_tls = first.scheme() == "http"
        && now.scheme() == "https"
        && first.host() == now.host()
        && (port(first), port(now)) == (Some(80), Some(443));
    first.origin() == now.origin() || leads_to_tls
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

    #[test]
    fn credentials_go_along_to_the_same_site_alone() {
        let first = url("http://u:p@a.example/x");
        for same in [
            "http://a.example/y",
            "http://a.example:80/",
            "https://a.example/",
        ] {
            assert!(go_along(&first, &url(same)), "{same}");
        }
        for other in [
            "http://b.example/",
            "http://www.a.example/",
            "https://a.example:8443/",
            "http://a.example:8080/",
        ] {
            assert!(!go_along(&first, &url(other)), "{other}");
        }
        // Never from encrypted to plain.
        assert!(!go_along(
            &url("https://u:p@a.example/"),
            &url("http://a.example/")
        ));
    }
}
