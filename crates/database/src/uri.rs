//! `PG_URI`: a URI or `key=value` pairs, as libpq takes them. What is wrong with it is said without
//! any piece of it, since each piece may be one of a password.

mod options;

use std::{borrow::Cow, str::FromStr};

use percent_encoding::percent_decode_str;
use tokio_postgres::{Config, config::TargetSessionAttrs};

use self::options::{Use, foreign};

pub(crate) use options::{Mode, Taken};

const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];

/// Characters that end or divide parts of a URI: within a part they must be encoded.
const RESERVED: [char; 7] = [':', '/', '?', '#', '[', ']', '@'];

const ENCODE: &str = "special characters of the user and the password have to be percent-encoded: \
                      @ is %40, : is %3A, / is %2F, # is %23, ? is %3F, % is %25";
const UNREADABLE: &str = "is not a connection string, such as \
                          postgres://user:password@host:5432/database?sslmode=require; check host, \
                          port and options, and that special characters of the password are \
                          percent-encoded (@ is %40, / is %2F, # is %23, % is %25)";

/// A connection string, taken apart.
#[derive(Debug)]
pub(crate) struct Parsed {
    /// What the driver's own parser makes of it.
    pub(crate) config: Config,
    /// What that parser does not know, or takes for something else.
    pub(crate) taken: Taken,
}

/// Takes a connection string apart. The error is a phrase.
pub(crate) fn parse(text: &str) -> Result<Parsed, String> {
    let text = text.trim();
    let mut taken = Taken::default();
    let rest = match SCHEMES.iter().find_map(|scheme| text.strip_prefix(scheme)) {
        Some(rest) => strip_uri(rest, &mut taken)?,
        None => strip_pairs(text, &mut taken)?,
    };
    let mut config = Config::from_str(&rest).map_err(|_| UNREADABLE)?;
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        return Err("names no host".into());
    }
    if config.get_hosts().is_empty() {
        // Its address names a server, too: in the log, and to TLS.
        for address in config.get_hostaddrs().to_vec() {
            config.host(address.to_string());
        }
    }
    let (hosts, addresses) = (config.get_hosts().len(), config.get_hostaddrs().len());
    if addresses > 0 && addresses != hosts {
        return Err(format!("names {hosts} hosts and {addresses} hostaddrs"));
    }
    let ports = config.get_ports().len();
    if ports > 1 && ports != hosts {
        return Err(format!("names {hosts} hosts and {ports} ports"));
    }
    if let Some(timeout) = taken.tcp_user_timeout {
        config.tcp_user_timeout(timeout);
    }
    // Of several servers, libpq takes the first that answers: a standby, perhaps. We write.
    let target = taken.target.unwrap_or(if hosts > 1 {
        TargetSessionAttrs::ReadWrite
    } else {
        TargetSessionAttrs::Any
    });
    config.target_session_attrs(target);
    Ok(Parsed { config, taken })
}

fn strip_uri(rest: &str, taken: &mut Taken) -> Result<String, String> {
    check_encoding(rest)?;
    let (address, query) = rest.split_once('?').unwrap_or((rest, ""));
    let mut kept: Vec<String> = Vec::new();
    for option in query.split('&').filter(|option| !option.is_empty()) {
        let (name, value) = option.split_once('=').ok_or(UNREADABLE)?;
        match taken.take(name, &decode(value)?)? {
            Use::Done => {}
            Use::Driver(name) => kept.push(format!("{name}={value}")),
            Use::Foreign => return Err(foreign(name)),
        }
    }
    Ok(format!("{}{address}?{}", SCHEMES[0], kept.join("&")))
}

/// A URI parser takes the first `@`, `:` or `/` for the end of a part, and what is left of the
/// password for a host. So what cannot be meant that way is refused first.
fn check_encoding(rest: &str) -> Result<(), &'static str> {
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    if tail.contains('@') || authority.matches('@').count() > 1 {
        return Err(ENCODE);
    }
    let Some((credentials, _)) = authority.split_once('@') else {
        return Ok(());
    };
    let (user, password) = credentials.split_once(':').unwrap_or((credentials, ""));
    for part in [user, password] {
        let odd = |char: char| char.is_whitespace() || char.is_control();
        if part.contains(RESERVED) || part.contains(odd) || decode(part).is_err() {
            return Err(ENCODE);
        }
    }
    Ok(())
}

/// Decodes `%XX`. The library lets a `%` stand that begins no code; here it is more likely one that
/// should have been encoded, and is refused.
fn decode(text: &str) -> Result<String, &'static str> {
    let is_code = |after: &str| {
        let digits = after.as_bytes().get(..2);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    if !text.split('%').skip(1).all(is_code) {
        return Err(ENCODE);
    }
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map(Cow::into_owned).map_err(|_| ENCODE)
}

/// `key = value` pairs, values perhaps in single quotes, a backslash before a quote or a backslash.
fn strip_pairs(text: &str, taken: &mut Taken) -> Result<String, String> {
    let mut kept = String::new();
    let mut rest = text.trim_start();
    if rest.is_empty() {
        return Err(UNREADABLE.into());
    }
    let mut before = "";
    while !rest.is_empty() {
        let (name, tail) = rest.split_once('=').ok_or(UNREADABLE)?;
        let (value, tail) = split_value(tail.trim_start())?;
        let name = name.trim();
        match taken.take(name, &value)? {
            Use::Done => {}
            Use::Driver(name) => {
                let value = value.replace('\\', "\\\\").replace('\'', "\\'");
                for part in [name, "='", &value, "' "] {
                    kept.push_str(part);
                }
            }
            // What stands after a password without quotes may be its second half.
            Use::Foreign if before == "password" => return Err(UNREADABLE.into()),
            Use::Foreign => return Err(foreign(name)),
        }
        before = name;
        rest = tail.trim_start();
    }
    Ok(kept)
}

fn split_value(text: &str) -> Result<(String, &str), &'static str> {
    let quoted = text.starts_with('\'');
    let mut value = String::new();
    let mut chars = text.char_indices().skip(usize::from(quoted));
    while let Some((at, char)) = chars.next() {
        match char {
            '\\' => value.push(chars.next().ok_or(UNREADABLE)?.1),
            '\'' if quoted => return Ok((value, &text[at + 1..])),
            char if !quoted && char.is_whitespace() => return Ok((value, &text[at..])),
            char => value.push(char),
        }
    }
    if quoted {
        Err(UNREADABLE)
    } else {
        Ok((value, ""))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio_postgres::config::Host;

    use super::*;

    #[test]
    fn special_characters_that_are_not_encoded_are_refused_with_that_advice() {
        for password in [
            "p@ss", "p/ss", "p:ss", "p#ss", "p?ss", "p%ss", "100%", "p@s/s", "a b", "p[ss", "@",
            "?", "a@b:5",
        ] {
            let uri = format!("postgres://user:{password}@host:5432/database");
            assert_eq!(parse(&uri).unwrap_err(), ENCODE, "{password}");
        }
    }

    #[test]
    fn encoded_characters_and_harmless_ones_are_taken() {
        let uri =
            "postgresql://us%65r:p%40%2F%3A%25ss!$*@[::1]:6000,other/data%20base?connect_timeout=7";
        let config = parse(uri).unwrap().config;
        assert_eq!(config.get_user(), Some("user"));
        assert_eq!(config.get_password(), Some(b"p@/:%ss!$*".as_slice()));
        assert_eq!(config.get_dbname(), Some("data base"));
        assert_eq!(config.get_hosts()[1], Host::Tcp("other".into()));
        assert_eq!(config.get_ports()[0], 6000);
    }

    #[test]
    fn the_options_of_tls_are_taken_out() {
        let parsed =
            parse("postgres://h/d?sslmode=verify-full&sslrootcert=%2Fa%20b%2Fca.pem").unwrap();
        assert_eq!(parsed.taken.mode, Some(Mode::VerifyFull));
        assert_eq!(parsed.taken.root, Some("/a b/ca.pem".into()));
        let problem = parse("postgres://h/d?sslmode=full").unwrap_err();
        assert!(problem.starts_with("sslmode is not one of"), "{problem}");
    }

    #[test]
    fn key_value_pairs_are_taken_with_their_quotes() {
        let text =
            r"host=/run/postgresql user = me password='it\'s \\ @/:#' sslmode=require dbname=d";
        let parsed = parse(text).unwrap();
        assert_eq!(parsed.taken.mode, Some(Mode::Require));
        assert_eq!(
            parsed.config.get_password(),
            Some(br"it's \ @/:#".as_slice())
        );
        assert_eq!(parsed.config.get_dbname(), Some("d"));
    }

    #[test]
    fn options_are_taken_as_libpq_takes_them_and_foreign_ones_named() {
        let uri = "postgres://h/d?keepalives_count=3&gssencmode=disable&client_encoding=utf8\
                   &tcp_user_timeout=2500&target_session_attrs=primary&options=-c%20geqo%3Doff";
        let parsed = parse(uri).unwrap();
        assert_eq!(parsed.config.get_keepalives_retries(), Some(3));
        assert_eq!(parsed.config.get_options(), Some("-c geqo=off"));
        let timeout = parsed.config.get_tcp_user_timeout();
        assert_eq!(timeout, Some(&Duration::from_millis(2500)));
        assert_eq!(parsed.taken.passed_over, ["gssencmode", "client_encoding"]);
        for text in ["postgres://h/d?schema=x", "host=h schema=x"] {
            let problem = parse(text).unwrap_err();
            assert!(problem.starts_with("schema is no option"), "{problem}");
        }
        let problem = parse("host=h password=one two=three").unwrap_err();
        assert!(!problem.contains("two"), "{problem}");
    }

    #[test]
    fn an_address_alone_is_a_host() {
        let config = parse("hostaddr=::1,10.0.0.1 port=1").unwrap().config;
        let hosts = ["::1", "10.0.0.1"].map(|it| Host::Tcp(it.into()));
        assert_eq!(config.get_hosts(), hosts);
        for text in ["host=a,b hostaddr=::1", "host=a,b port=1,2,3"] {
            let problem = parse(text).unwrap_err();
            assert!(problem.starts_with("names 2 hosts and "), "{problem}");
        }
    }

    #[test]
    fn of_several_servers_one_is_taken_that_can_be_written() {
        let target = |uri: &str| parse(uri).unwrap().config.get_target_session_attrs();
        assert_eq!(target("postgres://h/d"), TargetSessionAttrs::Any);
        let several = "postgres://h,[::1]:6000/d";
        assert_eq!(target(several), TargetSessionAttrs::ReadWrite);
        let any = format!("{several}?target_session_attrs=any");
        assert_eq!(target(&any), TargetSessionAttrs::Any);
    }

    #[test]
    fn what_is_no_connection_string_is_refused_without_quoting_it() {
        for text in [
            "secret",
            "host=h port=secret",
            "postgres://u:secret@h:port/d",
            "postgres://h/d?secret",
            "password=secret",
            "password='secret",
            "postgres://",
        ] {
            let problem = parse(text).unwrap_err();
            assert!(!problem.contains("secret"), "{problem}");
        }
    }
}
