//! From a redirect's Location to the next url.

use http::header::HeaderValue;
use percent_encoding::{AsciiSet, percent_encode};
use url::Url;

use super::credentials::without_credentials;
use crate::masked::Masked;

/// Characters of a Location that are quoted.
const LOCATION_CHARS_MAX: usize = 200;

/// The url that a Location leads to, or why it leads nowhere.
pub(super) fn hop(from: &Url, location: Option<&HeaderValue>) -> Result<Url, String> {
    let location = location.ok_or("a redirect without a Location")?;
    let bytes = location.as_bytes().trim_ascii();
    if bytes.is_empty() {
        return Err("a redirect with an empty Location".into());
    }
    let shown: String = Masked(&String::from_utf8_lossy(bytes))
        .to_string()
        .chars()
        .take(LOCATION_CHARS_MAX)
        .collect();
    // Bytes above ASCII go back as they came, whatever their charset, as browsers send them.
    let text = percent_encode(bytes, &AsciiSet::EMPTY).to_string();
    let next = from
        .join(&text)
        .map_err(|error| format!("a redirect to {shown:?}: {error}"))?;
    if !matches!(next.scheme(), "http" | "https") {
        return Err(format!(
            "a redirect to {shown:?}, which is neither http nor https"
        ));
    }
    if without_credentials(&next)
        .as_str()
        .parse::<http::Uri>()
        .is_err()
    {
        return Err(format!(
            "a redirect to {shown:?}, which cannot be asked for"
        ));
    }
    Ok(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn bytes_above_ascii_go_back_as_they_came() {
        let from = url("https://a.example/");
        let to = |location: &[u8]| {
            let location = HeaderValue::from_bytes(location).unwrap();
            hop(&from, Some(&location)).map(String::from)
        };
        assert_eq!(
            to(b"/caf\xe9?x=\xe9"),
            Ok("https://a.example/caf%E9?x=%E9".into())
        );
        assert_eq!(
            to("/café".as_bytes()),
            Ok("https://a.example/caf%C3%A9".into())
        );
        assert_eq!(
            to("https://bücher.example/".as_bytes()),
            Ok("https://xn--bcher-kva.example/".into())
        );
        assert_eq!(to(b"/a%20b%"), Ok("https://a.example/a%20b%".into()));
    }

    #[test]
    fn an_empty_location_leads_nowhere() {
        for location in ["", " ", "\t "] {
            let location = HeaderValue::from_static(location);
            let error = hop(&url("https://a.example/"), Some(&location)).unwrap_err();
            assert!(error.contains("empty Location"), "{error}");
        }
    }

    #[test]
    fn a_location_is_followed_as_a_browser_would() {
        let from = url("https://a.example/x/y?z");
        let to = |location: &str| {
            let location = HeaderValue::from_bytes(location.as_bytes()).unwrap();
            hop(&from, Some(&location)).map(String::from)
        };
        assert_eq!(to("../b"), Ok("https://a.example/b".into()));
        assert_eq!(to("//b.example"), Ok("https://b.example/".into()));
        assert_eq!(
            to("http://b.example/ü"),
            Ok("http://b.example/%C3%BC".into())
        );
        assert!(
            to("ftp://b.example")
                .unwrap_err()
                .contains("neither http nor https")
        );
        assert!(to("https://u:secret@").unwrap_err().contains("***"));
        assert!(hop(&from, None).unwrap_err().contains("without a Location"));
    }
}
