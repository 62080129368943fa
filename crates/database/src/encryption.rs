//! Whether and how connections are encrypted: what libpq makes of its `ssl…` options.

use std::path::PathBuf;

use service::{
    certificates,
    settings::{Reader, Setting},
};

use crate::uri;

const PG_SSL_CAFILE: Setting = Setting::optional(
    "PG_SSL_CAFILE",
    "the authority that signed PostgreSQL's certificate, PEM; PG_URI's sslrootcert comes first",
);

/// Whether and how connections are encrypted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum TlsSettings {
    /// Never: what is sent can be read on the way.
    #[default]
    Off,
    /// Where the server can do it.
    On(Tls),
}

/// How connections are encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// A server that cannot do it is refused.
    pub required: bool,
    /// What is checked of its certificate.
    pub verification: Verification,
    /// Who may have signed it.
    pub roots: Roots,
    /// Our own certificate, for a server that asks for one.
    pub identity: Option<Identity>,
}

/// Our certificate and its key, each a PEM file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The certificate, and what leads from it to an authority.
    pub certificate: PathBuf,
    /// Its private key, without passphrase.
    pub key: PathBuf,
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

/// The authority that is named beside the connection string.
pub(crate) fn read_authority(reader: &mut Reader) -> Option<PathBuf> {
    reader.optional_text(&PG_SSL_CAFILE).map(PathBuf::from)
}

/// What libpq makes of the options of the connection string that `setting` holds.
pub(crate) fn read(
    reader: &mut Reader,
    setting: &Setting,
    uri: &uri::Taken,
    authority: Option<PathBuf>,
) -> TlsSettings {
    let (root_setting, root) = match (&uri.root, authority) {
        (Some(root), _) => (setting, Some(root.clone())),
        (None, Some(path)) => (&PG_SSL_CAFILE, Some(path.into_os_string())),
        (None, None) => (setting, None),
    };
    let system = root.as_deref().is_some_and(|root| root == "system");
    let mode = match (uri.mode, system) {
        (Some(mode), false) => mode,
        (None, false) => uri::Mode::Prefer,
        (None | Some(uri::Mode::VerifyFull), true) => uri::Mode::VerifyFull,
        (Some(_), true) => {
            reader.problem(root_setting, "sslrootcert=system needs sslmode=verify-full");
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
                reader.problem(root_setting, problem);
                Roots::System
            }
        },
    };
    TlsSettings::On(Tls {
        required: mode != uri::Mode::Prefer,
        verification,
        roots,
        identity: read_identity(reader, setting, uri),
    })
}

/// Our own certificate and its key, checked.
fn read_identity(reader: &mut Reader, setting: &Setting, uri: &uri::Taken) -> Option<Identity> {
    let identity = match (&uri.certificate, &uri.key) {
        (None, None) => return None,
        (Some(certificate), Some(key)) => Identity {
            certificate: certificate.clone(),
            key: key.clone(),
        },
        _ => {
            reader.problem(
                setting,
                "sslcert and sslkey go together, and one is missing",
            );
            return None;
        }
    };
    let chain = certificates::read_certificates(&identity.certificate);
    let key = certificates::read_key(&identity.key);
    let is_pair = match (chain, key) {
        (Ok(chain), Ok(key)) => certificates::is_pair(&chain, key),
        (chain, key) => {
            for problem in [chain.err(), key.err()].into_iter().flatten() {
                reader.problem(setting, problem);
            }
            return None;
        }
    };
    if !is_pair {
        reader.problem(
            setting,
            "sslkey is not the key of the certificate in sslcert",
        );
    }
    Some(identity)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::DatabaseSettings;

    fn read(pairs: &[(&str, &str)]) -> Result<TlsSettings, Vec<String>> {
        let mut reader = Reader::from_pairs(pairs);
        let settings = DatabaseSettings::read(&mut reader, 1, "tests");
        reader
            .finish(settings.tls)
            .map_err(|invalid| invalid.problems().to_vec())
    }

    fn tls(uri: &str) -> TlsSettings {
        read(&[("PG_URI", uri)]).unwrap()
    }

    #[test]
    fn sslmode_means_what_it_means_to_libpq() {
        let on = |required, verification| {
            TlsSettings::On(Tls {
                required,
                verification,
                roots: Roots::System,
                identity: None,
            })
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
        let expected = TlsSettings::On(Tls {
            required: true,
            verification: Verification::Chain,
            roots: Roots::File(path.into()),
            identity: None,
        });
        let uri = "postgres://u:p@h/d?sslmode=require";
        assert_eq!(tls(&format!("{uri}&sslrootcert={path}")), expected);
        let beside = read(&[("PG_URI", uri), ("PG_SSL_CAFILE", path)]);
        assert_eq!(beside.unwrap(), expected);
    }

    #[test]
    fn a_certificate_of_our_own_is_taken_with_its_key_and_only_with_that() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in ["one", "two"] {
            let pair = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
            let key = pair.signing_key.serialize_pem();
            std::fs::write(path(&format!("{name}.cert")), pair.cert.pem()).unwrap();
            std::fs::write(path(&format!("{name}.key")), key).unwrap();
        }
        let uri = |options: &str| {
            let folder = folder.path().display();
            format!(
                "postgres://h/d?{}",
                options.replace("=/", &format!("={folder}/"))
            )
        };
        let TlsSettings::On(tls) = tls(&uri("sslcert=/one.cert&sslkey=/one.key")) else {
            panic!("encrypted where it can be");
        };
        assert_eq!(tls.identity.unwrap().key, path("one.key"));
        for (options, part) in [
            ("sslcert=/one.cert", "one is missing"),
            ("sslcert=/one.cert&sslkey=/two.key", "is not the key"),
            ("sslcert=/none.cert&sslkey=/one.key", "cannot read"),
        ] {
            let problems = read(&[("PG_URI", &uri(options))]).unwrap_err();
            assert!(problems[0].contains(part), "{problems:?}");
        }
    }
}
