//! Reading what people name: small files, or none.

use std::{fs::File, io::Read, path::Path};

/// The largest file that is read.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// What a file holds. The error is a phrase that names it. What has no end, as a device or a pipe has none, is not
/// read to it: what a file says of its own length is not believed.
pub(super) fn read(path: &Path) -> Result<String, String> {
    let shown = path.display();
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes))
        .map_err(|error| format!("cannot read {shown}: {error}"))?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(format!("{shown} is larger than {FILE_BYTES_MAX} bytes"));
    }
    String::from_utf8(bytes).map_err(|_| format!("cannot read {shown}: it is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_large_or_has_no_end_is_refused_in_words() {
        let refused = |path: &str| read(Path::new(path)).unwrap_err();
        assert!(refused("/dev/zero").contains("larger than 1048576 bytes"));
        assert!(refused("/nonexistent/secret").starts_with("cannot read /nonexistent/secret: "));
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), b"\xff").unwrap();
        assert!(read(file.path()).unwrap_err().ends_with("not UTF-8"));
    }
}
