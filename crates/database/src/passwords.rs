//! libpq's file of passwords: a line a server, `host:port:database:user:password`, `*` for any.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use secrecy::{ExposeSecret, SecretString};
use tokio_postgres::{Config, config::Host};

use crate::ports::port;

/// What a file of passwords may not let others do: anything.
const OTHERS: u32 = 0o077;
/// How libpq names a server that is reached by a socket.
const SOCKET: &str = "localhost";

/// The passwords of several servers, each its own, in their order. None is known of a server of which
/// nobody says one, or whose connection string does.
#[derive(Clone, Debug, Default)]
pub struct Passwords(Vec<Option<SecretString>>);

impl Passwords {
    /// That of a server, by its place.
    pub(crate) fn of(&self, number: usize) -> Option<&str> {
        let password = self.0.get(number)?.as_ref()?;
        Some(password.expose_secret())
    }
}

/// The passwords of the servers that the file knows. The error is a phrase that names the file.
pub(crate) fn find(path: &Path, connection: &Config) -> Result<Passwords, String> {
    let shown = path.display();
    let metadata = fs::metadata(path).map_err(|error| format!("{shown}: {error}"))?;
    if metadata.permissions().mode() & OTHERS != 0 {
        return Err(format!(
            "{shown} may be read by others, so that nothing is taken from it: chmod 600 {shown}"
        ));
    }
    let text = fs::read_to_string(path).map_err(|error| format!("{shown}: {error}"))?;
    Ok(look_up(&text, connection))
}

fn look_up(text: &str, connection: &Config) -> Passwords {
    let user = connection.get_user().unwrap_or_default();
    let database = connection.get_dbname().unwrap_or(user);
    let lines: Vec<_> = text.lines().filter_map(split).collect();
    let passwords = servers(connection).map(|(host, port)| {
        let wanted = [host.as_str(), port.as_str(), database, user];
        let fits = |fields: &[String]| {
            let mut pairs = fields.iter().zip(wanted);
            pairs.all(|(field, wanted)| field == "*" || field == wanted)
        };
        let line = lines.iter().find(|line| fits(&line[..wanted.len()]))?;
        Some(line[wanted.len()].clone().into())
    });
    Passwords(passwords.collect())
}

/// Hosts and ports, as the file names them.
fn servers(connection: &Config) -> impl Iterator<Item = (String, String)> {
    let hosts = connection.get_hosts().iter().enumerate();
    hosts.map(move |(number, host)| {
        let host = match host {
            Host::Tcp(name) => name.clone(),
            Host::Unix(_) => SOCKET.into(),
        };
        (host, port(connection, number).to_string())
    })
}

/// The five fields of a line; a backslash takes a `:` or a backslash as it is.
fn split(line: &str) -> Option<[String; 5]> {
    if line.starts_with('#') {
        return None;
    }
    let mut fields = vec![String::new()];
    let mut chars = line.chars();
    while let Some(char) = chars.next() {
        let is_last = fields.len() == 5;
        let field = fields.last_mut()?;
        match char {
            '\\' => field.extend(chars.next()),
            ':' if !is_last => fields.push(String::new()),
            char => field.push(char),
        }
    }
    fields.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# a comment\n\
        db1:5432:other:me:no\n\
        db1:*:websites:me:pass\\:wo\\\\rd\n\
        localhost:*:*:me:socket\n\
        *:6000:*:*:any:thing\n";

    fn passwords(uri: &str) -> Vec<Option<String>> {
        let connection: Config = uri.parse().unwrap();
        let passwords = look_up(FILE, &connection);
        let numbers = 0..connection.get_hosts().len();
        numbers
            .map(|number| passwords.of(number).map(str::to_owned))
            .collect()
    }

    #[test]
    fn the_first_line_that_fits_has_the_password() {
        let found = |uri| passwords(uri).remove(0);
        assert_eq!(found("postgres://me@db1/websites").unwrap(), r"pass:wo\rd");
        assert_eq!(found("postgres://me@%2Frun/websites").unwrap(), "socket");
        assert_eq!(found("postgres://you@x:6000/y").unwrap(), "any:thing");
        assert_eq!(found("postgres://you@db1/websites"), None);
    }

    #[test]
    fn each_server_has_a_password_of_its_own() {
        let of_each = passwords("postgres://me@db0,db1,db2:6000/websites");
        let of_each: Vec<_> = of_each.iter().map(Option::as_deref).collect();
        assert_eq!(of_each, [None, Some(r"pass:wo\rd"), Some("any:thing")]);
    }

    #[test]
    fn a_file_that_others_may_read_is_not_used() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), FILE).unwrap();
        let connection = "postgres://me@db1/websites".parse().unwrap();
        let found = find(file.path(), &connection).unwrap();
        assert!(found.of(0).is_some());
        fs::set_permissions(file.path(), fs::Permissions::from_mode(0o644)).unwrap();
        let refused = find(file.path(), &connection).unwrap_err();
        assert!(refused.contains("chmod 600"), "{refused}");
    }
}
