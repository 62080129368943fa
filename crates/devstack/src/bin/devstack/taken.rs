//! Says what is taken from where, a line each. Values of settings are shown only where they are no
//! secret.

use std::fmt::Display;

use devstack::say;
use url::Url;

use crate::settings::{Origin, Setting, Settings};

/// A line of two columns.
pub(crate) fn line(what: &str, text: impl Display) {
    say(format_args!("{what:<11} {text}"));
}

/// The Kafka of somebody's own, and the topic there.
pub(crate) fn kafka(bootstrap: &Setting, topic: Option<&Setting>) -> String {
    let topic = topic.map_or("TOPIC_NAME is not set".to_owned(), |topic| {
        format!("topic {} ({topic})", topic.value)
    });
    format!("{} ({bootstrap}), {topic}", bootstrap.value)
}

/// The PostgreSQL of somebody's own.
pub(crate) fn postgres(uri: &Setting) -> String {
    match address(&uri.value) {
        Some(address) => format!("{address} ({uri})"),
        None => format!("what {uri} says"),
    }
}

/// Host, port and database of a URI, never its user and password; nothing where it is no such URI.
pub(crate) fn address(uri: &str) -> Option<String> {
    let uri = Url::parse(uri.trim()).ok()?;
    let port = uri.port().map(|port| format!(":{port}"));
    Some(format!(
        "{}{}{}",
        uri.host_str()?,
        port.unwrap_or_default(),
        uri.path()
    ))
}

/// `A, B of .env; C of the environment`: which settings that `counts` takes are set, and where.
pub(crate) fn among(settings: &Settings, counts: impl Fn(&str) -> bool) -> Option<String> {
    let places: Vec<_> = [Origin::Environment, Origin::EnvFile]
        .into_iter()
        .map(|origin| (origin, settings.names(origin, &counts)))
        .filter(|(_, names)| !names.is_empty())
        .map(|(origin, names)| format!("{} of {origin}", names.join(", ")))
        .collect();
    (!places.is_empty()).then(|| places.join("; "))
}

/// Says which settings count besides those of which there was a line.
pub(crate) fn say_others(settings: &Settings, known: &[String], said: &[&str]) {
    let counts = |name: &str| known.iter().any(|known| known == name) && !said.contains(&name);
    if let Some(others) = among(settings, counts) {
        line("Settings", others);
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn an_address_holds_no_secret() {
        let uri = "postgres://admin:p%40ss@pg.example.com:12346/defaultdb?sslmode=require";
        let shown = address(uri).unwrap();
        assert_eq!(shown, "pg.example.com:12346/defaultdb");
        for unreadable in ["host=pg password=secret", "postgres://u:se/cr@et@h/d"] {
            let shown = address(unreadable).unwrap_or_default();
            assert!(
                !shown.contains("secret") && !shown.contains("et@"),
                "{shown}"
            );
        }
    }

    #[test]
    fn what_is_set_is_named_with_its_place_and_without_its_value() {
        let folder = tempfile::tempdir().unwrap();
        let env_file = folder.path().join(".env");
        std::fs::write(&env_file, "PG_URI=se$cret\nWORKERS=2\nLOG_LEVEL=\nHOME=/\n").unwrap();
        let environment = [("WORKERS", "3"), ("LOG_LEVEL", "DEBUG")];
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let settings = Settings::of(environment.into(), &env_file).unwrap();
        assert_eq!(
            among(&settings, |name| name != "HOME").unwrap(),
            "LOG_LEVEL, WORKERS of the environment; PG_URI of .env"
        );
        assert_eq!(
            settings.get("PG_URI").unwrap().value,
            "se$cret",
            "as it stands"
        );
        assert_eq!(among(&settings, |name| name == "TOPIC_NAME"), None);
        let none = Settings::of([].into(), Path::new("/nonexistent/.env")).unwrap();
        assert_eq!(among(&none, |_| true), None);
    }
}
