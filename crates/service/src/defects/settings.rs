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
            environment: reader.text(&SENTRY_ENVIRONMENT),
            secrets: reader.secrets().to_vec(),
        }
    }
}
