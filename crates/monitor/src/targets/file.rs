//! The targets file as it lies on disk.

use std::{
    fs::{File, Metadata},
    io::{self, Read},
    os::unix::fs::MetadataExt,
    path::Path,
};

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

/// Reads the file, which the user has to mend where that cannot be done.
pub(super) fn read(path: &Path) -> Result<Content, BadInput> {
    read_bounded(path).map_err(|error| {
        let path = path.display();
        BadInput::new(format!(
            "cannot read the targets file {path}: {error} (URLS_FILE)"
        ))
    })
}

/// What is wrong with a file as a whole.
pub(super) fn bad_input(path: &Path, problem: &str) -> BadInput {
    BadInput::new(format!("{}: {problem}", path.display()))
}

fn read_bounded(path: &Path) -> io::Result<Content> {
    let mut file = File::open(path)?;
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
