//! `devstack rows`: the last rows as a table.

use std::fs;
use std::io::Write;
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, bail};
use devstack::{Dataset, Lifetime, Server, Stack, home, lock, say};
use percent_encoding::percent_decode_str;
use url::Url;

use crate::settings::Settings;
use crate::taken;

const SCRIPT: &str = include_str!("rows.sql");
const ROWS: &str = "rows=20";
/// How long psql may take to connect, in seconds.
const CONNECT_SECONDS: &str = "10";

/// Whose database is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Database {
    /// The one that `PG_URI` names; the local one where it is not set.
    AsSet,
    /// The local one, which is left running or not as it was found.
    Local(Dataset),
}

pub(crate) async fn rows(database: Database) -> Result<ExitCode> {
    let settings = Settings::read()?;
    let dataset = match (database, settings.get("PG_URI")) {
        (Database::AsSet, Some(uri)) => {
            taken::line("PostgreSQL", taken::postgres(&uri));
            return show(&uri.value, authority(&settings).as_deref());
        }
        (Database::AsSet, None) => {
            if let Some(file) = settings.get("PG_URI_FILE") {
                taken::line("PostgreSQL", format_args!("what {file} says"));
                let uri = fs::read_to_string(&file.value)
                    .with_context(|| format!("reading {}", file.value))?;
                return show(&uri, authority(&settings).as_deref());
            }
            Dataset::Own
        }
        (Database::Local(dataset), _) => dataset,
    };
    show_local(dataset).await
}

fn authority(settings: &Settings) -> Option<String> {
    settings.get("PG_SSL_CAFILE").map(|file| file.value)
}

async fn show_local(dataset: Dataset) -> Result<ExitCode> {
    let home = home()?;
    if !home.is_dir() {
        say("There is no row yet: `make run` makes some");
        return Ok(ExitCode::SUCCESS);
    }
    // Held to the end, so that nobody takes a server for running that we are about to stop.
    let _lock = lock(&home).await?;
    let mut stack = Stack::in_home(&home, Lifetime::Guarded)?;
    let found_running = stack.postgres.is_running();
    let shown = match stack.start_postgres(dataset).await {
        Ok(()) => show(&stack.postgres.uri_of(dataset.database()), None),
        Err(error) => Err(error),
    };
    if !found_running {
        stack.postgres.stop().await?;
    }
    shown
}

fn show(uri: &str, authority: Option<&str>) -> Result<ExitCode> {
    let (uri, password) = without_password(uri)?;
    let mut command = Command::new("psql");
    command
        .args(["--no-psqlrc", "--no-password", "--quiet", "--set", ROWS])
        .args(["--set", "ON_ERROR_STOP=1", "--dbname", uri.as_str()])
        .env("PGCONNECT_TIMEOUT", CONNECT_SECONDS)
        .env("PGTZ", time_zone())
        .stdin(Stdio::piped());
    if let Some(password) = password {
        command.env("PGPASSWORD", password);
    }
    if let Some(authority) = authority {
        command.env("PGSSLROOTCERT", authority);
    }
    let mut psql = command
        .spawn()
        .context("starting psql, which `make setup` installs")?;
    if let Some(mut input) = psql.stdin.take() {
        // One that has ended before it read all has said why.
        input.write_all(SCRIPT.as_bytes()).ok();
    }
    let status = psql.wait().context("waiting for psql")?;
    Ok(ExitCode::from(devstack::exit_code(status)))
}

/// The URI for a command line, which everybody on the machine can read, and the password apart.
fn without_password(uri: &str) -> Result<(Url, Option<String>)> {
    let Ok(mut uri) = Url::parse(uri.trim()) else {
        bail!("PG_URI is not of the form postgres://user:password@host:port/database");
    };
    let password = uri.password().map(|password| {
        percent_decode_str(password)
            .decode_utf8_lossy()
            .into_owned()
    });
    if password.is_some() && uri.set_password(None).is_err() {
        bail!("PG_URI holds a password and no host");
    }
    Ok((uri, password))
}

/// The clock that the person's terminal goes by, as PostgreSQL takes it.
fn time_zone() -> String {
    let offset = Command::new("date").arg("+%z").output();
    let offset = offset.map(|output| output.stdout).unwrap_or_default();
    let offset = String::from_utf8_lossy(&offset).trim().to_owned();
    let digits = |range| offset.get(range).filter(|digits: &&str| !digits.is_empty());
    match (digits(0..1), digits(1..3), digits(3..5)) {
        // East is negative in POSIX's spelling.
        (Some(sign), Some(hours), Some(minutes)) => {
            let sign = if sign == "-" { "+" } else { "-" };
            format!("<{offset}>{sign}{hours}:{minutes}")
        }
        _ => "UTC".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_stays_off_the_command_line() {
        let (uri, password) =
            without_password("postgres://u:p%40ss%2F@h:5432/d?sslmode=require").unwrap();
        assert_eq!(uri.as_str(), "postgres://u@h:5432/d?sslmode=require");
        assert_eq!(password.as_deref(), Some("p@ss/"));
        let refused = without_password("host=h password=secret").unwrap_err();
        assert!(!refused.to_string().contains("secret"));
    }
}
