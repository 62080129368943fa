//! A wall clock that a service is shown instead of the machine's.

use std::{fs, io::Write, path::PathBuf, process::Command, time::Duration};

use tempfile::TempDir;

use super::ServiceSettings;

const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/integration/support/wall.c");

/// The clock. It goes on as the machine's does, apart from it by what was set last.
pub(crate) struct WallClock {
    folder: TempDir,
}

impl WallClock {
    /// One that is right. Needs a C compiler, as the services do.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let clock = Self { folder };
        clock.set(0);
        let mut compile = Command::new("cc");
        compile
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .arg(clock.library());
        let compiled = compile.arg(SOURCE).status().expect("a C compiler");
        assert!(compiled.success(), "{SOURCE} does not compile");
        clock
    }

    /// Steps to so many seconds ahead of the machine's, or behind.
    pub(crate) fn set(&self, ahead_seconds: i64) {
        // In place: those who read have the file in memory.
        let mut options = fs::File::options();
        let file = options.write(true).create(true).truncate(false);
        let written = file
            .open(self.offset())
            .and_then(|mut file| file.write_all(&ahead_seconds.to_ne_bytes()));
        written.expect("the clock is set");
    }

    /// So much behind the machine's.
    pub(crate) fn set_back(&self, behind: Duration) {
        self.set(-i64::try_from(behind.as_secs()).expect("a time"));
    }

    /// The settings of a service that is shown this clock.
    pub(crate) fn shown_to(&self, settings: ServiceSettings) -> ServiceSettings {
        settings
            .set("LD_PRELOAD", self.library().display())
            .set("WALL_CLOCK_OFFSET", self.offset().display())
    }

    fn library(&self) -> PathBuf {
        self.folder.path().join("wall.so")
    }

    fn offset(&self) -> PathBuf {
        self.folder.path().join("offset")
    }
}
