//! Java, by which the servers run that are no programs of their own.

use std::env;
use std::path::{Path, PathBuf};

/// Said where there is none.
pub(crate) const NO_JAVA: &str = "starting Java (17 or later), which `make setup` installs";

/// The program: `JAVA_HOME`'s, or the one on the path.
pub(crate) fn java() -> PathBuf {
    match env::var_os("JAVA_HOME").filter(|home| !home.is_empty()) {
        Some(home) => Path::new(&home).join("bin/java"),
        None => PathBuf::from("java"),
    }
}
