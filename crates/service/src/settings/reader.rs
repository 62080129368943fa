//! Reads settings one by one.

use std::{
    ffi::OsString,
    fmt,
    net::SocketAddr,
    ops::RangeInclusive,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use secrecy::SecretString;

use super::{
    characters,
    env_file::EnvFile,
    layers::Layers,
    problems::InvalidSettings,
    setting::{self, DefaultValue, Setting},
    variables::Variables,
};

/// The file beside the environment.
const ENV_FILE: &str = ".env";
/// The longest time that a setting can be, in seconds: a year.
const SECONDS_MAX: f64 = 366.0 * 24.0 * 3600.0;
/// The shortest, in seconds: a millisecond.
const SECONDS_MIN: f64 = 0.001;

/// The longest name of something: what Kafka's group, a column's index and a metric's label hold at ease,
/// whatever they stand beside.
const NAME_BYTES_MAX: usize = 255;

/// Reads settings one by one and remembers what is wrong. A value given for a wrong setting never
/// gets anywhere: [`Reader::finish`] withholds the whole.
///
/// Every setting is read, whatever the others say: what was read is what `--help` lists.
#[derive(Debug)]
pub struct Reader {
    layers: Layers,
    read: Vec<Setting>,
    problems: Vec<String>,
    notes: Vec<String>,
    secrets: Vec<SecretString>,
}

impl Reader {
    /// Reads the process's environment and `.env`.
    pub fn from_environment() -> Self {
        Self::new(std::env::vars_os(), Path::new(ENV_FILE))
    }

    /// Reads the given environment and env file.
    pub(super) fn new(
        variables: impl Iterator<Item = (OsString, OsString)>,
        env_file: &Path,
    ) -> Self {
        let mut problems = Vec::new();
        Self {
            layers: Layers::new(variables, EnvFile::read(env_file), &mut problems),
            read: Vec::new(),
            problems,
            notes: Vec::new(),
            secrets: Vec::new(),
        }
    }

    /// Reads these variables alone.
    pub fn from_pairs(pairs: &[(&str, &str)]) -> Self {
        let variables = pairs
            .iter()
            .map(|(name, value)| (name.into(), value.into()));
        Self::new(variables, Path::new("/nonexistent/.env"))
    }

    /// What was read, each setting once.
    pub fn read(&self) -> &[Setting] {
        &self.read
    }

    /// What was read, as `--help` lists it.
    pub fn help(&self) -> String {
        setting::listed(&self.read)
    }

    /// What was noted, and names that are nearly a setting's, and mean nothing. Asked once all
    /// settings are read.
    pub fn warnings(&self) -> Vec<String> {
        let own: Vec<_> = self.read.iter().map(|setting| setting.name).collect();
        let mut warnings = self.notes.clone();
        warnings.extend(self.layers.nearly(&own));
        warnings
    }

    /// The typed settings, or all that is wrong.
    pub fn finish<T>(self, settings: T) -> Result<T, InvalidSettings> {
        if self.problems.is_empty() {
            return Ok(settings);
        }
        // What is missing may stand there under a name that is nearly the right one.
        let warnings = self.warnings();
        let mut problems = self.problems;
        problems.extend(warnings);
        Err(InvalidSettings(problems))
    }

    /// Notes a problem that only the service can see. Must not quote a secret.
    pub fn problem(&mut self, setting: &Setting, problem: impl fmt::Display) {
        self.problems.push(format!("{}: {problem}", setting.name));
    }

    /// Notes what is worth a warning and wrong enough for nothing more. Must not quote a secret.
    pub fn note(&mut self, setting: &Setting, note: impl fmt::Display) {
        self.notes.push(format!("{}: {note}", setting.name));
    }

    /// A text.
    pub fn text(&mut self, setting: &Setting) -> String {
        self.optional_text(setting).unwrap_or_default()
    }

    /// A text that may be absent.
    pub fn optional_text(&mut self, setting: &Setting) -> Option<String> {
        let text = self.set_or_default(setting)?;
        self.check_characters(setting, characters::problem(&text));
        Some(text)
    }

    /// A name.
    pub fn name(&mut self, setting: &Setting) -> String {
        self.optional_name(setting).unwrap_or_default()
    }

    /// A name that may be absent, without spaces around it.
    pub fn optional_name(&mut self, setting: &Setting) -> Option<String> {
        let text = self.optional_text(setting)?;
        let name = text.trim();
        let bytes = name.len();
        if !(1..=NAME_BYTES_MAX).contains(&bytes) {
            let problem = format!("is not a name of 1 to {NAME_BYTES_MAX} bytes: it has {bytes}");
            self.problem(setting, problem);
        }
        Some(name.to_owned())
    }

    /// What somebody has set, whatever the default is.
    pub fn set_text(&mut self, setting: &Setting) -> Option<String> {
        if !self.read.iter().any(|read| read.name == setting.name) {
            self.read.push(*setting);
        }
        self.layers.value(setting.name)
    }

    /// A text that must not be shown and may be absent.
    pub fn optional_secret(&mut self, setting: &Setting) -> Option<SecretString> {
        let secret = self.set_or_default(setting)?;
        self.check_characters(setting, characters::problem_of_secret(&secret));
        let secret = SecretString::from(secret);
        self.secrets.push(secret.clone());
        Some(secret)
    }

    fn set_or_default(&mut self, setting: &Setting) -> Option<String> {
        match (self.set_text(setting), setting.default) {
            (Some(value), _) => Some(value),
            (None, DefaultValue::Is(value)) => Some(value.to_owned()),
            (None, DefaultValue::Unset) => None,
            (None, DefaultValue::Required) => {
                self.problem(setting, format_args!("is not set ({})", setting.help));
                None
            }
        }
    }

    /// A setting is asked for more than once, and said to be wrong once.
    fn check_characters(&mut self, setting: &Setting, problem: Option<String>) {
        let no_text = || "it is no UTF-8".to_owned();
        let is_no_text = self.layers.is_no_text(setting.name);
        if let Some(problem) = is_no_text.then(no_text).or(problem) {
            let problem = format!("{}: {problem}", self.layers.place(setting.name));
            if !self.problems.contains(&problem) {
                self.problems.push(problem);
            }
        }
    }

    /// Remembers a secret that a setting only leads to.
    pub(super) fn remember(&mut self, secret: &SecretString) {
        self.secrets.push(secret.clone());
    }

    /// The secrets that were read.
    pub fn secrets(&self) -> &[SecretString] {
        &self.secrets
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

    /// A time in seconds that may be absent.
    pub fn optional_seconds(&mut self, setting: &Setting) -> Option<Duration> {
        self.optional_text(setting)?;
        Some(self.seconds(setting))
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

    /// All that is set, for texts that name a variable.
    pub fn variables(&self) -> Variables {
        Variables::new(self.layers.values())
    }

    /// Whether the environment sets a variable that is none of ours, in whatever case; `.env`, which
    /// is ours, does not count.
    pub fn is_in_environment(&self, name: &str) -> bool {
        self.layers.is_in_environment(name)
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
