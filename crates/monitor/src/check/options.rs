//! The options of a target: one for each field of the targets file, by the table of these.

use clap::{
    Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches,
    error::{Error, ErrorKind},
};
use service::{command_line::BadInput, settings::Variables};

use crate::targets::{Target, setting_names, target_of};

/// What is given without a name.
const URL: &str = "url";
/// One header, and the setting that holds all of them.
const HEADER: &str = "header";
const HEADERS: &str = "headers";
/// What stands between the headers of that setting.
const HEADERS_DELIMITER: &str = " | ";
/// A target that is checked by hand is checked.
const NOT_OFFERED: &str = "enabled";

/// What each option is for, as docs/targets.md says it in full.
const HELP: [(&str, &str); 25] = [
    (URL, "The website, http:// or https://"),
    ("regexp", "Sought in the page, and only recorded"),
    (
        "interval",
        "From one check to the next, as the record says it",
    ),
    ("timeout", "Bounds each attempt, such as 5s"),
    ("method", "GET unless set"),
    ("headers", "Sent along: 'Name: value | Name: value'"),
    ("body", "Sent along, by a method that has one"),
    ("redirects", "Hops that may be followed"),
    ("retries", "Attempts after a failed first one"),
    ("ip_version", "The only addresses to take, 4 or 6"),
    (
        "verify_tls",
        "false: a certificate that is not trusted is no failure",
    ),
    (
        "expected_status",
        "Statuses of a site that is up, such as '200-299 301'",
    ),
    ("must_match", "The page is down without this pattern"),
    ("must_not_match", "The page is down with this pattern"),
    ("name", "Goes along in the record"),
    ("group", "Goes along in the record"),
    ("tags", "Go along in the record"),
    ("description", "Goes along in the record"),
    ("down_after", "Goes along in the record"),
    ("up_after", "Goes along in the record"),
    ("slow_after", "Goes along in the record"),
    ("cert_days", "Goes along in the record"),
    ("alerts", "Go along in the record"),
    ("maintenance", "Goes along in the record"),
    ("slo", "Goes along in the record"),
];

const HEADING: &str = "The target's settings, written as in a CSV file (docs/targets.md)";

/// The target's settings that were given, as they were written.
#[derive(Debug, Default)]
pub struct TargetOptions(Vec<(&'static str, String)>);

impl TargetOptions {
    /// The target that they make; they may name these variables.
    pub(super) fn target(&self, variables: &Variables) -> Result<Target, BadInput> {
        let settings = self.0.iter();
        target_of(
            settings.map(|(name, value)| (*name, value.as_str())),
            variables,
        )
    }
}

/// The fields that have an option.
fn offered() -> impl Iterator<Item = &'static str> {
    setting_names().filter(|name| *name != NOT_OFFERED)
}

impl Args for TargetOptions {
    fn augment_args(command: Command) -> Command {
        let options = offered().map(|name| {
            let help = HELP.iter().find(|(helped, _)| *helped == name);
            let arg = Arg::new(name)
                .value_name(name.to_uppercase())
                .help(help.map(|(_, help)| *help));
            if name == URL {
                return arg.required(true);
            }
            arg.long(name.replace('_', "-"))
                .allow_hyphen_values(true)
                .help_heading(HEADING)
        });
        let header = Arg::new(HEADER)
            .long(HEADER)
            .value_name("NAME: VALUE")
            .action(ArgAction::Append)
            .help("One of these headers; may be given several times")
            .help_heading(HEADING);
        command.args(options).arg(header)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for TargetOptions {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut options = Self::default();
        options.update_from_arg_matches(matches)?;
        Ok(options)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        let given = offered().filter_map(|name| {
            let value = matches.get_one::<String>(name)?;
            Some((name, value.clone()))
        });
        self.0 = given.collect();
        let several = matches.get_many::<String>(HEADER).into_iter().flatten();
        let several: Vec<_> = several.map(String::as_str).collect();
        if several.iter().any(|header| header.contains('|')) {
            let problem = "a --header that holds | can only be given in a JSON targets file\n";
            return Err(Error::raw(ErrorKind::InvalidValue, problem));
        }
        if !several.is_empty() {
            let all = several.join(HEADERS_DELIMITER);
            match self.0.iter_mut().find(|(name, _)| *name == HEADERS) {
                Some((_, headers)) => *headers = format!("{headers}{HEADERS_DELIMITER}{all}"),
                None => self.0.push((HEADERS, all)),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<TargetOptions, Error> {
        let command = TargetOptions::augment_args(Command::new("check"));
        let matches = command.try_get_matches_from([&["check"], arguments].concat())?;
        TargetOptions::from_arg_matches(&matches)
    }

    #[test]
    fn every_field_but_enabled_has_an_option() {
        let mut command = TargetOptions::augment_args(Command::new("check"));
        let help = command.render_long_help().to_string();
        for name in setting_names().filter(|name| ![URL, NOT_OFFERED].contains(name)) {
            let option = format!("--{} <", name.replace('_', "-"));
            assert!(help.contains(&option), "{option} in {help}");
        }
        assert!(!help.contains("--enabled"), "{help}");
        command.debug_assert();
    }

    #[test]
    fn every_option_says_what_it_is_for() {
        let helped: Vec<_> = HELP.iter().map(|(name, _)| *name).collect();
        assert_eq!(helped, offered().collect::<Vec<_>>());
    }

    #[test]
    fn options_make_the_target_that_a_row_would() {
        let given = [
            "http://a.test/",
            "--expected-status",
            "200-299",
            "--regexp",
            "-5",
        ];
        let target = parse(&given)
            .unwrap()
            .target(&Variables::default())
            .unwrap();
        assert_eq!(target.url, "http://a.test/");
        assert_eq!(target.regexp(), "-5");
        assert!(target.own.expected.status.is_some());
        let wrong = parse(&["http://a.test/", "--retries", "many"]).unwrap();
        let problem = wrong.target(&Variables::default()).unwrap_err().to_string();
        assert!(problem.starts_with("the retries "), "{problem}");
        assert!(parse(&[]).is_err(), "no url");
    }

    #[test]
    fn a_header_may_be_given_several_times() {
        let given = "http://a.test/ --headers a:1 --header b:2,3 --header c:4";
        let given: Vec<_> = given.split(' ').collect();
        let target = parse(&given).unwrap().target(&Variables::default());
        let headers = target.unwrap().own.asked.headers;
        let header = |name| headers.get(name).unwrap().to_str().unwrap();
        assert_eq!([header("a"), header("b"), header("c")], ["1", "2,3", "4"]);
        assert!(parse(&["http://a.test/", "--header", "a: x|y"]).is_err());
    }
}
