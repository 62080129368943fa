//! Where the registry is, and how to be let in.

use std::path::PathBuf;

use percent_encoding::percent_decode_str;
use secrecy::SecretString;
use url::Url;

use crate::{
    certificates,
    settings::{Reader, Setting, secret_of},
};

const SCHEMA_REGISTRY_URL: Setting = Setting::optional(
    "SCHEMA_REGISTRY_URL",
    "where the schemas of Avro records are, http:// or https://host:port/path",
);
const SCHEMA_REGISTRY_USERNAME: Setting = Setting::optional(
    "SCHEMA_REGISTRY_USERNAME",
    "as whom to ask there, where it asks for a user",
);
const SCHEMA_REGISTRY_PASSWORD: Setting =
    Setting::optional("SCHEMA_REGISTRY_PASSWORD", "that user's password");
const SCHEMA_REGISTRY_PASSWORD_FILE: Setting = Setting::optional(
    "SCHEMA_REGISTRY_PASSWORD_FILE",
    "a file that holds it, instead",
);
const SCHEMA_REGISTRY_CAFILE: Setting = Setting::optional(
    "SCHEMA_REGISTRY_CAFILE",
    "the authority that signed its certificate, PEM; those that the system trusts when unset",
);

/// Where the registry is, and how to be let in.
#[derive(Clone, Debug)]
pub struct RegistrySettings {
    /// Without user and password.
    pub(super) url: Url,
    pub(super) login: Option<(String, SecretString)>,
    pub(super) authority: Option<PathBuf>,
}

impl RegistrySettings {
    /// Reads the settings, and checks the file that they name; `None` where there is no registry.
    pub fn read(reader: &mut Reader) -> Option<Self> {
        let url = reader.optional_secret(&SCHEMA_REGISTRY_URL);
        let username = reader.optional_text(&SCHEMA_REGISTRY_USERNAME);
        let password = secret_of(
            reader,
            &SCHEMA_REGISTRY_PASSWORD,
            &SCHEMA_REGISTRY_PASSWORD_FILE,
        );
        let authority = reader
            .optional_text(&SCHEMA_REGISTRY_CAFILE)
            .map(PathBuf::from);
        if let Some(authority) = &authority
            && let Err(problem) = certificates::read_authorities(authority)
        {
            reader.problem(&SCHEMA_REGISTRY_CAFILE, problem);
        }
        let (url, in_url) = match parse(url.as_ref()?) {
            Ok(parsed) => parsed,
            Err(problem) => {
                reader.problem(&SCHEMA_REGISTRY_URL, problem);
                return None;
            }
        };
        let login = match (username, password) {
            (Some(username), password) => Some((username, password.unwrap_or_default())),
            (None, None) => in_url,
            (None, Some(_)) => {
                let problem = "is not set, and SCHEMA_REGISTRY_PASSWORD is";
                reader.problem(&SCHEMA_REGISTRY_USERNAME, problem);
                None
            }
        };
        Some(Self {
            url,
            login,
            authority,
        })
    }

    /// Whether one is named, rightly or wrongly.
    pub fn is_set(reader: &mut Reader) -> bool {
        reader.set_text(&SCHEMA_REGISTRY_URL).is_some()
    }

    /// Says that a setting needs a registry.
    pub fn is_needed(reader: &mut Reader, by: &str) {
        reader.problem(
            &SCHEMA_REGISTRY_URL,
            format_args!("is not set, and {by} needs it"),
        );
    }
}

type Login = Option<(String, SecretString)>;

/// The url without user and password, and these. The error holds nothing of it.
fn parse(text: &SecretString) -> Result<(Url, Login), &'static str> {
    use secrecy::ExposeSecret;

    const WANTED: &str = "is not an http or https url, such as https://registry.example:8081";
    let mut url = Url::parse(text.expose_secret().trim()).map_err(|_| WANTED)?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(WANTED);
    }
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let username = decode(url.username());
    let password = decode(url.password().unwrap_or_default());
    let login = (!username.is_empty()).then(|| (username, password.into()));
    // They can only fail where there is no host.
    let without = url.set_username("").and_then(|()| url.set_password(None));
    without.map_err(|()| WANTED)?;
    url.set_query(None);
    url.set_fragment(None);
    Ok((url, login))
}
