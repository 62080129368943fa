//! The log that a server's output goes to.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;

/// So much of a dead server's log is shown in the error that reports its death.
const TAIL_LINES: usize = 20;

/// Opens it for the server's output and for its errors. What an earlier run has said stays.
pub(super) fn open(file: &Path) -> io::Result<(File, File)> {
    let output = OpenOptions::new().create(true).append(true).open(file)?;
    let errors = output.try_clone()?;
    Ok((output, errors))
}

/// Its last lines; nothing where it cannot be read.
pub(super) fn tail(file: &Path) -> String {
    let text = fs::read(file).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
}
