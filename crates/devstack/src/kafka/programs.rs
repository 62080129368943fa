//! Kafka's own programs, run by Java.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::configuration;
use crate::java::{NO_JAVA, java};
use crate::process::in_new_session;
use crate::random;

/// The JVM's first heap and its largest: plenty for what runs on one machine.
const HEAP: [&str; 2] = ["-Xms128m", "-Xmx512m"];

/// Writes the identity of a new cluster, without which a broker does not start.
pub(super) async fn format_once(folder: &Path, jars: &Path, arguments: Vec<String>) -> Result<()> {
    let data = folder.join(configuration::DATA);
    if data.join("meta.properties").is_file() {
        return Ok(());
    }
    if data.exists() {
        // Formatting was interrupted: nothing was ever stored here.
        fs::remove_dir_all(&data).with_context(|| format!("removing {}", data.display()))?;
    }
    let mut command = short_command("kafka.tools.StorageTool", jars);
    command
        .args(["format", "-t", &cluster_id()?, "-c"])
        .arg(folder.join(configuration::FILE))
        .args(arguments);
    let output = command.output().await.context(NO_JAVA)?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        bail!("formatting Kafka's data folder failed:\n{}", words.trim());
    }
    Ok(())
}

/// One of Kafka's programs that do something and end.
pub(super) fn short_command(class: &str, jars: &Path) -> tokio::process::Command {
    let mut command = tokio::process::Command::from(Command::new(java()));
    command
        .args(["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp"])
        .arg(jars.join("*"))
        .arg(class)
        .stdin(Stdio::null());
    command
}

/// The command that becomes the broker.
pub(super) fn server_command(folder: &Path, jars: &Path) -> Command {
    let logging = folder.join(configuration::LOGGING_FILE);
    let mut command = in_new_session(&java());
    command
        .args(HEAP)
        .args([
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-XX:-UsePerfData",
        ])
        .arg(format!("-Dlog4j2.configurationFile={}", logging.display()))
        .arg("-cp")
        .arg(jars.join("*"))
        .arg("kafka.Kafka")
        .arg(folder.join(configuration::FILE))
        .current_dir(folder);
    command
}

/// Kafka wants 16 bytes in URL-safe base64, which 22 letters and digits are when the last is one of
/// those that leave no bits over.
fn cluster_id() -> Result<String> {
    Ok(format!("{}A", &random::word()?[..21]))
}
