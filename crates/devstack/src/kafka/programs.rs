//! Kafka's own programs, run by Java.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::configuration;
use crate::process::in_new_session;
use crate::random;

/// The JVM's first heap and its largest: plenty for what runs on one machine.
const HEAP: [&str; 2] = ["-Xms128m", "-Xmx512m"];
const NO_JAVA: &str = "starting Java (17 or later), which `make setup` installs";

/// Writes the identity of a new cluster, without which a broker does not start.
pub(super) async fn format_once(folder: &Path, jars: &Path) -> Result<()> {
    let data = folder.join(configuration::DATA);
    if data.join("meta.properties").is_file() {
        return Ok(());
    }
    if data.exists() {
        // Formatting was interrupted: nothing was ever stored here.
        fs::remove_dir_all(&data).with_context(|| format!("removing {}", data.display()))?;
    }
    let mut command = tokio::process::Command::from(Command::new(java()));
    command
        .args(["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp"])
        .arg(jars.join("*"))
        .args([
            "kafka.tools.StorageTool",
            "format",
            "-t",
            &cluster_id()?,
            "-c",
        ])
        .arg(folder.join(configuration::FILE))
        .stdin(Stdio::null());
    let output = command.output().await.context(NO_JAVA)?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        bail!("formatting Kafka's data folder failed:\n{}", words.trim());
    }
    Ok(())
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

fn java() -> PathBuf {
    match env::var_os("JAVA_HOME").filter(|home| !home.is_empty()) {
        Some(home) => Path::new(&home).join("bin/java"),
        None => PathBuf::from("java"),
    }
}

/// Kafka wants 16 bytes in URL-safe base64, which 22 letters and digits are when the last is one of
/// those that leave no bits over.
fn cluster_id() -> Result<String> {
    Ok(format!("{}A", &random::word()?[..21]))
}
