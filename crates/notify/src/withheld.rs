//! What may not be told of what a receiver answers. Many servers say back what they were sent: the path that they
//! lack, a header that they do not take. Whoever knows a receiver's url can tell it anything.

use std::cmp::Reverse;

use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::header::HeaderMap;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

/// What stands in its place.
const MASK: &str = "***";
/// Shorter texts are found in any answer, and would tell themselves by what is missing.
const TEXT_BYTES_LEAST: usize = 4;
/// The same of parts, such as a name within a path: those that prove something are long.
const PART_BYTES_LEAST: usize = 12;

/// The texts of a receiver that may be secrets, and their parts.
#[derive(Debug)]
pub(crate) struct Withheld(Vec<SecretString>);

impl Withheld {
    /// What stands behind the host of its url, its headers' values, and its login.
    pub(crate) fn of(
        url: &Url,
        headers: &HeaderMap,
        login: Option<&(String, SecretString)>,
    ) -> Self {
        let mut whole = vec![url.path().to_owned()];
        whole.extend(url.query().map(str::to_owned));
        whole.extend(url.query_pairs().map(|(_, value)| value.into_owned()));
        let values = headers.values().filter_map(|it| it.to_str().ok());
        whole.extend(values.map(str::to_owned));
        if let Some((name, password)) = login {
            let password = password.expose_secret();
            whole.push(STANDARD.encode(format!("{name}:{password}")));
            whole.push(password.to_owned());
        }
        let parts = whole.iter().flat_map(|it| it.split(['/', '&', '=', ' ']));
        let parts = parts.filter(|part| part.len() >= PART_BYTES_LEAST);
        let mut texts: Vec<_> = parts.map(str::to_owned).collect();
        texts.extend(whole);
        texts.retain(|text| text.len() >= TEXT_BYTES_LEAST);
        // One that holds another goes first.
        texts.sort_by_key(|text| Reverse(text.len()));
        Self(texts.into_iter().map(SecretString::from).collect())
    }

    /// A text without them.
    pub(crate) fn masked(&self, text: &str) -> String {
        let secrets = self.0.iter().map(ExposeSecret::expose_secret);
        secrets.fold(text.to_owned(), |text, secret| text.replace(secret, MASK))
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    #[test]
    fn what_a_server_says_back_holds_no_secret_and_stays_readable() {
        let url = "https://hooks.test/services/T00/sixteen-letters?key=another%2Fsecret&b=1";
        let mut headers = HeaderMap::new();
        let token = HeaderValue::from_static("Bearer a-long-token-of-ours");
        headers.insert("authorization", token);
        headers.insert("x-team", HeaderValue::from_static("web"));
        let login = ("me".to_owned(), "pass".into());
        let withheld = Withheld::of(&url.parse().unwrap(), &headers, Some(&login));
        for said in [
            "Cannot POST /services/T00/sixteen-letters",
            "no hook is called sixteen-letters",
            "?key=another%2Fsecret&b=1",
            "the key another/secret is not known",
            "authorization: Bearer a-long-token-of-ours",
            "a-long-token-of-ours has ended",
            "Basic bWU6cGFzcw==",
            "wrong password: pass",
        ] {
            let told = withheld.masked(said);
            let is_told = |secret: &str| told.contains(secret);
            assert!(told.contains(MASK), "{told}");
            assert!(!is_told("letters") && !is_told("another"), "{told}");
            assert!(
                !is_told("of-ours") && !is_told("bWU6") && !is_told(": pass"),
                "{told}"
            );
        }
        let plain = "the web service is down for services of T00";
        assert_eq!(withheld.masked(plain), plain);
    }
}
