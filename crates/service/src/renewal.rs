//! PEM files that clients have read, looked at again: certificates end, and a renewed file helps only
//! once it is read. Both are said in time, in the log and by `/readyz`.

use std::{fs, path::PathBuf, time::Duration};

use jiff::{SignedDuration, Timestamp};
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::{certificates, health::Remark};

/// How often the files are looked at.
const LOOK_INTERVAL: Duration = Duration::from_secs(30);
/// How long before a certificate's end this is said.
const NOTICE: SignedDuration = SignedDuration::from_hours(14 * 24);

/// A PEM file that a client reads.
#[derive(Clone, Debug)]
pub struct PemFile {
    /// The setting that names it.
    pub setting: &'static str,
    /// Where it is.
    pub path: PathBuf,
    /// When a renewed one is read.
    pub taken: Taken,
}

/// When a renewed file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// By the next start of the service.
    AtStart,
    /// By the next connection.
    ByConnections,
}

/// The files, as they were read.
#[derive(Debug)]
pub struct Renewal {
    files: Vec<Read>,
}

#[derive(Debug)]
struct Read {
    file: PemFile,
    /// What the client has read.
    bytes: Vec<u8>,
    /// When the certificate in it ends, if it holds one.
    end: Option<Timestamp>,
}

impl Renewal {
    /// Remembers what the files hold now: to be called when the clients read them, too.
    pub fn new(files: Vec<PemFile>) -> Self {
        let files = files.into_iter().map(|file| {
            let bytes = fs::read(&file.path).unwrap_or_default();
            let end = certificates::end(&bytes);
            Read { file, bytes, end }
        });
        Self {
            files: files.collect(),
        }
    }

    /// Looks at the files until `stop`.
    pub async fn watch(mut self, remark: Remark, stop: CancellationToken) -> anyhow::Result<()> {
        let mut said = String::new();
        loop {
            let look = move || {
                let story = self.look(Timestamp::now());
                (self, story)
            };
            let story;
            (self, story) = spawn_blocking(look).await?;
            if story != said {
                if story.is_empty() {
                    info!("Certificates: all is well again");
                    remark.clear();
                } else {
                    warn!("Certificates: {story}");
                    remark.set(story.clone());
                }
                said = story;
            }
            let pause = stop.run_until_cancelled(tokio::time::sleep(LOOK_INTERVAL));
            if pause.await.is_none() {
                return Ok(());
            }
        }
    }

    /// What is to be said of the files; nothing when all is well.
    fn look(&mut self, now: Timestamp) -> String {
        let stories = self.files.iter_mut().filter_map(|file| file.look(now));
        stories.collect::<Vec<_>>().join("; ")
    }
}

impl Read {
    fn look(&mut self, now: Timestamp) -> Option<String> {
        let PemFile {
            setting,
            path,
            taken,
        } = &self.file;
        let name = format!("{} ({setting})", path.display());
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) => return Some(format!("{name} cannot be read any more: {error}")),
        };
        let is_renewed = bytes != self.bytes;
        let end = certificates::end(&bytes);
        if is_renewed && self.end.is_some() && end.is_none() {
            return Some(format!("{name} was changed and holds no certificate now"));
        }
        if is_renewed && *taken == Taken::ByConnections {
            (self.bytes, self.end) = (bytes, end);
        }
        let ends = self.end.and_then(|end| ends(end, now));
        match (is_renewed && *taken == Taken::AtStart, ends) {
            (true, Some(ends)) => Some(format!(
                "{name} was renewed on disk, restart to take it: the one in use {ends}"
            )),
            (true, None) => Some(format!("{name} was renewed on disk, restart to take it")),
            (false, Some(ends)) => Some(format!("{name} {ends}: renew it")),
            (false, None) => None,
        }
    }
}

/// What is to be said of an end. Without what changes from one look to the next.
fn ends(end: Timestamp, now: Timestamp) -> Option<String> {
    if end <= now {
        return Some(format!("ended {end}"));
    }
    (end.duration_since(now) < NOTICE).then(|| format!("ends {end}"))
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    fn pem(year: i32) -> String {
        let mut params = CertificateParams::new(["a".to_owned()]).unwrap();
        params.not_after = date_time_ymd(year, 1, 1);
        let key = KeyPair::generate().unwrap();
        params.self_signed(&key).unwrap().pem()
    }

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    const LONG_BEFORE: &str = "2030-06-01T00:00:00Z";

    /// What is said of a file before and after it was renewed.
    fn stories(taken: Taken, now: &str) -> [String; 2] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("our.cert");
        fs::write(&path, pem(2031)).unwrap();
        let file = PemFile {
            setting: "SSL_CERTFILE",
            path: path.clone(),
            taken,
        };
        let mut renewal = Renewal::new(vec![file]);
        let before = renewal.look(time(now));
        fs::write(&path, pem(2033)).unwrap();
        let place = format!("{} ", folder.path().display()).replace(' ', "/");
        [before, renewal.look(time(now))].map(|story| story.replace(&place, ""))
    }

    #[test]
    fn a_certificate_that_is_good_for_long_is_not_spoken_of_until_it_is_renewed() {
        let renewed = "our.cert (SSL_CERTFILE) was renewed on disk, restart to take it";
        let stories = stories(Taken::AtStart, LONG_BEFORE);
        assert_eq!(stories, ["", renewed]);
    }

    #[test]
    fn an_end_that_is_near_is_said_before_it_is_there() {
        let [before, after] = stories(Taken::AtStart, "2030-12-20T00:00:00Z");
        let renew = "our.cert (SSL_CERTFILE) ends 2031-01-01T00:00:00Z: renew it";
        assert_eq!(before, renew);
        let restart = "restart to take it: the one in use ends 2031-01-01T00:00:00Z";
        assert!(after.ends_with(restart), "{after}");
        let [ended, _] = stories(Taken::AtStart, "2031-01-02T00:00:00Z");
        assert!(ended.contains("ended 2031-01-01"), "{ended}");
    }

    #[test]
    fn what_the_next_connection_takes_needs_no_restart() {
        let [before, after] = stories(Taken::ByConnections, "2030-12-20T00:00:00Z");
        assert!(before.contains("renew it"), "{before}");
        assert_eq!(after, "");
    }

    #[test]
    fn a_file_that_a_start_could_not_read_is_said() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), pem(2031)).unwrap();
        let pem_file = PemFile {
            setting: "SSL_CAFILE",
            path: file.path().to_owned(),
            taken: Taken::AtStart,
        };
        let mut renewal = Renewal::new(vec![pem_file]);
        fs::write(file.path(), "half of a fi").unwrap();
        let story = renewal.look(time(LONG_BEFORE));
        assert!(story.contains("holds no certificate now"), "{story}");
        drop(file);
        let story = renewal.look(time(LONG_BEFORE));
        assert!(story.contains("cannot be read any more"), "{story}");
    }
}
