//! A targets file's bytes as text, and its lines.

use encoding_rs::Encoding;
use service::unseen::is_invisible;

/// How files begin that are taken for lists by their names alone.
const NO_TEXTS: [(&[u8], &str); 4] = [
    (b"PK\x03\x04", "a workbook or another archive, and no text"),
    (b"\x1f\x8b", "compressed"),
    (b"\xff\xfe\0\0", "UTF-32"),
    (b"\0\0\xfe\xff", "UTF-32"),
];

/// The content without its byte order mark, from UTF-16 where the mark says so. What is no UTF-8
/// all the same is left to be found in its line.
pub(super) fn to_utf8(bytes: &[u8]) -> Result<Vec<u8>, String> {
    if let Some((_, what)) = NO_TEXTS.iter().find(|(begin, _)| bytes.starts_with(begin)) {
        return Err(format!("is {what}; save it as UTF-8"));
    }
    if bytes.iter().take(2).any(|byte| *byte == 0) {
        return Err("looks like UTF-16 without a byte order mark; save it as UTF-8".into());
    }
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

/// The file's lines, numbered from 1, without their ends: LF, CR LF or CR, mixed too.
pub(super) fn lines(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut rest = Some(bytes);
    let lines = std::iter::from_fn(move || {
        let text = rest?;
        let end = text.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
        let Some(end) = end else {
            return rest.take();
        };
        let length = if text[end..].starts_with(b"\r\n") {
            2
        } else {
            1
        };
        rest = Some(&text[end + length..]);
        Some(&text[..end])
    });
    lines.enumerate().map(|(index, line)| (index + 1, line))
}

/// The text without what nobody sees at its ends: spaces, and what a copy out of a document brings
/// along.
pub(super) fn trim_unseen(text: &str) -> &str {
    text.trim_matches(|char: char| char.is_whitespace() || is_invisible(char))
}
