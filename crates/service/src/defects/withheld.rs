//! What must not leave the process, whatever text it stands in.

use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret, SecretString};
use sentry::protocol::{Context, Event, Value};

/// What stands in its place.
const MASK: &str = "***";
/// Shorter ones are found in any text, and would tell themselves by what is missing.
const SECRET_BYTES_LEAST: usize = 4;

/// The secrets of the settings; what stands before a url's host is withheld without being known.
pub(super) struct Withheld(Vec<SecretString>);

impl Withheld {
    /// Each secret, and of those that are urls the password alone, too.
    pub(super) fn of(secrets: &[SecretString]) -> Self {
        let mut texts: Vec<String> = Vec::new();
        for secret in secrets {
            let text = secret.expose_secret();
            texts.push(text.to_owned());
            if let Some(password) = password_of(text) {
                texts.push(percent_decode_str(password).decode_utf8_lossy().into());
                texts.push(password.to_owned());
            }
        }
        texts.retain(|text| text.len() >= SECRET_BYTES_LEAST);
        // One that holds another goes first.
        texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
        Self(texts.into_iter().map(SecretString::from).collect())
    }

    /// Masks what is to be withheld in all texts that somebody wrote at run time.
    pub(super) fn mask(&self, event: &mut Event<'static>) {
        let texts = [&mut event.message, &mut event.culprit];
        let values = event.exception.iter_mut().map(|it| &mut it.value);
        for text in texts.into_iter().chain(values).flatten() {
            *text = self.masked(text);
        }
        for tag in event.tags.values_mut() {
            *tag = self.masked(tag);
        }
        for value in event.extra.values_mut() {
            self.mask_value(value);
        }
        for context in event.contexts.values_mut() {
            if let Context::Other(fields) = context {
                for value in fields.values_mut() {
                    self.mask_value(value);
                }
            }
        }
    }

    fn mask_value(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.masked(text),
            Value::Array(values) => values.iter_mut().for_each(|it| self.mask_value(it)),
            Value::Object(fields) => fields.values_mut().for_each(|it| self.mask_value(it)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn masked(&self, text: &str) -> String {
        let known = self.0.iter().fold(text.to_owned(), |text, secret| {
            text.replace(secret.expose_secret(), MASK)
        });
        without_logins(&known)
    }
}

/// A url's password, as it stands there.
fn password_of(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let (login, _) = rest.rsplit_once('@')?;
    login.split_once(':').map(|(_, password)| password)
}

/// Masks who logs in by a url, also where the url stands amid a sentence.
fn without_logins(text: &str) -> String {
    let mut parts = text.split("://");
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let ends = |char: char| char.is_whitespace() || "/?#\"'<>`".contains(char);
        let authority = &part[..part.find(ends).unwrap_or(part.len())];
        shown += "://";
        match authority.rfind('@') {
            Some(at) => {
                shown += MASK;
                shown += &part[at..];
            }
            None => shown += part,
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_and_logins_are_masked_and_nothing_else() {
        let uri = "postgres://me:ge%2Fheim@db.example/checks";
        let secrets = [uri, "p&ss", "abc"].map(SecretString::from);
        let withheld = Withheld::of(&secrets);
        let masked = |text: &str| withheld.masked(text);
        assert_eq!(masked(&format!("opening {uri}: no")), "opening ***: no");
        assert_eq!(masked("it is ge/heim, or ge%2Fheim"), "it is ***, or ***");
        assert_eq!(masked("password=p&ss abc"), "password=*** abc");
        assert_eq!(
            masked("asking \"https://u:p@w@h:8/a@b\" and http://x@y, not mail@z"),
            "asking \"https://***@h:8/a@b\" and http://***@y, not mail@z"
        );
        assert_eq!(masked("https://host/a@b"), "https://host/a@b");
    }
}
