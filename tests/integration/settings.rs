//! Bad settings: all problems at once, status 2, no secret printed.

use std::{path::Path, process::Output};

use devstack::{Authority, ClientFiles};

use crate::support::{Database, Service, ServiceSettings, Topic, bare};

fn run(name: &str, arguments: &[&str], variables: &[(&str, &str)]) -> (Option<i32>, String) {
    run_with_file(name, arguments, variables, "")
}

/// Runs a program to its end, with a `.env` beside it.
fn run_with_file(
    name: &str,
    arguments: &[&str],
    variables: &[(&str, &str)],
    env_file: &str,
) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(".env"), env_file).unwrap();
    let Output {
        status,
        stdout,
        stderr,
    } = bare(name)
        .args(arguments)
        .envs(variables.iter().copied())
        .current_dir(folder.path())
        .output()
        .unwrap();
    let text = String::from_utf8(stdout).unwrap() + &String::from_utf8(stderr).unwrap();
    (status.code(), text)
}

#[test]
fn every_problem_is_listed_in_one_line_each() {
    let variables = [
        ("LOG_LEVEL", "LOUD"),
        ("WEBSITES_CHECK_INTERVAL", "often"),
        ("URLS_PROVIDER_TYPE", "XmlUrlsProvider"),
        ("SSL_CAFILE", "/nonexistent/ca.pem"),
        ("TOPIC_NAME", ""),
    ];
    let (status, text) = run("monitor", &[], &variables);
    assert_eq!(status, Some(2), "{text}");
    for (name, _) in variables {
        let lines = text.lines().filter(|line| line.contains(name)).count();
        assert_eq!(lines, 1, "{name} in\n{text}");
    }
    assert!(text.contains("SSL_CERTFILE"), "{text}");
    assert!(text.contains("SSL_KEYFILE"), "{text}");
}

#[test]
fn a_key_that_is_not_the_certificates_is_named_at_start() {
    let authority = Authority::new("ours").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let files = ["one", "two"].map(|name| {
        let folder = folder.path().join(name);
        std::fs::create_dir(&folder).unwrap();
        let identity = authority.client(name).unwrap();
        ClientFiles::write(&folder, &authority, &identity).unwrap()
    });
    let path = |path: &Path| path.to_str().unwrap().to_owned();
    let variables = [
        ("TOPIC_NAME", "checks".into()),
        ("SSL_CAFILE", path(&files[0].ca)),
        ("SSL_CERTFILE", path(&files[0].certificate)),
        ("SSL_KEYFILE", path(&files[1].key)),
    ];
    let variables = variables
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let (status, text) = run("monitor", &[], &variables);
    assert_eq!(status, Some(2), "{text}");
    assert!(text.contains("SSL_KEYFILE: "), "{text}");
    assert!(text.contains("is not the key of"), "{text}");
}

#[test]
fn a_dollar_in_the_env_file_is_a_dollar_and_a_bad_line_is_named() {
    let plaintext = [("SECURITY_PROTOCOL", "PLAINTEXT")];
    let file = "MONITOR_LOCATION=a$HOME\nTOPIC_NAME=web$sites\nthis is no setting\n";
    let (status, text) = run_with_file("monitor", &[], &plaintext, file);
    assert_eq!(status, Some(2), "{text}");
    assert!(text.contains("TOPIC_NAME: \"web$sites\""), "{text}");
    assert!(text.contains(".env:3: "), "{text}");
}

#[test]
fn a_misspelt_name_is_said_with_the_right_one() {
    let file = "# ours\nTOPIC_NAMES=checks\nCOMPOSE_PROJECT_NAME=mine\n";
    let plaintext = [("SECURITY_PROTOCOL", "PLAINTEXT"), ("PG_URL", "x")];
    let (status, text) = run_with_file("consumer", &[], &plaintext, file);
    assert_eq!(status, Some(2), "{text}");
    assert!(text.contains(".env:2: TOPIC_NAMES"), "{text}");
    assert!(text.contains("did you mean TOPIC_NAME?"), "{text}");
    assert!(text.contains("did you mean PG_URI?"), "{text}");
    assert!(!text.contains("COMPOSE_PROJECT_NAME"), "{text}");
}

#[test]
fn one_env_file_may_hold_the_settings_of_both_services_and_of_compose() {
    let mut names: Vec<String> = ["monitor", "consumer"]
        .iter()
        .flat_map(|name| setting_names(&run(name, &["--help"], &[]).1))
        .collect();
    let compose = include_str!("../../docker-compose.yml");
    names.extend(
        compose
            .split("${")
            .skip(1)
            .filter_map(|rest| Some(rest.split_once([':', '-', '}'])?.0.to_owned())),
    );
    assert!(names.len() > 40, "{names:?}");
    let file = names.join("=\n") + "=\n";
    for name in ["monitor", "consumer"] {
        // An empty TOPIC_NAME is missing, so that what was noticed is printed.
        let (status, text) = run_with_file(name, &[], &[], &file);
        assert_eq!(status, Some(2), "{text}");
        assert!(!text.contains("did you mean"), "{text}");
    }
}

/// A setting that the compose file does not pass on means nothing in `.env`, and nobody would know.
#[test]
fn the_compose_file_passes_every_setting_on() {
    // STATE_DIR stands there, under its own name.
    const OTHER_NAMES: [&str; 1] = ["SPOOL_DIR"];
    let compose = include_str!("../../docker-compose.yml");
    let example = include_str!("../../.env.example");
    let mut known = String::from(compose);
    for name in ["monitor", "consumer"] {
        let (_, help) = run(name, &["--help"], &[]);
        for setting in setting_names(&help) {
            let passed = format!("\n      {setting}: ");
            let passed_to_both = format!("\n  {setting}: ");
            assert!(
                compose.contains(&passed)
                    || compose.contains(&passed_to_both)
                    || OTHER_NAMES.contains(&setting.as_str()),
                "docker-compose.yml does not pass on {setting}"
            );
        }
        known += &help;
    }
    for line in example.lines().filter(|line| line.contains('=')) {
        let line = line.trim_start_matches("# ");
        let name = line.split('=').next().unwrap();
        if name
            .chars()
            .all(|char| char.is_ascii_uppercase() || char == '_')
        {
            assert!(known.contains(name), ".env.example: {name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_with_bad_settings_says_so_and_waits_to_be_stopped() {
    let settings = ServiceSettings::default()
        .set("BAD_SETTINGS_WAIT", 600)
        .set("SECURITY_PROTOCOL", "PLAINTEXT");
    let mut monitor = Service::start("monitor", &[], &settings);
    monitor.await_line(&["TOPIC_NAME: is not set"]).await;
    assert_eq!(monitor.terminate().await, Some(2));
}

#[test]
fn a_password_is_never_printed() {
    for uri in [
        "postgres://user:geh@eim/wort@host/database",
        "postgres://user:geheimwort@host:port/database",
        "postgres://user:geheimwort@host/database?sslmode=geheimwort",
        "geheimwort",
    ] {
        let variables = [
            ("PG_URI", uri),
            ("TOPIC_NAME", "checks"),
            ("SECURITY_PROTOCOL", "PLAINTEXT"),
        ];
        let (status, text) = run("consumer", &[], &variables);
        assert_eq!(status, Some(2), "{uri}: {text}");
        assert!(text.contains("PG_URI"), "{text}");
        for secret in ["geh", "eim", "wort"] {
            assert!(!text.contains(secret), "{uri}: {text}");
        }
    }
}

#[test]
fn help_lists_every_setting_with_its_default_and_so_does_the_readme() {
    let readme = include_str!("../../README.md");
    let mut rows = Vec::new();
    for name in ["monitor", "consumer"] {
        let (status, help) = run(name, &["--help"], &[]);
        assert_eq!(status, Some(0));
        let settings: Vec<String> = help.lines().filter_map(readme_row).collect();
        assert!(settings.len() > 10, "{help}");
        for row in &settings {
            assert!(readme.contains(row), "README lacks, of {name}:\n{row}");
        }
        rows.extend(settings);
        let (status, version) = run(name, &["--version"], &[]);
        assert_eq!(status, Some(0));
        assert!(version.starts_with(&format!("{name} ")), "{version}");
    }
    // A setting that is read only where another says so would be missing in `--help`.
    let configuration = readme.split("## Configuration").nth(1).unwrap();
    let configuration = configuration.split("\n## ").next().unwrap();
    for row in configuration.lines().filter(|line| line.starts_with("| `")) {
        assert!(rows.iter().any(|it| it == row), "--help lacks:\n{row}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_another_system_is_refused_with_a_sentence() {
    let (topic, database) = (Topic::create(1).await, Database::create().await);
    database
        .execute(
            "CREATE TABLE websites (id serial PRIMARY KEY, name text NOT NULL); \
             CREATE TABLE metrics (id serial PRIMARY KEY, value real NOT NULL)",
        )
        .await;
    let settings = ServiceSettings::consumer(&topic, &database);
    let mut consumer = Service::start("consumer", &[], &settings);
    assert_eq!(consumer.exit().await.code(), Some(2));
    consumer.await_line(&["PG_URI", "websites"]).await;
    let log = consumer.log();
    let told = log.iter().filter(|line| line.contains("PG_URI")).count();
    assert_eq!(told, 1, "once: {log:#?}");
    let columns = "SELECT count(*) FROM information_schema.columns WHERE table_schema = 'public'";
    assert_eq!(
        database.value::<i64>(columns).await,
        4,
        "nothing was touched"
    );
}

/// The names that `--help` lists.
fn setting_names(help: &str) -> Vec<String> {
    let rows = help.lines().filter_map(readme_row);
    rows.map(|row| row.split('`').nth(1).unwrap().to_owned())
        .collect()
}

/// A line of `--help` about a setting, as it stands in the README's tables.
fn readme_row(line: &str) -> Option<String> {
    let (name, rest) = line.strip_prefix("  ")?.split_once(' ')?;
    let (help, default) = rest.trim().strip_suffix(']')?.rsplit_once(" [")?;
    Some(format!("| `{name}` | `{default}` | {help} |"))
}

#[tokio::test]
async fn a_check_says_whether_settings_are_right_and_runs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let alerts = folder.path().join("alerts.toml");
    std::fs::write(&alerts, "[[receiver]]\nname = \"ops\"\ntype = \"pager\"\n").unwrap();
    let alerts = alerts.display().to_string();
    let right = [
        ("BOOTSTRAP_SERVERS", "127.0.0.1:1"),
        ("SECURITY_PROTOCOL", "PLAINTEXT"),
        ("TOPIC_NAME", "checks"),
        ("PG_URI", "postgres://u:topsecret@127.0.0.1:1/d"),
    ];
    for (name, arguments) in [
        ("consumer", &["--check"][..]),
        ("consumer", &["run", "--check"]),
        ("monitor", &["--check"]),
        ("monitor", &["run", "--check"]),
    ] {
        let (status, text) = run(name, arguments, &right);
        assert_eq!(status, Some(0), "{text}");
        assert!(text.ends_with("the settings are right\n"), "{text}");
        assert!(!text.contains("topsecret"), "{text}");
        let wrong = [
            &right[..],
            &[("LOG_LEVEL", "LOUD"), ("ALERTS_FILE", &alerts)],
        ]
        .concat();
        let (status, text) = run(name, arguments, &wrong);
        assert_eq!(status, Some(2), "{text}");
        assert!(text.contains("LOG_LEVEL"), "{text}");
        let is_told = text.contains("alerts.toml:3: receiver ops: type: \"pager\" is not one of");
        assert_eq!(is_told, name == "consumer", "{text}");
    }
}
