//! Users that come while a broker runs.

use std::path::Path;

use anyhow::{Context, Result, bail};

use super::programs;
use super::sasl::{SCRAM, SaslUser};
use crate::java::NO_JAVA;

/// Lets another user log in by SCRAM-SHA-256: one request can bring a user no more than one mechanism.
pub(super) async fn let_in(user: SaslUser, bootstrap: &str, jars: &Path) -> Result<()> {
    let credentials = user.credentials(SCRAM[0], false);
    let mut command = programs::short_command("kafka.admin.ConfigCommand", jars);
    command
        .args(["--bootstrap-server", bootstrap, "--alter"])
        .args(["--add-config", &credentials])
        .args(["--entity-type", "users", "--entity-name", user.name]);
    let output = command.output().await.context(NO_JAVA)?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        bail!("letting {} log in failed:\n{}", user.name, words.trim());
    }
    Ok(())
}
