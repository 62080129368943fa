//! What is shipped agrees with itself: versions, settings, alerts and what is said of them.

use std::{collections::BTreeSet, fs, path::PathBuf, process::Command};

use crate::support::program;

fn read(path: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What stands between the two, the first time.
fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text.split_once(before).expect(before);
    rest.split_once(after).expect(after).0
}

fn version() -> String {
    between(&read("Cargo.toml"), "\nversion = \"", "\"").to_owned()
}

/// The settings that a program's `--help` lists.
fn settings(name: &str) -> BTreeSet<String> {
    let output = Command::new(program(name)).arg("--help").output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    let (_, list) = help.split_once("Settings (").unwrap();
    let names = list
        .lines()
        .filter_map(|line| line.split_whitespace().next());
    names.map(str::to_owned).collect()
}

#[test]
fn the_newest_release_is_not_newer_than_the_version() {
    let changes = read("CHANGELOG.md");
    assert!(changes.contains("\n## [Unreleased]\n"));
    let numbers = |version: &str| -> Vec<u64> {
        let parts = version.split('.').map(|part| part.parse().unwrap());
        parts.collect()
    };
    let releases = changes
        .lines()
        .filter_map(|line| line.strip_prefix("## [")?.split_once("] - "));
    for (release, _) in releases {
        assert!(numbers(release) <= numbers(&version()), "{release}");
    }
}

#[test]
fn one_toolchain_builds_everything() {
    let toolchain = read("rust-toolchain.toml");
    let version = between(&toolchain, "channel = \"", "\"");
    let minor = version.rsplit_once('.').unwrap().0;
    for file in ["Dockerfile.monitor", "Dockerfile.consumer"] {
        let image = read(file);
        let tag = between(&image, "rust:", "-");
        assert!(tag == minor, "{file} builds by {tag}, and not by {minor}");
    }
}

#[test]
fn the_manifests_name_the_version() {
    for folder in ["kubernetes", "kubernetes-fleet"] {
        let kustomization = read(&format!("deploy/{folder}/kustomization.yaml"));
        let tags = kustomization
            .lines()
            .filter_map(|line| line.trim().strip_prefix("newTag: "));
        let tags: BTreeSet<_> = tags.collect();
        assert_eq!(tags, [version().as_str()].into(), "{folder}");
    }
}

#[test]
fn packages_and_manifests_set_nothing_that_is_no_setting() {
    let kubernetes = |file: &str| {
        let text = read(&format!("deploy/{file}.yaml"));
        let names = text.lines().filter_map(|line| {
            let line = line.trim();
            let in_list = line
                .strip_prefix("- { name: ")
                .and_then(|it| it.split_once(", value"));
            let name = in_list.or_else(|| line.split_once(": "))?.0;
            let is_setting = name.chars().all(|it| it.is_ascii_uppercase() || it == '_');
            is_setting.then(|| name.to_owned())
        });
        names.collect::<BTreeSet<_>>()
    };
    for name in ["monitor", "consumer"] {
        let known = settings(name);
        let unit = read(&format!("packaging/{name}/websites-{name}.service"));
        let file = read(&format!("packaging/{name}/{name}.env"));
        let lines = unit
            .lines()
            .map(|line| line.trim_start_matches("Environment="));
        let lines = lines.chain(file.lines().map(|line| line.trim_start_matches('#')));
        let packaged = lines
            .filter_map(|line| Some(line.split_once('=')?.0))
            .filter(|name| name.chars().all(|it| it.is_ascii_uppercase() || it == '_'));
        let all = packaged
            .map(str::to_owned)
            .chain(kubernetes(&format!("kubernetes/{name}")))
            .chain(kubernetes("kubernetes/settings"));
        let mut all: BTreeSet<_> = all.collect();
        if name == "monitor" {
            all.extend(kubernetes("kubernetes-fleet/monitor"));
            all.extend(kubernetes("kubernetes-fleet/targets"));
        }
        assert!(all.len() > 5, "{all:?}");
        let unknown: Vec<_> = all.difference(&known).collect();
        assert!(unknown.is_empty(), "{name} has no {unknown:?}");
    }
}

#[test]
fn each_alert_rule_is_explained_to_whoever_is_woken_by_it() {
    let rules = ["services", "websites"]
        .map(|it| read(&format!("observability/prometheus/rules/{it}.yml")));
    let rules = rules.join("\n");
    let rules: BTreeSet<_> = rules
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: "))
        .collect();
    let operations = read("docs/operations.md");
    let chapter = between(&operations, "\n## What each alert means\n", "\n## ");
    let explained: BTreeSet<_> = chapter
        .lines()
        .filter_map(|line| line.strip_prefix("### "))
        .collect();
    assert_eq!(rules, explained);
}
