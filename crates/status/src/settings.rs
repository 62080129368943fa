//! What the environment says of the status page.

use secrecy::ExposeSecret;
use service::settings::{Reader, Setting};

use crate::auth::Credentials;

const STATUS_TITLE: Setting =
    Setting::with_default("STATUS_TITLE", "Websites", "what the status page is called");
const PUBLIC_TAGS: Setting = Setting::optional(
    "PUBLIC_TAGS",
    "tags, separated by spaces or commas: the status page shows only websites with one of them; all when unset",
);

const SHOW_URLS: Setting = Setting::with_default(
    "SHOW_URLS",
    "1",
    "0: the status page and the API tell websites by their names alone: no urls, nor addresses, subjects of certificates and details of failures, which name hosts",
);

const HTTP_AUTH: Setting = Setting::optional(
    "HTTP_AUTH",
    "user:hash, as htpasswd -nbB USER PASSWORD prints it: who may see the status page and the API; everybody when unset",
);

/// How the status page looks, and what it may show.
#[derive(Clone, Debug)]
pub struct StatusSettings {
    /// What it is called.
    pub title: String,
    /// Only websites with one of these tags are seen; empty: all.
    pub public_tags: Vec<String>,
    /// Websites' urls are told, without the credentials in them.
    pub shows_urls: bool,
    /// Who may see it; `None`: everybody.
    pub credentials: Option<Credentials>,
}

impl StatusSettings {
    /// Reads the settings.
    pub fn read(reader: &mut Reader) -> Self {
        let tags = reader.optional_text(&PUBLIC_TAGS).unwrap_or_default();
        Self {
            title: reader.name(&STATUS_TITLE),
            public_tags: tags
                .split([' ', ','])
                .filter(|tag| !tag.is_empty())
                .map(str::to_owned)
                .collect(),
            shows_urls: reader.flag(&SHOW_URLS),
            credentials: read_credentials(reader),
        }
    }
}

fn read_credentials(reader: &mut Reader) -> Option<Credentials> {
    let text = reader.optional_secret(&HTTP_AUTH)?;
    match text.expose_secret().parse() {
        Ok(credentials) => Some(credentials),
        Err(problem) => {
            let advice = "write it as `htpasswd -nbB USER PASSWORD` prints it";
            reader.problem(&HTTP_AUTH, format_args!("{problem}; {advice}"));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_separated_by_spaces_or_commas() {
        let mut reader = Reader::from_pairs(&[("PUBLIC_TAGS", "customer, web  de")]);
        let settings = StatusSettings::read(&mut reader);
        assert_eq!(settings.public_tags, ["customer", "web", "de"]);
        assert_eq!(settings.title, "Websites");
        assert!(settings.credentials.is_none() && settings.shows_urls);
        let mut reader = Reader::from_pairs(&[]);
        assert!(StatusSettings::read(&mut reader).public_tags.is_empty());
    }

    #[test]
    fn a_password_that_is_no_hash_is_refused_without_a_piece_of_it() {
        let mut reader = Reader::from_pairs(&[("HTTP_AUTH", "me:secret")]);
        let settings = StatusSettings::read(&mut reader);
        let problems = reader.finish(settings).unwrap_err().problems().join("\n");
        assert!(problems.contains("htpasswd"), "{problems}");
        assert!(!problems.contains("secret"));
    }
}
