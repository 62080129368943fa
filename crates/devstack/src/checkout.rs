//! Where the checkout is and what the local stack keeps in it.

use std::env;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

/// A file by which the root of the checkout is known.
const LANDMARK: &str = "crates/devstack/kafka/pom.xml";

/// The root of the checkout that the current folder is in.
pub fn root() -> Result<PathBuf> {
    let here = env::current_dir().context("finding the current folder")?;
    match here
        .ancestors()
        .find(|folder| folder.join(LANDMARK).is_file())
    {
        Some(root) => Ok(root.to_path_buf()),
        None => bail!(
            "{} is not in a checkout of websites-monitor: change to one and try again",
            here.display()
        ),
    }
}

/// The folder of everything that the local stack keeps; it may be removed while nothing runs.
pub fn home() -> Result<PathBuf> {
    Ok(root()?.join(".devstack"))
}
