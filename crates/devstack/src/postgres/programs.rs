//! Where the system keeps PostgreSQL's programs.

use std::env;
use std::fs;
use std::path::PathBuf;

use anyhow::{Result, bail};

/// Debian and its relatives keep each major version here and out of the PATH.
const DEBIAN: &str = "/usr/lib/postgresql";

/// The folder with `initdb` and `postgres` in it. Data that exists asks for its own major version.
pub(super) fn folder(wanted_major: Option<&str>) -> Result<PathBuf> {
    let on_path = env::var_os("PATH").unwrap_or_default();
    let mut candidates: Vec<_> = env::split_paths(&on_path)
        // What stands in the PATH may be a link to where its companions are.
        .filter_map(|folder| fs::canonicalize(folder.join("postgres")).ok())
        .filter_map(|program| Some(program.parent()?.to_path_buf()))
        .collect();
    candidates.extend(debian_folders());
    candidates.retain(|folder| folder.join("initdb").is_file());
    let Some(major) = wanted_major else {
        return match candidates.into_iter().next() {
            Some(folder) => Ok(folder),
            None => bail!("PostgreSQL's server is not installed: `make setup` does it"),
        };
    };
    match candidates
        .into_iter()
        .find(|folder| version(folder).as_deref() == Some(major))
    {
        Some(folder) => Ok(folder),
        None => bail!(
            "they were made by PostgreSQL {major}, which is not installed: install it, or remove \
             them to start with an empty database"
        ),
    }
}

/// The newest first.
fn debian_folders() -> Vec<PathBuf> {
    let mut versions: Vec<u32> = fs::read_dir(DEBIAN)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect();
    versions.sort_unstable_by(|left, right| right.cmp(left));
    versions
        .into_iter()
        .map(|version| format!("{DEBIAN}/{version}/bin").into())
        .collect()
}

/// The major version, as the server itself says it: `postgres (PostgreSQL) 15.18 (Debian …)`.
fn version(folder: &std::path::Path) -> Option<String> {
    let output = std::process::Command::new(folder.join("postgres"))
        .arg("--version")
        .output();
    let text = String::from_utf8(output.ok()?.stdout).ok()?;
    Some(text.split(' ').nth(2)?.split('.').next()?.to_owned())
}
