//! The servers' own jars, fetched by Maven once per checkout.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::checkout::downloads;
use crate::files::{make_folder, write};
use crate::notice::say;

/// The release of Apache Kafka that everything here runs on; the pom names it too.
pub const KAFKA_VERSION: &str = "4.3.1";
const KAFKA_POM: &str = include_str!("../kafka/pom.xml");
/// The release of Apicurio Registry; the pom names it too.
const REGISTRY_VERSION: &str = "2.6.13.Final";
const REGISTRY_POM: &str = include_str!("../registry/pom.xml");
/// Networks fail for a moment; a mirror that is really away is not worth more patience.
const FETCH_ATTEMPTS_MAX: u32 = 3;
const FETCH_PAUSE: Duration = Duration::from_secs(5);

/// What is fetched, and how Maven is told.
#[derive(Clone, Copy)]
struct Download {
    /// For a person, with its size.
    shown: &'static str,
    name: &'static str,
    version: &'static str,
    pom: &'static str,
    goal: &'static str,
}

/// The folder of Kafka's jars, which are fetched first where they are missing. Any number of
/// processes may ask at once.
pub async fn kafka_jars() -> Result<PathBuf> {
    fetched(Download {
        shown: "Apache Kafka (45 MB)",
        name: "kafka",
        version: KAFKA_VERSION,
        pom: KAFKA_POM,
        goal: "dependency:copy-dependencies",
    })
    .await
}

/// The folder of the schema registry's, likewise.
pub(crate) async fn registry_jars() -> Result<PathBuf> {
    fetched(Download {
        shown: "Apicurio Registry (142 MB)",
        name: "registry",
        version: REGISTRY_VERSION,
        pom: REGISTRY_POM,
        goal: "dependency:unpack-dependencies",
    })
    .await
}

async fn fetched(what: Download) -> Result<PathBuf> {
    let home = downloads()?;
    tokio::task::spawn_blocking(move || fetched_to(&home, what))
        .await
        .with_context(|| format!("waiting for {}", what.shown))?
}

fn fetched_to(home: &Path, what: Download) -> Result<PathBuf> {
    let folder = home.join(format!("{}-{}", what.name, what.version));
    if folder.is_dir() {
        return Ok(folder);
    }
    make_folder(home)?;
    let lock_file = home.join("jars.lock");
    let lock =
        File::create(&lock_file).with_context(|| format!("opening {}", lock_file.display()))?;
    lock.lock()
        .with_context(|| format!("locking {}", lock_file.display()))?;
    // Whoever held the lock before us may have fetched them.
    if !folder.is_dir() {
        fetch(home, &folder, what)?;
    }
    Ok(folder)
}

/// Fetches to another folder and renames it, so that `folder` is complete or not there.
fn fetch(home: &Path, folder: &Path, what: Download) -> Result<()> {
    say(format_args!("Fetching {} by Maven…", what.shown));
    let work = tempfile::Builder::new()
        .prefix("fetch-")
        .tempdir_in(home)
        .with_context(|| format!("making a folder in {}", home.display()))?;
    write(&work.path().join("pom.xml"), what.pom)?;
    let jars = work.path().join("jars");
    for attempt in 1.. {
        match run_maven(work.path(), &jars, what) {
            Ok(()) => break,
            Err(error) if attempt == FETCH_ATTEMPTS_MAX => return Err(error),
            Err(error) => say(format_args!("{error:#}; trying again in {FETCH_PAUSE:?}")),
        }
        std::thread::sleep(FETCH_PAUSE);
    }
    fs::rename(&jars, folder).with_context(|| format!("naming {}", folder.display()))
}

fn run_maven(work: &Path, jars: &Path, what: Download) -> Result<()> {
    let output = Command::new("mvn")
        .args(["--quiet", "--batch-mode", "-Dstyle.color=never", what.goal])
        .arg("-DincludeScope=runtime")
        .arg(format!("-DoutputDirectory={}", jars.display()))
        .current_dir(work)
        .stdin(Stdio::null())
        // Maven resets a terminal's colours also where it was told to use none.
        .output()
        .context("starting Maven (mvn), which `make setup` installs")?;
    if !output.status.success() {
        bail!(
            "Maven could not fetch {} ({}): {}",
            what.shown,
            output.status,
            first_error(&output.stdout)
        );
    }
    Ok(())
}

/// The first of Maven's complaints, on which the others follow.
fn first_error(output: &[u8]) -> String {
    let output = String::from_utf8_lossy(output);
    let error = output
        .lines()
        .find_map(|line| line.split_once("[ERROR] "))
        .map_or("is the network there?", |(_, error)| error);
    error
        .chars()
        .filter(|character| !character.is_control())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pom_names_the_version_that_the_folder_is_called_by() {
        assert!(KAFKA_POM.contains(&format!("<kafka.version>{KAFKA_VERSION}</kafka.version>")));
        let version = format!("<version>{REGISTRY_VERSION}</version>");
        assert!(REGISTRY_POM.contains(&version));
    }

    #[test]
    fn of_what_maven_says_only_the_cause_is_shown_and_no_colours() {
        let output = b"\x1b[0m\x1b[0m[ERROR] No plugin found -> [Help 1]\r\n[ERROR] \r\n";
        assert_eq!(first_error(output), "No plugin found -> [Help 1]");
        assert_eq!(first_error(b"\x1b[0m"), "is the network there?");
    }
}
