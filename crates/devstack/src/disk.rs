//! Disks that are full when a test wants it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

/// A file system in memory, of a size. It ends with this, also where somebody still has files there.
#[derive(Debug)]
pub struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Mounts one of a size as `mount` spells it (`24m`) in a new folder; `None` where that needs root, whom we are not.
    pub fn mount(folder: &Path, size: &str) -> Result<Option<Self>> {
        fs::create_dir(folder).with_context(|| format!("making {}", folder.display()))?;
        let option = format!("size={size}");
        let is_there = run("mount", &["-t", "tmpfs", "-o", &option, "tmpfs"], folder)?;
        Ok(is_there.then(|| Self(folder.to_path_buf())))
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.0
    }

    /// Gives it another size.
    pub fn resize(&self, size: &str) -> Result<()> {
        let option = format!("remount,size={size}");
        let is_done = run("mount", &["-o", &option], &self.0)?;
        anyhow::ensure!(is_done, "{} kept its size", self.0.display());
        Ok(())
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // What is left mounted goes with the machine.
        run("umount", &["--lazy"], &self.0).ok();
    }
}

fn run(program: &str, arguments: &[&str], folder: &Path) -> Result<bool> {
    let mut command = Command::new(program);
    let status = command.args(arguments).arg(folder).status();
    let status = status.with_context(|| format!("starting {program}"))?;
    Ok(status.success())
}
