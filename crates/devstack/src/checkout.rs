//! Where the checkout is and what the local stack keeps in it.

use std::env;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

/// A file by which the root of the checkout is known.
const LANDMARK: &str = "crates/devstack/kafka/pom.xml";
/// Names another folder for a stack beside the checkout's own.
const HOME: &str = "DEVSTACK_HOME";

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

/// The folder of what the local stack keeps: `DEVSTACK_HOME`, or `.devstack` in the checkout. It may
/// be removed while nothing runs.
pub fn home() -> Result<PathBuf> {
    match env::var_os(HOME).filter(|home| !home.is_empty()) {
        Some(home) => std::path::absolute(&home)
            .with_context(|| format!("{HOME}: finding {}", home.display())),
        None => downloads(),
    }
}

/// The folder of what was fetched, which every stack of the checkout shares.
pub(crate) fn downloads() -> Result<PathBuf> {
    Ok(root()?.join(".devstack"))
}
