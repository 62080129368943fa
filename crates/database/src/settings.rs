//! From `PG_URI` and what stands beside it to a host, a password, and how connections are encrypted.

use std::{env, path::PathBuf};

use secrecy::ExposeSecret;
use service::{
    renewal::{PemFile, Taken},
    settings::{Reader, Setting, secret_of},
};
use tokio_postgres::Config;

use crate::{
    encryption::{self, Roots, TlsSettings},
    passwords::{self, Passwords},
    uri,
};

const PG_URI: Setting = Setting::required(
    "PG_URI",
    "the database: postgres://user:password@host:port/database?sslmode=…",
);
const PG_URI_FILE: Setting = Setting::optional("PG_URI_FILE", "a file that holds PG_URI, instead");
const PGPASSWORD: Setting = Setting::optional(
    "PGPASSWORD",
    "the database's password, where PG_URI has none",
);
const PGPASSFILE: Setting = Setting::optional(
    "PGPASSFILE",
    "libpq's file of passwords, where neither has one; ~/.pgpass when unset",
);

/// The database and how to reach it, read once and checked.
#[derive(Clone, Debug)]
pub struct DatabaseSettings {
    /// Hosts, user, password, database, as the driver takes them.
    pub connection: Config,
    /// The servers' passwords, where they come from a file of several.
    pub passwords: Passwords,
    /// Whether and how connections are encrypted.
    pub tls: TlsSettings,
    /// Connections at the same time, at most: a server has about 100 for everybody.
    pub connections_max: usize,
    /// How we name ourselves to the server, for whoever looks at its sessions.
    pub application_name: &'static str,
}

impl DatabaseSettings {
    /// Reads where the database is and how to encrypt, and checks the file that they name.
    pub fn read(
        reader: &mut Reader,
        connections_max: usize,
        application_name: &'static str,
    ) -> Self {
        let uri = secret_of(reader, &PG_URI, &PG_URI_FILE).unwrap_or_default();
        let password = reader.optional_secret(&PGPASSWORD);
        let password_file = reader.optional_text(&PGPASSFILE).map(PathBuf::from);
        let authority = encryption::read_authority(reader);
        let mut passwords = Passwords::default();
        let (connection, tls) = match uri::parse(uri.expose_secret()) {
            Ok(parsed) => {
                let tls = encryption::read(reader, &PG_URI, &parsed.taken, authority);
                for name in &parsed.taken.passed_over {
                    reader.note(&PG_URI, format_args!("{name} changes nothing here"));
                }
                let file = parsed.taken.password_file.or(password_file);
                let mut connection = parsed.config;
                if connection.get_password().is_none() {
                    match password {
                        Some(password) => {
                            connection.password(password.expose_secret());
                        }
                        None => passwords = read_passwords(reader, &connection, file),
                    }
                }
                (connection, tls)
            }
            // An absent one was reported as missing, one that cannot be read with its file.
            Err(_) if uri.expose_secret().is_empty() => Default::default(),
            Err(problem) => {
                reader.problem(&PG_URI, problem);
                Default::default()
            }
        };
        Self {
            connection,
            passwords,
            tls,
            connections_max,
            application_name,
        }
    }

    /// The files that connections read.
    pub fn pem_files(&self) -> Vec<PemFile> {
        let TlsSettings::On(tls) = &self.tls else {
            return Vec::new();
        };
        let roots = match &tls.roots {
            Roots::File(path) => Some(("PG_SSL_CAFILE, sslrootcert", path)),
            Roots::System => None,
        };
        let identity = tls.identity.iter();
        let identity = identity.flat_map(|it| [("sslcert", &it.certificate), ("sslkey", &it.key)]);
        let files = roots.into_iter().chain(identity);
        let files = files.map(|(setting, path)| PemFile {
            setting,
            path: path.clone(),
            taken: Taken::ByConnections,
        });
        files.collect()
    }
}

/// The servers' passwords, of a file.
fn read_passwords(reader: &mut Reader, connection: &Config, file: Option<PathBuf>) -> Passwords {
    let is_named = file.is_some();
    let usual = || Some(env::home_dir()?.join(".pgpass"));
    let Some(path) = file.or_else(usual) else {
        return Passwords::default();
    };
    match passwords::find(&path, connection) {
        Ok(passwords) => return passwords,
        Err(problem) if is_named => reader.problem(&PGPASSFILE, problem),
        Err(problem) if path.exists() => reader.note(&PGPASSFILE, problem),
        Err(_) => {}
    }
    Passwords::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_comes_from_the_string_or_beside_it() {
        let password = |pairs: &[(&str, &str)]| {
            let mut reader = Reader::from_pairs(pairs);
            let settings = DatabaseSettings::read(&mut reader, 1, "tests");
            let settings = reader.finish(settings).unwrap();
            let of_all = settings.connection.get_password();
            let of_all = of_all.map(|it| String::from_utf8(it.to_vec()).unwrap());
            of_all.or_else(|| settings.passwords.of(0).map(str::to_owned))
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
    fn the_string_may_stand_in_a_file_and_is_never_quoted_from_it() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let path = file.path().to_str().unwrap();
        let read = |text| {
            std::fs::write(path, text).unwrap();
            let mut reader = Reader::from_pairs(&[("PG_URI_FILE", path)]);
            let settings = DatabaseSettings::read(&mut reader, 1, "tests");
            reader.finish(settings)
        };
        let settings = read("postgres://me:within@h/d\n").unwrap();
        assert_eq!(settings.connection.get_user(), Some("me"));
        let problem = read("geheim\n").unwrap_err().to_string();
        assert!(problem.starts_with("PG_URI: is not a"), "{problem}");
        assert!(!problem.contains("geheim"), "{problem}");
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
}
