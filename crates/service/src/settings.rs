//! The environment, read once into typed values, with all problems listed at once.
//!
//! A service declares each setting as a constant; `--help`, the reader and the README's table all
//! come from these. `.env` in the working directory fills in what the environment lacks.

use std::{
    fmt::{self, Write as _},
    net::SocketAddr,
    ops::RangeInclusive,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use config::{Config, Environment, Map};
use secrecy::SecretString;
use thiserror::Error;

/// The file beside the environment.
const ENV_FILE: &str = ".env";
/// The longest time that a setting can be, in seconds: a year.
const SECONDS_MAX: f64 = 366.0 * 24.0 * 3600.0;
/// The shortest, in seconds: a millisecond.
const SECONDS_MIN: f64 = 0.001;

/// One variable of the environment.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The variable.
    pub name: &'static str,
    /// What it is when unset.
    pub default: DefaultValue,
    /// What it is for, a phrase.
    pub help: &'static str,
}

/// What a setting is when its variable is unset or empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefaultValue {
    /// It must be set.
    Required,
    /// Nothing.
    Unset,
    /// This.
    Is(&'static str),
}

impl Setting {
    /// A setting without which the service cannot run.
    pub const fn required(name: &'static str, help: &'static str) -> Self {
        Self {
            name,
            default: DefaultValue::Required,
            help,
        }
    }

    /// A setting that may be absent.
    pub const fn optional(name: &'static str, help: &'static str) -> Self {
        Self {
            name,
            default: DefaultValue::Unset,
            help,
        }
    }

    /// A setting with a default.
    pub const fn with_default(
        name: &'static str,
        default: &'static str,
        help: &'static str,
    ) -> Self {
        Self {
            name,
            default: DefaultValue::Is(default),
            help,
        }
    }
}

impl fmt::Display for DefaultValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Required => formatter.write_str("required"),
            Self::Unset => formatter.write_str("unset"),
            Self::Is(value) => formatter.write_str(value),
        }
    }
}

/// The settings as `--help` lists them.
pub fn help(groups: &[&[Setting]]) -> String {
    let settings = || groups.iter().copied().flatten();
    let width = settings()
        .map(|setting| setting.name.len())
        .max()
        .unwrap_or(0);
    let mut text = String::from("Settings (environment, or .env in the working directory):\n");
    for Setting {
        name,
        default,
        help,
    } in settings()
    {
        // Writing to a String does not fail.
        writeln!(text, "  {name:width$}  {help} [{default}]").ok();
    }
    text
}

/// All that is wrong with the settings, a line each.
#[derive(Debug, Error)]
#[error("{}", .0.join("; "))]
pub struct InvalidSettings(Vec<String>);

impl InvalidSettings {
    /// The lines.
    pub fn problems(&self) -> &[String] {
        &self.0
    }
}

/// Reads settings one by one and remembers what is wrong. A value given for a wrong setting never
/// gets anywhere: [`Reader::finish`] withholds the whole.
#[derive(Debug)]
pub struct Reader {
    environment: Config,
    env_file: Config,
    problems: Vec<String>,
}

impl Reader {
    /// Reads the process's environment and `.env`.
    pub fn from_environment() -> Self {
        Self::new(std::env::vars_os(), Path::new(ENV_FILE))
    }

    /// Reads the given environment and env file.
    fn new(
        variables: impl Iterator<Item = (std::ffi::OsString, std::ffi::OsString)>,
        env_file: &Path,
    ) -> Self {
        let mut problems = Vec::new();
        // A variable that is no UTF-8 is somebody else's: none of our names is.
        let variables = variables.filter_map(|(name, value)| {
            Some((
                name.into_string().ok()?,
                value.to_string_lossy().into_owned(),
            ))
        });
        let environment = source(variables.collect(), &mut problems);
        let env_file = read_env_file(env_file, &mut problems);
        let env_file = source(env_file, &mut problems);
        Self {
            environment,
            env_file,
            problems,
        }
    }

    /// Settings given by hand, for tests.
    pub fn from_pairs(pairs: &[(&str, &str)]) -> Self {
        let variables = pairs
            .iter()
            .map(|(name, value)| (name.into(), value.into()));
        Self::new(variables, Path::new("/nonexistent/.env"))
    }

    /// The typed settings, or all that is wrong.
    pub fn finish<T>(self, settings: T) -> Result<T, InvalidSettings> {
        if self.problems.is_empty() {
            Ok(settings)
        } else {
            Err(InvalidSettings(self.problems))
        }
    }

    /// Notes a problem that only the service can see. Must not quote a secret.
    pub fn problem(&mut self, setting: &Setting, problem: impl fmt::Display) {
        self.problems.push(format!("{}: {problem}", setting.name));
    }

    /// A text.
    pub fn text(&mut self, setting: &Setting) -> String {
        self.optional_text(setting).unwrap_or_default()
    }

    /// A text that may be absent.
    pub fn optional_text(&mut self, setting: &Setting) -> Option<String> {
        // The library keeps names in small letters. An error here can only be "not found": every
        // value is a string.
        let name = setting.name.to_lowercase();
        let set = [&self.environment, &self.env_file]
            .into_iter()
            .find_map(|source| source.get_string(&name).ok());
        match (set, setting.default) {
            (Some(value), _) => Some(value),
            (None, DefaultValue::Is(value)) => Some(value.to_owned()),
            (None, DefaultValue::Unset) => None,
            (None, DefaultValue::Required) => {
                self.problem(setting, format_args!("is not set ({})", setting.help));
                None
            }
        }
    }

    /// A text that must not be shown.
    pub fn secret(&mut self, setting: &Setting) -> SecretString {
        self.text(setting).into()
    }

    /// A path.
    pub fn path(&mut self, setting: &Setting) -> PathBuf {
        self.text(setting).into()
    }

    /// A time in seconds, fractions allowed, longer than nothing.
    pub fn seconds(&mut self, setting: &Setting) -> Duration {
        let range = SECONDS_MIN..=SECONDS_MAX;
        let seconds = self.parse(setting, "a number of seconds, such as 60 or 0.5", |text| {
            text.parse::<f64>()
                .ok()
                .filter(|seconds| range.contains(seconds))
        });
        seconds.map(Duration::from_secs_f64).unwrap_or_default()
    }

    /// A whole number within bounds.
    pub fn count(&mut self, setting: &Setting, range: RangeInclusive<u64>) -> u64 {
        let wanted = format!("a whole number from {} to {}", range.start(), range.end());
        let count = self.parse(setting, &wanted, |text| {
            text.parse().ok().filter(|count| range.contains(count))
        });
        count.unwrap_or_default()
    }

    /// A whole number within bounds that may be absent.
    pub fn optional_count(&mut self, setting: &Setting, range: RangeInclusive<u64>) -> Option<u64> {
        self.optional_text(setting)?;
        Some(self.count(setting, range))
    }

    /// A switch: 1 or 0, in any of the usual words.
    pub fn flag(&mut self, setting: &Setting) -> bool {
        let words = [
            ("1", true),
            ("0", false),
            ("true", true),
            ("false", false),
            ("yes", true),
            ("no", false),
            ("on", true),
            ("off", false),
        ];
        self.choice(setting, &words)
    }

    /// One of some words, in whatever case.
    pub fn choice<T: Copy>(&mut self, setting: &Setting, choices: &[(&str, T)]) -> T {
        let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
        let wanted = format!("one of {}", words.join(", "));
        let find = |text: &str| {
            choices
                .iter()
                .find(|(word, _)| word.eq_ignore_ascii_case(text))
                .map(|(_, value)| *value)
        };
        self.parse(setting, &wanted, find).unwrap_or(choices[0].1)
    }

    /// An address and port to listen on.
    pub fn address(&mut self, setting: &Setting) -> SocketAddr {
        let address = self.parse(
            setting,
            "an address and port, such as 127.0.0.1:8080",
            |text| SocketAddr::from_str(text).ok(),
        );
        address.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 0)))
    }

    fn parse<T>(
        &mut self,
        setting: &Setting,
        wanted: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.optional_text(setting)?;
        let value = parse(text.trim());
        if value.is_none() {
            self.problem(setting, format_args!("{text:?} is not {wanted}"));
        }
        value
    }
}

/// An empty variable counts as unset.
fn source(variables: Map<String, String>, problems: &mut Vec<String>) -> Config {
    let source = Environment::default()
        .ignore_empty(true)
        .source(Some(variables));
    Config::builder()
        .add_source(source)
        .build()
        .unwrap_or_else(|error| {
            problems.push(format!("reading the environment: {error}"));
            Config::default()
        })
}

fn read_env_file(path: &Path, problems: &mut Vec<String>) -> Map<String, String> {
    let lines = match dotenvy::from_path_iter(path) {
        Ok(lines) => lines,
        Err(error) if error.not_found() => return Map::new(),
        Err(error) => {
            problems.push(format!("reading {}: {error}", path.display()));
            return Map::new();
        }
    };
    let mut variables = Map::new();
    for line in lines {
        match line {
            Ok((name, value)) => {
                variables.insert(name, value);
            }
            // The error's own text quotes the line, which may hold a password.
            Err(_) => problems.push(format!(
                "{}: a line is not NAME=value; quote values that hold spaces or quotes",
                path.display()
            )),
        }
    }
    variables
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOPIC: Setting = Setting::required("TOPIC_NAME", "the topic");
    const INTERVAL: Setting = Setting::with_default("INTERVAL", "60", "how often");
    const WORKERS: Setting = Setting::with_default("WORKERS", "4", "how many");
    const LEVEL: Setting = Setting::with_default("LEVEL", "INFO", "how loud");

    #[test]
    fn every_problem_is_listed_and_an_empty_variable_is_unset() {
        let mut reader = Reader::from_pairs(&[
            ("TOPIC_NAME", ""),
            ("INTERVAL", "soon"),
            ("WORKERS", "0"),
            ("LEVEL", "shout"),
        ]);
        reader.text(&TOPIC);
        reader.seconds(&INTERVAL);
        reader.count(&WORKERS, 1..=8);
        reader.choice(&LEVEL, &[("INFO", 1), ("DEBUG", 2)]);
        let invalid = reader.finish(()).unwrap_err();
        assert_eq!(
            invalid.problems(),
            [
                "TOPIC_NAME: is not set (the topic)",
                "INTERVAL: \"soon\" is not a number of seconds, such as 60 or 0.5",
                "WORKERS: \"0\" is not a whole number from 1 to 8",
                "LEVEL: \"shout\" is not one of INFO, DEBUG",
            ]
        );
    }

    #[test]
    fn a_topic_of_digits_stays_as_it_is() {
        assert_eq!(
            Reader::from_pairs(&[("TOPIC_NAME", "007")]).text(&TOPIC),
            "007"
        );
    }

    #[test]
    fn seconds_take_fractions_but_no_nonsense() {
        let half = Reader::from_pairs(&[("INTERVAL", "0.5")]).seconds(&INTERVAL);
        assert_eq!(half, Duration::from_millis(500));
        for nonsense in ["0", "-1", "NaN", "inf", "1e300", "60s"] {
            let mut reader = Reader::from_pairs(&[("INTERVAL", nonsense)]);
            reader.seconds(&INTERVAL);
            assert!(reader.finish(()).is_err(), "{nonsense}");
        }
    }

    #[test]
    fn the_environment_comes_before_the_env_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "TOPIC_NAME=from_file\nLEVEL=DEBUG\n").unwrap();
        let variables = [
            ("TOPIC_NAME".into(), "from_environment".into()),
            ("LEVEL".into(), "".into()),
        ];
        let mut reader = Reader::new(variables.into_iter(), file.path());
        assert_eq!(reader.text(&TOPIC), "from_environment");
        assert_eq!(reader.text(&LEVEL), "DEBUG");
    }

    #[test]
    fn a_broken_env_file_is_a_problem_that_quotes_nothing() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "PG_URI='postgres://u:secret@h/d\n").unwrap();
        let invalid = Reader::new(std::iter::empty(), file.path())
            .finish(())
            .unwrap_err();
        assert!(!invalid.to_string().contains("secret"));
    }
}
