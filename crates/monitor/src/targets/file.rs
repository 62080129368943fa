//! The targets file as it lies on disk.

use std::{
    fs::{File, Metadata, OpenOptions},
    io::{self, Read},
    os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt},
    path::Path,
};

use rustix::fs::OFlags;
use service::command_line::BadInput;

/// The largest targets file.
const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// What a file holds.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) bytes: Vec<u8>,
    pub(super) stamp: Stamp,
    /// Whether it changed while it was read.
    pub(super) is_torn: bool,
}

/// What tells one state of a file from another: which file it is, its size and its times. Another
/// file by the same name (a rename, a symlink that was swapped) has another one, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    device: u64,
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    /// Of the file to which a path leads now.
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        path.metadata().map(|metadata| Self::new(&metadata))
    }

    fn new(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            bytes: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

/// Reads the file, which the user has to mend where that cannot be done. It may be a pipe, whose
/// writer is waited for.
pub(super) fn read(path: &Path) -> Result<Content, BadInput> {
    let content = File::open(path).and_then(read_bounded);
    content.map_err(|error| unreadable(path, &error))
}

/// Reads the file while the service runs. A pipe is refused: it holds a list only once, and to wait
/// for a writer who may never come would end all reading.
pub(super) fn read_again(path: &Path) -> Result<Content, BadInput> {
    let content = open_at_once(path).and_then(read_bounded);
    content.map_err(|error| unreadable(path, &error))
}

fn open_at_once(path: &Path) -> io::Result<File> {
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags)
        .open(path)?;
    if file.metadata()?.file_type().is_fifo() {
        return Err(io::Error::other(
            "it is a pipe, which is read at start alone",
        ));
    }
    Ok(file)
}

fn unreadable(path: &Path, error: &io::Error) -> BadInput {
    let path = path.display();
    BadInput::new(format!(
        "cannot read the targets file {path}: {error} (URLS_FILE)"
    ))
}

/// What is wrong with a file as a whole.
pub(super) fn bad_input(path: &Path, problem: &str) -> BadInput {
    BadInput::new(format!("{}: {problem}", path.display()))
}

fn read_bounded(mut file: File) -> io::Result<Content> {
    let stamp = Stamp::new(&file.metadata()?);
    let too_large = || io::Error::other(format!("it is larger than {FILE_BYTES_MAX} bytes"));
    if stamp.bytes > FILE_BYTES_MAX {
        return Err(too_large());
    }
    // It may grow meanwhile, or be a pipe, which has no size.
    let mut bytes = Vec::new();
    (&mut file)
        .take(FILE_BYTES_MAX + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(too_large());
    }
    let is_torn = Stamp::new(&file.metadata()?) != stamp;
    Ok(Content {
        bytes,
        stamp,
        is_torn,
    })
}

#[cfg(test)]
mod tests {
    use std::{process::Command, sync::mpsc, thread, time::Duration};

    use super::*;

    /// Far more than it takes; a reader that waits for a writer never answers.
    const PATIENCE: Duration = Duration::from_secs(20);

    #[test]
    fn a_pipe_in_the_file_s_place_is_refused_without_waiting_for_its_writer() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("urls.csv");
        assert!(
            Command::new("mkfifo")
                .arg(&path)
                .status()
                .unwrap()
                .success()
        );
        let (answers, answer) = mpsc::channel();
        thread::spawn(move || answers.send(read_again(&path).map(|it| it.bytes)));
        let refused = answer.recv_timeout(PATIENCE).unwrap().unwrap_err();
        assert!(refused.to_string().contains("it is a pipe"), "{refused}");
    }

    #[test]
    fn a_file_is_read_again_as_it_is_read_at_first() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "url\n").unwrap();
        let [first, again] = [read, read_again].map(|read| read(file.path()).unwrap());
        assert_eq!(first.bytes, again.bytes);
        assert_eq!(first.stamp, again.stamp);
    }
}
