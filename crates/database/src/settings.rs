//! From `PG_URI` and what stands beside it to a host, a password, and how connections are encrypted.

use std::{env, path::PathBuf};

use secrecy::{ExposeSecret, SecretString};
use service::{
    certificates,
    settings::{Reader, Setting},
};
use tokio_postgres::Config;

use crate::{passwords, uri};

const PG_URI: Setting = Setting::required(
    "PG_URI",
    "the database: postgres://user:password@host:port/database?sslmode=…",
);
const PGPASSWORD: Setting = Setting::optional(
    "PGPASSWORD",
    "the database's password, where PG_URI has none",
);
const PGPASSFILE: Setting = Setting::optional(
    "PGPASSFILE",
    "libpq's file of passwords, where neither has one; ~/.pgpass when unset",
);
const PG_SSL_CAFILE: Setting = Setting::optional(
    "PG_SSL_CAFILE",
    "the authority that signed PostgreSQL's certificate, PEM; PG_URI's sslrootcert comes first",
);

/// The database and how to reach it, read once and checked.
#[derive(Clone, Debug)]
pub struct DatabaseSettings {
    /// Hosts, user, password, database, as the driver takes them.
    pub connection: Config,
    /// Whether and how connections are encrypted.
    pub tls: TlsSettings,
    /// Connections at the same time, at most: a server has about 100 for everybody.
    pub connections_max: usize,
    /// How we name ourselves to the server, for whoever looks at its sessions.
    pub application_name: &'static str,
}

/// Whether and how connections are encrypted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum TlsSettings {
    /// Never: what is sent can be read on the way.
    #[default]
    Off,
    /// Where the server can do it.
    On {
        /// A server that cannot do it is refused.
        required: bool,
        /// What is checked of its certificate.
        verification: Verification,
        /// Who may have signed it.
        roots: Roots,
    },
}

/// What is checked of the server's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verification {
    /// Nothing: whoever answers is believed.
    Nothing,
    /// That an authority signed it.
    Chain,
    /// That an authority signed it for this host.
    ChainAndName,
}

/// Who may have signed the server's certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Roots {
    /// The authorities that the system trusts.
    System,
    /// Those of a PEM file.
    File(PathBuf),
}

impl DatabaseSettings {
    /// Reads where the database is and how to encrypt, and checks the file that they name.
    pub fn read(
        reader: &mut Reader,
        connections_max: usize,
        application_name: &'static str,
    ) -> Self {
        let uri: SecretString = reader.secret(&PG_URI);
        let password = reader.optional_secret(&PGPASSWORD);
        let password_file = reader.optional_text(&PGPASSFILE).map(PathBuf::from);
        let authority = reader.optional_text(&PG_SSL_CAFILE).map(PathBuf::from);
        let (connection, tls) = match uri::parse(uri.expose_secret()) {
            Ok(parsed) => {
                let tls = read_tls(reader, &parsed.taken, authority);
                for name in &parsed.taken.passed_over {
                    reader.note(&PG_URI, format_args!("{name} changes nothing here"));
                }
                let file = parsed.taken.password_file.or(password_file);
                let mut connection = parsed.config;
                fill_in_password(reader, &mut connection, password, file);
                (connection, tls)
            }
            // An absent one was reported as missing.
            Err(_) if uri.expose_secret().is_empty() => Default::default(),
            Err(problem) => {
                reader.problem(&PG_URI, problem);
                Default::default()
            }
        };
        Self {
            connection,
            tls,
            connections_max,
            application_name,
        }
    }
}

/// The password, where the connection string has none: the environment's, or that of a file.
fn fill_in_password(
    reader: &mut Reader,
    connection: &mut Config,
    password: Option<SecretString>,
    file: Option<PathBuf>,
) {
    if connection.get_password().is_some() {
        return;
    }
    if let Some(password) = password {
        connection.password(password.expose_secret());
        return;
    }
    let is_named = file.is_some();
    let usual = || Some(env::home_dir()?.join(".pgpass"));
    let Some(path) = file.or_else(usual) else {
        return;
    };
    match passwords::find(&path, connection) {
        Ok(Some(password)) => {
            connection.password(password);
        }
        Err(problem) if is_named => reader.problem(&PGPASSFILE, problem),
        Err(problem) if path.exists() => reader.note(&PGPASSFILE, problem),
        Ok(None) | Err(_) => {}
    }
}

/// What libpq makes of `sslmode` and `sslrootcert` together.
fn read_tls(reader: &mut Reader, uri: &uri::Taken, authority: Option<PathBuf>) -> TlsSettings {
    let (setting, root) = match (&uri.root, authority) {
        (Some(root), _) => (&PG_URI, Some(root.clone())),
        (None, Some(path)) => (&PG_SSL_CAFILE, Some(path.into_os_string())),
        (None, None) => (&PG_URI, None),
    };
    let system = root.as_deref().is_some_and(|root| root == "system");
    let mode = match (uri.mode, system) {
        (Some(mode), false) => mode,
        (None, false) => uri::Mode::Prefer,
        (None | Some(uri::Mode::VerifyFull), true) => uri::Mode::VerifyFull,
        (Some(_), true) => {
            reader.problem(setting, "sslrootcert=system needs sslmode=verify-full");
            uri::Mode::VerifyFull
        }
    };
    let verification = match (mode, &root) {
        (uri::Mode::Disable, _) => return TlsSettings::Off,
        (uri::Mode::VerifyFull, _) => Verification::ChainAndName,
        (uri::Mode::VerifyCa, _) | (uri::Mode::Prefer | uri::Mode::Require, Some(_)) => {
            Verification::Chain
        }
        (uri::Mode::Prefer | uri::Mode::Require, None) => Verification::Nothing,
    };
    let roots = match root.filter(|_| !system).map(PathBuf::from) {
        None => Roots::System,
        Some(path) => match certificates::read_authorities(&path) {
            Ok(_) => Roots::File(path),
            Err(problem) => {
                reader.problem(setting, problem);
                Roots::System
            }
        },
    };
    TlsSettings::On {
        required: mode != uri::Mode::Prefer,
        verification,
        roots,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<TlsSettings, Vec<String>> {
        let mut reader = Reader::from_pairs(pairs);
        let settings = DatabaseSettings::read(&mut reader, 1, "tests");
        reader
            .finish(settings.tls)
            .map_err(|invalid| invalid.problems().to_vec())
    }

    #[test]
    fn the_password_comes_from_the_string_or_beside_it() {
        let password = |pairs: &[(&str, &str)]| {
            let mut reader = Reader::from_pairs(pairs);
            let settings = DatabaseSettings::read(&mut reader, 1, "tests");
            let connection = reader.finish(settings).unwrap().connection;
            connection
                .get_password()
                .map(|it| String::from_utf8(it.to_vec()).unwrap())
        };
        let beside = ("PGPASSWORD", "beside");
        let within = ("PG_URI", "postgres://me:within@h/d");
        assert_eq!(password(&[within, beside]).unwrap(), "within");
        assert_eq!(
            password(&[("PG_URI", "postgres://me@h/d"), beside]).unwrap(),
            "beside"
        );
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "h:*:*:me:in the file\n").unwrap();
        let path = file.path().to_str().unwrap();
        let by_setting = [("PG_URI", "postgres://me@h/d"), ("PGPASSFILE", path)];
        assert_eq!(password(&by_setting).unwrap(), "in the file");
        let uri = format!("postgres://me@h/d?passfile={path}");
        assert_eq!(password(&[("PG_URI", &uri)]).unwrap(), "in the file");
    }

    #[test]
    fn an_option_that_changes_nothing_is_a_word_of_warning() {
        let mut reader = Reader::from_pairs(&[("PG_URI", "postgres://h/d?gssencmode=disable")]);
        DatabaseSettings::read(&mut reader, 1, "tests");
        assert_eq!(
            reader.warnings(),
            ["PG_URI: gssencmode changes nothing here"]
        );
    }

    fn tls(uri: &str) -> TlsSettings {
        read(&[("PG_URI", uri)]).unwrap()
    }

    #[test]
    fn sslmode_means_what_it_means_to_libpq() {
        let on = |required, verification| TlsSettings::On {
            required,
            verification,
            roots: Roots::System,
        };
        let uri = |mode: &str| format!("postgres://u:p@h/d?sslmode={mode}");
        assert_eq!(tls("postgres://u:p@h/d"), on(false, Verification::Nothing));
        assert_eq!(tls(&uri("disable")), TlsSettings::Off);
        assert_eq!(tls(&uri("require")), on(true, Verification::Nothing));
        assert_eq!(tls(&uri("verify-ca")), on(true, Verification::Chain));
        assert_eq!(
            tls(&uri("verify-full")),
            on(true, Verification::ChainAndName)
        );
        assert_eq!(
            tls("postgres://u:p@h/d?sslrootcert=system"),
            on(true, Verification::ChainAndName)
        );
        assert!(
            read(&[(
                "PG_URI",
                "postgres://h/d?sslmode=require&sslrootcert=system"
            )])
            .is_err()
        );
    }

    #[test]
    fn require_with_an_authority_verifies_the_chain() {
        let pair = rcgen::generate_simple_self_signed(["h".to_owned()]).unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), pair.cert.pem()).unwrap();
        let path = file.path().to_str().unwrap();
        let expected = TlsSettings::On {
            required: true,
            verification: Verification::Chain,
            roots: Roots::File(path.into()),
        };
        let uri = "postgres://u:p@h/d?sslmode=require";
        assert_eq!(tls(&format!("{uri}&sslrootcert={path}")), expected);
        let beside = read(&[("PG_URI", uri), ("PG_SSL_CAFILE", path)]);
        assert_eq!(beside.unwrap(), expected);
    }
}
