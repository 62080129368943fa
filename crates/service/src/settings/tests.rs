use std::time::Duration;

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
fn help_lists_what_was_read_in_that_order() {
    let mut reader = Reader::from_pairs(&[]);
    reader.seconds(&INTERVAL);
    reader.text(&TOPIC);
    reader.text(&TOPIC);
    let help = reader.help();
    let lines: Vec<_> = help.lines().skip(1).collect();
    assert_eq!(
        lines,
        [
            "  INTERVAL    how often [60]",
            "  TOPIC_NAME  the topic [required]"
        ]
    );
}

#[test]
fn a_name_that_is_nearly_right_is_said_with_the_right_one() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "# ours\nTOPIC_NAMES=checks\nFOO=1\n").unwrap();
    let mut reader = Reader::new(std::iter::empty(), file.path());
    reader.text(&TOPIC);
    let warnings = reader.warnings();
    let expected = format!("{}:2: TOPIC_NAMES is not known", file.path().display());
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].starts_with(&expected), "{warnings:?}");
    assert!(warnings[0].ends_with("TOPIC_NAME?"), "{warnings:?}");
    let problems = reader.finish(()).unwrap_err().to_string();
    assert!(problems.contains("did you mean TOPIC_NAME?"), "{problems}");
}

#[test]
fn a_name_of_the_environment_is_somebody_elses_where_the_right_one_is_set() {
    let mut slip = Reader::from_pairs(&[("TOPIC_NAMES", "a")]);
    slip.text(&TOPIC);
    assert_eq!(slip.warnings().len(), 1);
    let mut both = Reader::from_pairs(&[("TOPIC_NAMES", "a"), ("TOPIC_NAME", "b")]);
    both.text(&TOPIC);
    assert_eq!(both.warnings(), Vec::<String>::new());
}

const NAME: Setting = Setting::with_default("NAME", "default", "what it is called");
const PASSWORD: Setting = Setting::optional("PASSWORD", "a secret");

/// What is wrong with a name that stands in the third line of the file.
fn problems_of_file(value: &str) -> Vec<String> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), format!("# ours\n\nNAME={value}\n")).unwrap();
    let mut reader = Reader::new(std::iter::empty(), file.path());
    reader.name(&NAME);
    // It is asked for more than once.
    reader.name(&NAME);
    let place = file.path().display().to_string();
    let invalid = reader.finish(()).err();
    let problems = invalid.map(|it| it.problems().to_vec()).unwrap_or_default();
    problems
        .iter()
        .map(|it| it.replace(&place, ".env"))
        .collect()
}

#[test]
fn a_character_that_nobody_sees_is_named_with_line_and_setting() {
    for (value, said) in [
        ("a\0b", "its character 2 is a NUL (U+0000); leave it out"),
        (
            "'a\tb'",
            "its character 2 is a control character (U+0009); leave it out",
        ),
        (
            "ab\u{200b}",
            "its character 3 is an invisible character (U+200B); leave it out",
        ),
        (
            "\u{202e}ab",
            "its character 1 is an invisible character (U+202E); leave it out",
        ),
    ] {
        assert_eq!(problems_of_file(value), [format!(".env:3: NAME: {said}")]);
    }
    assert_eq!(problems_of_file("Grüße"), Vec::<String>::new());
    // Nobody asks for what stands there.
    let mut reader = Reader::from_pairs(&[("NAME", "a\u{ad}b"), ("OTHER", "\u{ad}")]);
    reader.name(&NAME);
    let invalid = reader.finish(()).unwrap_err();
    let said = "NAME: its character 2 is an invisible character (U+00AD); leave it out";
    assert_eq!(invalid.problems(), [said]);
}

#[test]
fn a_secret_may_be_of_whatever_it_was_made_and_no_piece_of_it_is_shown() {
    let read = |value: &str| {
        let mut reader = Reader::from_pairs(&[("PASSWORD", value)]);
        let secret = reader.optional_secret(&PASSWORD).unwrap();
        reader.finish(secrecy::ExposeSecret::expose_secret(&secret).to_owned())
    };
    assert_eq!(
        read("pa\u{200b}ss\tword\n").unwrap(),
        "pa\u{200b}ss\tword\n"
    );
    let said = read("geheim\0").unwrap_err().to_string();
    assert_eq!(
        said,
        "PASSWORD: its character 7 is a NUL (U+0000); leave it out"
    );
}

#[cfg(unix)]
#[test]
fn a_value_that_is_no_text_is_not_taken_for_another() {
    use std::os::unix::ffi::OsStringExt;

    let latin = std::ffi::OsString::from_vec(b"Gr\xfc\xdfe".to_vec());
    let variables = [("NAME".into(), latin.clone()), ("OTHER".into(), latin)];
    let mut reader = Reader::new(variables.into_iter(), std::path::Path::new("/nonexistent"));
    reader.name(&NAME);
    let invalid = reader.finish(()).unwrap_err();
    assert_eq!(invalid.problems(), ["NAME: it is no UTF-8"]);
}

#[test]
fn a_name_has_an_end_and_no_spaces_around_it() {
    let read = |value: &str| {
        let mut reader = Reader::from_pairs(&[("NAME", value)]);
        let name = reader.name(&NAME);
        reader.finish(name)
    };
    assert_eq!(read(" eu-west \n").unwrap(), "eu-west");
    assert_eq!(read(&"ü".repeat(127)).unwrap().len(), 254);
    for (wrong, bytes) in [
        ("ü".repeat(128), 256),
        ("x".repeat(100_000), 100_000),
        (" ".into(), 0),
    ] {
        let said = read(&wrong).unwrap_err().to_string();
        let expected = format!("NAME: is not a name of 1 to 255 bytes: it has {bytes}");
        assert_eq!(said, expected);
    }
}
