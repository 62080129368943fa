//! The options of libpq's connection strings: which the driver takes, which we take out before it
//! sees them, which mean nothing here, and which must not be passed over.

use std::{ffi::OsString, path::PathBuf, time::Duration};

use tokio_postgres::config::TargetSessionAttrs;

/// Those that the driver takes as libpq does.
const DRIVERS: [&str; 15] = [
    "user",
    "password",
    "dbname",
    "options",
    "application_name",
    "host",
    "hostaddr",
    "port",
    "connect_timeout",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "channel_binding",
    "load_balance_hosts",
    "sslnegotiation",
];
/// Those that change nothing here: what they are about is not done, or is always so.
const HARMLESS: [&str; 12] = [
    "client_encoding",
    "fallback_application_name",
    "krbsrvname",
    "gsslib",
    "gssdelegation",
    "sslcompression",
    "sslsni",
    "sslkeylogfile",
    "sslcertmode",
    "ssl_max_protocol_version",
    "min_protocol_version",
    "max_protocol_version",
];
/// Those that would be missed if they were passed over.
const MISSED: [&str; 9] = [
    "service",
    "servicefile",
    "sslpassword",
    "sslcrl",
    "sslcrldir",
    "require_auth",
    "requirepeer",
    "scram_client_key",
    "scram_server_key",
];
/// An option's name is longer in none of libpq's versions.
const NAME_CHARS_MAX: usize = 40;

/// The values of `sslmode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Disable,
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

/// The options that are taken out before the driver's parser sees the rest.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    /// `sslmode`, of which that parser knows only half.
    pub(crate) mode: Option<Mode>,
    /// `sslrootcert`, which it refuses.
    pub(crate) root: Option<OsString>,
    /// `sslcert` and `sslkey`: our own certificate, which the driver leaves to us.
    pub(crate) certificate: Option<PathBuf>,
    pub(crate) key: Option<PathBuf>,
    /// `passfile`: where passwords are, by host.
    pub(crate) password_file: Option<PathBuf>,
    /// `tcp_user_timeout`: libpq counts milliseconds, the driver seconds.
    pub(crate) tcp_user_timeout: Option<Duration>,
    /// `target_session_attrs`, of which it knows only half.
    pub(crate) target: Option<TargetSessionAttrs>,
    /// Names of options that mean nothing here.
    pub(crate) passed_over: Vec<&'static str>,
}

/// What is to be done about an option.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// It is taken.
    Done,
    /// The driver takes it, under this name.
    Driver(&'static str),
    /// Nobody knows it.
    Foreign,
}

impl Taken {
    /// Takes an option, or finds who does. The error is a phrase without the value, which may be a
    /// piece of a password.
    pub(super) fn take(&mut self, name: &str, value: &str) -> Result<Use, String> {
        match name {
            "sslmode" => {
                self.mode = Some(match value {
                    "disable" => Mode::Disable,
                    "allow" | "prefer" => Mode::Prefer,
                    "require" => Mode::Require,
                    "verify-ca" => Mode::VerifyCa,
                    "verify-full" => Mode::VerifyFull,
                    _ => {
                        return Err(unless(
                            "sslmode",
                            "disable, prefer, require, verify-ca, verify-full",
                        ));
                    }
                });
            }
            "sslrootcert" => self.root = Some(value.into()),
            "sslcert" => self.certificate = Some(value.into()),
            "sslkey" => self.key = Some(value.into()),
            "passfile" => self.password_file = Some(value.into()),
            "tcp_user_timeout" => {
                let millis: u64 = value
                    .parse()
                    .map_err(|_| "tcp_user_timeout is not a number of milliseconds".to_owned())?;
                self.tcp_user_timeout = (millis > 0).then(|| Duration::from_millis(millis));
            }
            // What is stored has to be written, so a server that can only be read is no use.
            "target_session_attrs" => {
                self.target = Some(match value {
                    "any" => TargetSessionAttrs::Any,
                    "read-write" | "primary" => TargetSessionAttrs::ReadWrite,
                    _ => {
                        return Err(unless(
                            "target_session_attrs",
                            "any, read-write, primary: we write",
                        ));
                    }
                });
            }
            "gssencmode" if value == "require" => {
                return Err("gssencmode=require: GSSAPI is not spoken here".into());
            }
            "gssencmode" => self.passed_over.push("gssencmode"),
            // Older ones are never spoken.
            "ssl_min_protocol_version" if value == "TLSv1.3" => {
                return Err("ssl_min_protocol_version=TLSv1.3 is not supported".into());
            }
            "ssl_min_protocol_version" => self.passed_over.push("ssl_min_protocol_version"),
            // The driver's word for it, and libpq's.
            "keepalives_count" | "keepalives_retries" => {
                return Ok(Use::Driver("keepalives_retries"));
            }
            _ => return self.look_up(name),
        }
        Ok(Use::Done)
    }

    fn look_up(&mut self, name: &str) -> Result<Use, String> {
        let find = |names: &[&'static str]| names.iter().copied().find(|it| *it == name);
        if let Some(name) = find(&DRIVERS) {
            return Ok(Use::Driver(name));
        }
        if let Some(name) = find(&HARMLESS) {
            self.passed_over.push(name);
            return Ok(Use::Done);
        }
        match find(&MISSED) {
            Some(name) => Err(format!("the option {name} is not supported")),
            None => Ok(Use::Foreign),
        }
    }
}

/// What is said of an option that nobody knows. Its name is quoted where it looks like one.
pub(super) fn foreign(name: &str) -> String {
    let is_name = |char: char| char.is_ascii_lowercase() || char.is_ascii_digit() || char == '_';
    if name.chars().all(is_name) && name.len() <= NAME_CHARS_MAX {
        format!("{name} is no option of a PostgreSQL connection")
    } else {
        "an option is none of a PostgreSQL connection".into()
    }
}

fn unless(name: &str, values: &str) -> String {
    format!("{name} is not one of {values}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libpqs_options_are_taken_or_passed_over_or_refused_by_name() {
        let mut taken = Taken::default();
        for (name, value) in [
            ("gssencmode", "disable"),
            ("client_encoding", "utf8"),
            ("ssl_min_protocol_version", "TLSv1.2"),
        ] {
            assert_eq!(taken.take(name, value), Ok(Use::Done), "{name}");
            assert_eq!(taken.passed_over.last(), Some(&name));
        }
        assert_eq!(
            taken.take("keepalives_count", "3"),
            Ok(Use::Driver("keepalives_retries"))
        );
        for name in MISSED {
            assert!(taken.take(name, "secret").unwrap_err().contains(name));
        }
        assert_eq!(taken.take("schema", "x"), Ok(Use::Foreign));
        assert!(foreign("schema").contains("schema"));
        assert!(!foreign("S3cret pw").contains("S3cret"));
    }

    #[test]
    fn only_servers_that_can_be_written_are_looked_for() {
        let mut taken = Taken::default();
        assert_eq!(taken.take("target_session_attrs", "primary"), Ok(Use::Done));
        assert_eq!(taken.target, Some(TargetSessionAttrs::ReadWrite));
        let refused = taken.take("target_session_attrs", "standby").unwrap_err();
        assert!(refused.contains("target_session_attrs"), "{refused}");
    }

    #[test]
    fn a_tcp_user_timeout_is_of_milliseconds() {
        let mut taken = Taken::default();
        assert_eq!(taken.take("tcp_user_timeout", "1500"), Ok(Use::Done));
        assert_eq!(taken.tcp_user_timeout, Some(Duration::from_millis(1500)));
    }
}
