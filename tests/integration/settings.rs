//! Bad settings: all problems at once, status 2, no secret printed.

use std::process::{Command, Output};

use crate::support::{Database, Service, ServiceSettings, Topic, program};

fn run(name: &str, arguments: &[&str], variables: &[(&str, &str)]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new(program(name))
        .args(arguments)
        .env_clear()
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
    for name in ["monitor", "consumer"] {
        let (status, help) = run(name, &["--help"], &[]);
        assert_eq!(status, Some(0));
        let settings: Vec<String> = help.lines().filter_map(readme_row).collect();
        assert!(settings.len() > 10, "{help}");
        for row in settings {
            assert!(readme.contains(&row), "README lacks, of {name}:\n{row}");
        }
        let (status, version) = run(name, &["--version"], &[]);
        assert_eq!(status, Some(0));
        assert!(version.starts_with(&format!("{name} ")), "{version}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_the_original_is_refused_with_a_sentence() {
    let (topic, database) = (Topic::create(1).await, Database::create().await);
    database
        .execute(
            "CREATE TABLE websites (id serial PRIMARY KEY, url varchar(2048) NOT NULL UNIQUE, \
             regexp varchar(100) NOT NULL, created_at timestamp DEFAULT now()); \
             CREATE TABLE metrics (id serial PRIMARY KEY, website_id integer NOT NULL \
             REFERENCES websites, error_code integer NOT NULL, response_time real NOT NULL, \
             matched_text varchar(200), created_at timestamp DEFAULT now())",
        )
        .await;
    let settings = ServiceSettings::consumer(&topic, &database);
    let mut consumer = Service::start("consumer", &[], &settings);
    assert_eq!(consumer.exit().await.code(), Some(2));
    consumer.await_line(&["original"]).await;
    let columns = "SELECT count(*) FROM information_schema.columns WHERE table_schema = 'public'";
    assert_eq!(
        database.value::<i64>(columns).await,
        10,
        "nothing was touched"
    );
}

/// A line of `--help` about a setting, as it stands in the README's tables.
fn readme_row(line: &str) -> Option<String> {
    let (name, rest) = line.strip_prefix("  ")?.split_once(' ')?;
    let (help, default) = rest.trim().strip_suffix(']')?.rsplit_once(" [")?;
    Some(format!("| `{name}` | `{default}` | {help} |"))
}
