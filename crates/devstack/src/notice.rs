//! What the local stack tells the person at the terminal.

use std::fmt::Display;
use std::io::{self, Write};

/// Prints a line to standard error.
pub fn say(line: impl Display) {
    // A terminal that was closed must not keep us from stopping what we started.
    writeln!(io::stderr().lock(), "{line}").ok();
}
