//! Writing files, with errors that name them.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, Result};

/// Makes a folder and those above it.
pub(crate) fn make_folder(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("making the folder {}", folder.display()))
}

/// Writes a file anew.
pub(crate) fn write(file: &Path, text: &str) -> Result<()> {
    fs::write(file, text).with_context(|| format!("writing {}", file.display()))
}

/// Writes a file anew that its owner alone may read.
pub(crate) fn write_secret(file: &Path, text: &str) -> Result<()> {
    // The file is made empty first, so that its content is never readable by others.
    write(file, "")?;
    fs::set_permissions(file, Permissions::from_mode(0o600))
        .with_context(|| format!("closing {} to others", file.display()))?;
    write(file, text)
}

/// The text of a file without the spaces around it, where there is such a file.
pub(crate) fn read_trimmed(file: &Path) -> Option<String> {
    fs::read_to_string(file)
        .ok()
        .map(|text| text.trim().to_owned())
}
