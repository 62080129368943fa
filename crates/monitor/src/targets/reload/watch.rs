//! When the targets file is to be read again. Pure: it is told what the time is.

use std::{io, path::Path, time::Duration};

use tokio::time::Instant;

use super::super::file::Stamp;

/// A file is left alone until it has not changed for so long: it may be half written.
const STEADY_TIME: Duration = Duration::from_secs(1);

/// How the file's path looks: a stamp, or why there is none.
pub(super) type Sight = Result<Stamp, io::ErrorKind>;

/// Compares what the file looks like with what it looked like when it was read.
///
/// Looking is enough: a rename, a swapped symlink and a network's file system all show in the stamp,
/// while the events of each of them differ.
#[derive(Debug)]
pub(super) struct Watch {
    /// What was read last, whatever came of it.
    read: Sight,
    seen: Sight,
    seen_since: Instant,
}

/// Looks at the file.
pub(super) fn look(path: &Path) -> Sight {
    Stamp::of(path).map_err(|error| error.kind())
}

impl Watch {
    /// A file that was read just now.
    pub(super) fn new(read: Stamp, now: Instant) -> Self {
        Self {
            read: Ok(read),
            seen: Ok(read),
            seen_since: now,
        }
    }

    /// What the file looks like now; returns whether it is to be read.
    pub(super) fn see(&mut self, sight: Sight, now: Instant) -> bool {
        if self.seen != sight {
            (self.seen, self.seen_since) = (sight, now);
        }
        self.seen != self.read && now.saturating_duration_since(self.seen_since) >= STEADY_TIME
    }

    /// This was read.
    pub(super) fn has_read(&mut self, sight: Sight) {
        self.read = sight;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: Duration = Duration::from_millis(400);

    fn stamps() -> [Stamp; 3] {
        let folder = tempfile::tempdir().unwrap();
        ["a", "b", "c"].map(|name| {
            let file = folder.path().join(name);
            std::fs::write(&file, name).unwrap();
            Stamp::of(&file).unwrap()
        })
    }

    #[test]
    fn a_file_that_changes_is_read_once_when_it_is_steady() {
        let ([old, half, whole], mut now) = (stamps(), Instant::now());
        let mut watch = Watch::new(old, now);
        let mut see = |watch: &mut Watch, sight| {
            now += STEP;
            watch.see(sight, now)
        };
        for _ in 0..5 {
            assert!(!see(&mut watch, Ok(old)));
        }
        for sight in [half, half, whole, whole, whole] {
            assert!(!see(&mut watch, Ok(sight)), "not yet steady");
        }
        assert!(see(&mut watch, Ok(whole)));
        watch.has_read(Ok(whole));
        assert!(!see(&mut watch, Ok(whole)));
    }

    #[test]
    fn a_file_that_is_away_for_a_moment_is_no_change() {
        let ([old, ..], now) = (stamps(), Instant::now());
        let mut watch = Watch::new(old, now);
        let away = Err(io::ErrorKind::NotFound);
        assert!(!watch.see(away, now));
        assert!(!watch.see(Ok(old), now + STEP));
        assert!(!watch.see(Ok(old), now + STEADY_TIME * 2));
        assert!(!watch.see(away, now + STEADY_TIME * 3));
        assert!(watch.see(away, now + STEADY_TIME * 4));
        watch.has_read(away);
        assert!(!watch.see(away, now + STEADY_TIME * 9), "said once");
    }

    /// Such as for want of file descriptors: nothing about the file changes when that is over.
    #[test]
    fn a_file_that_could_not_be_opened_is_tried_again() {
        let ([old, new, _], now) = (stamps(), Instant::now());
        let mut watch = Watch::new(old, now);
        watch.see(Ok(new), now);
        watch.has_read(Err(io::ErrorKind::Other));
        assert!(watch.see(Ok(new), now + STEADY_TIME));
    }
}
