//! Files as people write them, right and wrong; and in files of their own, receivers of each kind.

mod alertmanager;
mod http;
mod mail;

use std::{fs, path::PathBuf};

use tempfile::TempDir;

use crate::Receivers;

struct File {
    folder: TempDir,
    path: PathBuf,
}

fn file(text: &str) -> File {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("alerts.toml");
    fs::write(&path, text).unwrap();
    File { folder, path }
}

fn variables(name: &str) -> Option<String> {
    match name {
        "SLACK_URL" => Some("https://hooks.slack.test/services/T/B/topsecret".to_owned()),
        "KEY" => Some("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned()),
        "PASSWORD" => Some("topsecret".to_owned()),
        _ => None,
    }
}

fn read(file: &File) -> Result<Receivers, Vec<String>> {
    Receivers::read(&file.path, &variables)
}

/// What is said of a text, each without the path.
fn problems(text: &str) -> Vec<String> {
    let file = file(text);
    let problems = read(&file).unwrap_err();
    let path = format!("{}:", file.path.display());
    problems
        .iter()
        .map(|problem| problem.replace(&path, ""))
        .collect()
}

const ALL: &str = r#"
[[receiver]]
name = "ops"
type = "slack"
url = "${SLACK_URL}"
remind_after = "4h"

[[receiver]]
name = "hook"
type = "webhook"
url = "https://example.test/hook"
secret = "${KEY}"
headers = { Authorization = "Bearer ${PASSWORD}", X-Team = "web" }
template = '{"summary": {{ headline }}, "key": {{ key }}}'
default = false

[[receiver]]
name = "am"
type = "alertmanager"
url = "http://127.0.0.1:9093"
username = "u"
password_file = "password"

[[receiver]]
name = "people"
type = "mail"
server = "smtp.example.test"
encryption = "tls"
username = "u"
password = "${PASSWORD}"
from = "Monitor <monitor@example.test>"
to = ["one@example.test", "two@example.test"]
"#;

#[test]
fn each_kind_of_receiver_is_read_and_shows_no_secret() {
    let file = file(ALL);
    fs::write(file.folder.path().join("password"), "topsecret\n").unwrap();
    let receivers = read(&file).unwrap();
    let names: Vec<_> = receivers.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["ops", "hook", "am", "people"]);
    assert_eq!(receivers.default_names(), ["ops", "am", "people"]);
    let ops = receivers.named("ops").unwrap();
    assert_eq!(ops.remind_after.unwrap().as_secs(), 4 * 3600);
    assert!(!format!("{receivers:?}").contains("topsecret"));
}

/// Files, and what is said of each.
const WRONG: &[(&str, &str)] = &[
    ("", "1: holds no receiver"),
    (
        "name = \"x\"",
        "1: name is not known; a receiver begins with [[receiver]]",
    ),
    ("[receiver]\nname = \"x\"", "1: write [[receiver]]"),
    ("\n\n[[receiver]\n", "3: this is no TOML"),
    (
        "[[receiver]]\ntype = \"slack\"\nurl = \"${SLACK_URL}\"",
        "1: receiver 1: name: is missing; such as name = \"operators\"",
    ),
    (
        "[[receiver]]\nname = \"x\"\ntype = \"teams\"\nurl = \"https://a.test\"",
        "3: receiver x: type: \"teams\" is not one of webhook, slack, alertmanager, mail",
    ),
    (
        "[[receiver]]\nname = \"x\"\ntype = \"webhook\"",
        "1: receiver x: url: is missing; such as url = \"https://example.org/alerts\"",
    ),
    (
        "[[receiver]]\nname = \"x\"\ntype = \"webhook\"\nurl = \"ftp://a.test\"",
        "4: receiver x: url: is not an http or https url",
    ),
    (
        "[[receiver]]\nname = \"x\"\ntype = \"webhook\"\nurl = \"https://a.test\"\nsecret = \"topsecret\"",
        "5: receiver x: secret: a secret does not stand in this file: secret = \"${NAME}\"",
    ),
    (
        "[[receiver]]\nname = \"x\"\ntype = \"webhook\"\nurl = \"https://a.test\"\nsecret = \"${MISSING}\"",
        "5: receiver x: secret: the environment does not set MISSING",
    ),
    (
        "[[receiver]]\nname = \"x\"\ntype = \"webhook\"\nurl = \"https://a.test\"\nsecret = \"${PASSWORD}\"",
        "5: receiver x: secret: is shorter than ",
    ),
    (
        "[[receiver]]\nname = \"x\"\ntype = \"webhook\"\nurl = \"https://a.test\"\ncontent_type = \"text\\nplain\"",
        "5: receiver x: content_type: is no content type",
    ),
    (
        "[[receiver]]\nname = \"x\"\ntype = \"webhook\"\nurl = \"https://a.test\"\nheaders = { Authorization = \"topsecret\" }",
        "5: receiver x: headers.Authorization: a secret does not stand in this file",
    ),
    (
        "[[receiver]]\nname = \"x\"\ntype = \"webhook\"\nurl = \"https://a.test\"\ntemplat = \"a\"",
        "5: receiver x: templat: is not known; did you mean template?",
    ),
    (
        "[[receiver]]\nname = \"x\"\ntype = \"webhook\"\nurl = \"https://a.test\"\ntemplate = \"{{ headlin }}\"",
        "5: receiver x: template: in its line 1: undefined value",
    ),
    (
        "[[receiver]]\nname = \"none\"\ntype = \"slack\"\nurl = \"${SLACK_URL}\"",
        "2: receiver none: name: \"none\" is what a target says when nobody is to be told",
    ),
    (
        "[[receiver]]\nname = \"x\"\ntype = \"slack\"\nurl = \"${SLACK_URL}\"\nremind_after = \"soon\"",
        "5: receiver x: remind_after: \"soon\" is not a time such as \"30m\"",
    ),
    (
        "[[receiver]]\nname = \"x\"\ntype = \"slack\"\nurl = \"${SLACK_URL}\"\ndefault = \"yes\"",
        "5: receiver x: default: is neither true nor false",
    ),
    (
        "[[receiver]]\nname = \"x\"\ntype = \"mail\"\nserver = \"s\"\nfrom = \"me\"\nto = \"you@a.test\"",
        "5: receiver x: from: is not an address",
    ),
    (
        "[[receiver]]\nname = \"x\"\ntype = \"mail\"\nserver = \"s\"\nfrom = \"me@a.test\"\nto = [\"you\"]",
        "6: receiver x: to: \"you\" is not an address",
    ),
    (
        "[[receiver]]\nname = \"x\"\ntype = \"mail\"\nserver = \"s\"\nport = 0\nfrom = \"me@a.test\"\nto = \"you@a.test\"",
        "5: receiver x: port: is not a whole number from 1 to 65535",
    ),
    (
        "[[receiver]]\nname = \"x\"\ntype = \"mail\"\nserver = \"s\"\nencryption = \"none\"\nusername = \"u\"\npassword = \"${PASSWORD}\"\nfrom = \"me@a.test\"\nto = \"you@a.test\"",
        "6: receiver x: username: a password is not sent without",
    ),
    (
        "[[receiver]]\nname = \"x\"\ntype = \"alertmanager\"\nurl = \"http://a.test\"\nca_file = \"missing.pem\"",
        "5: receiver x: ca_file: cannot read",
    ),
];

#[test]
fn what_is_wrong_is_named_with_its_line_its_field_and_what_would_be_right() {
    for (text, expected) in WRONG {
        let problems = problems(text);
        assert_eq!(problems.len(), 1, "{text}: {problems:?}");
        assert!(problems[0].starts_with(expected), "{text}: {problems:?}");
        assert!(!problems[0].contains("topsecret"), "{problems:?}");
    }
}

#[test]
fn everything_is_said_at_once() {
    let receiver = "[[receiver]]\nname = \"x\"\ntype = \"slack\"\nurl = \"${SLACK_URL}\"\n";
    let twice = problems(&format!("{receiver}{receiver}defualt = true\n"));
    assert_eq!(
        twice,
        [
            "6: receiver x: name: is another receiver's already",
            "9: receiver x: defualt: is not known; did you mean default?",
        ]
    );
    let receiver = "[[receiver]]\nname = \"x\"\ntype = \"slack\"\nurl = \"ftp://a.test\"\n";
    let no_certificate = problems(&format!("{receiver}ca_file = \"alerts.toml\"\n"));
    assert_eq!(
        no_certificate,
        [
            "5: receiver x: ca_file: holds no certificate",
            "4: receiver x: url: is not an http or https url",
        ]
    );
}

#[test]
fn the_documentations_examples_are_right() {
    let page = include_str!("../../../docs/alerts.md");
    let blocks = page.split("```toml\n").skip(1);
    let blocks: Vec<_> = blocks
        .filter_map(|block| block.split("```").next())
        .collect();
    assert!(blocks.len() >= 6, "{blocks:?}");
    for block in blocks {
        let file = file(block);
        let any = |_: &str| Some("https://example.test/a-secret".to_owned());
        let read = Receivers::read(&file.path, &any);
        assert!(read.is_ok(), "{block}: {:?}", read.unwrap_err());
    }
}
