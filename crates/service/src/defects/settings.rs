//! Who is told of defects, and as what.

use secrecy::{ExposeSecret, SecretString};
use sentry::types::Dsn;

use crate::settings::{Reader, Setting};

const SENTRY_DSN: Setting = Setting::optional(
    "SENTRY_DSN",
    "a Sentry that is told of panics and errors: https://KEY@HOST/NUMBER, as its project shows it",
);
const SENTRY_ENVIRONMENT: Setting = Setting::with_default(
    "SENTRY_ENVIRONMENT",
    "production",
    "what this installation is called there",
);

/// The longest that Sentry takes.
const ENVIRONMENT_BYTES_MAX: usize = 64;

/// Who is told, and as what.
pub struct DefectSettings {
    /// Nobody where there is none.
    pub(super) dsn: Option<Dsn>,
    pub(super) environment: String,
    /// What must not be told, whatever text it stands in.
    pub(super) secrets: Vec<SecretString>,
}

impl DefectSettings {
    /// Reads the settings, once all others are: the secrets among them are withheld. A DSN has a key in it, and is
    /// never quoted.
    pub fn read(reader: &mut Reader) -> Self {
        let text = reader.optional_secret(&SENTRY_DSN);
        let dsn = text.and_then(|text| {
            let dsn = text.expose_secret().trim().parse();
            if dsn.is_err() {
                reader.problem(&SENTRY_DSN, "is no DSN, such as https://KEY@HOST/NUMBER");
            }
            dsn.ok()
        });
        Self {
            dsn,
            environment: read_environment(reader),
            secrets: reader.secrets().to_vec(),
        }
    }
}

/// By Sentry's own rules.
fn read_environment(reader: &mut Reader) -> String {
    let name = reader.name(&SENTRY_ENVIRONMENT);
    let is_wrong = |char: char| char.is_whitespace() || char == '/';
    if name.len() > ENVIRONMENT_BYTES_MAX || name.contains(is_wrong) || name == "None" {
        let problem = format!(
            "{name:?} is none that Sentry takes: at most {ENVIRONMENT_BYTES_MAX} bytes without \
             spaces and slashes, and not None"
        );
        reader.problem(&SENTRY_ENVIRONMENT, problem);
    }
    name
}
