//! A targets file's bytes as text, and its lines.

use encoding_rs::Encoding;

use super::row::BadRow;

/// The content without its byte order mark, from UTF-16 where the mark says so. What is no UTF-8
/// all the same is left to be found in its line.
pub(super) fn to_utf8(bytes: &[u8]) -> Result<Vec<u8>, String> {
    match Encoding::for_bom(bytes) {
        None => Ok(bytes.to_vec()),
        Some((encoding, mark_bytes)) => {
            let text =
                encoding.decode_without_bom_handling_and_without_replacement(&bytes[mark_bytes..]);
            match text {
                Some(text) => Ok(text.into_owned().into_bytes()),
                None if encoding == encoding_rs::UTF_8 => Ok(bytes[mark_bytes..].to_vec()),
                None => Err(format!("is marked as {} and is not", encoding.name())),
            }
        }
    }
}

/// The file's lines, numbered from 1, without their ends.
pub(super) fn lines(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let lines = bytes.split(|byte| *byte == b'\n').enumerate();
    lines.map(|(index, line)| (index + 1, line.strip_suffix(b"\r").unwrap_or(line)))
}

/// A line as text.
pub(super) fn line_text(line: usize, bytes: &[u8]) -> Result<&str, BadRow> {
    std::str::from_utf8(bytes).map_err(|_| BadRow::new(line, "is not UTF-8"))
}
