//! From a redirect's Location to the next url.

use hyper::header::HeaderValue;
use url::Url;

use super::credentials::without_credentials;
use crate::masked::Masked;

/// Characters of a Location that are quoted.
const LOCATION_CHARS_MAX: usize = 200;

/// The url that a Location leads to, or why it leads nowhere.
pub(super) fn hop(from: &Url, location: Option<&HeaderValue>) -> Result<Url, String> {
    let location = location.ok_or("a redirect without a Location")?;
    // Browsers take bytes above ASCII for UTF-8.
    let text = String::from_utf8_lossy(location.as_bytes());
    let shown: String = Masked(&text)
        .to_string()
        .chars()
        .take(LOCATION_CHARS_MAX)
        .collect();
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
        .parse::<hyper::Uri>()
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
