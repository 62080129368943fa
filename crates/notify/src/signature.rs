//! Signatures as the Standard Webhooks have them (<https://www.standardwebhooks.com>), so that a
//! receiver proves with a library of its own who told it, and when.

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

const ID: HeaderName = HeaderName::from_static("webhook-id");
const TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");
/// How their libraries mark a key that is written in Base64.
const BASE64_PREFIX: &str = "whsec_";
/// Bytes of a key: shorter ones can be guessed.
const KEY_BYTES_MIN: usize = 16;

/// What signs.
#[derive(Debug)]
pub(crate) struct Signer(hmac::Key);

impl Signer {
    /// A key as it is given: bytes, or Base64 behind `whsec_`.
    pub(crate) fn new(key: &SecretString) -> Result<Self, String> {
        let key = key.expose_secret();
        let bytes = match key.strip_prefix(BASE64_PREFIX) {
            Some(encoded) => STANDARD
                .decode(encoded)
                .map_err(|_| format!("what stands behind {BASE64_PREFIX} is not Base64"))?,
            None => key.as_bytes().to_vec(),
        };
        if bytes.len() < KEY_BYTES_MIN {
            return Err(format!("is shorter than {KEY_BYTES_MIN} bytes"));
        }
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &bytes)))
    }

    /// The headers that sign a body.
    pub(crate) fn headers(&self, id: Uuid, now: Timestamp, body: &str) -> HeaderMap {
        let seconds = now.as_second();
        let signed = hmac::sign(&self.0, format!("{id}.{seconds}.{body}").as_bytes());
        let signature = format!("v1,{}", STANDARD.encode(signed));
        let entries = [
            (ID, id.to_string()),
            (TIMESTAMP, seconds.to_string()),
            (SIGNATURE, signature),
        ];
        // All of it is ASCII that a header takes.
        let entries = entries
            .into_iter()
            .filter_map(|(name, value)| Some((name, HeaderValue::try_from(value).ok()?)));
        entries.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_that_of_the_standard() {
        let signer = Signer::new(&"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into()).unwrap();
        let id: Uuid = "019243d6-0000-7000-8000-000000000000".parse().unwrap();
        let now = Timestamp::from_second(1_614_265_330).unwrap();
        let headers = signer.headers(id, now, "{\"test\": 2432232314}");
        assert_eq!(headers["webhook-timestamp"], "1614265330");
        assert_eq!(
            headers["webhook-signature"],
            "v1,fHhULiUGQWu7W7sMFjxARd82aky9T9zklF0Xvt/AdoE="
        );
        assert!(Signer::new(&"short".into()).is_err());
        assert!(Signer::new(&"whsec_%".into()).is_err());
    }
}
