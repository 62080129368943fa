//! From a page's bytes to its characters.

use std::{
    str::{self, Utf8Error},
    sync::LazyLock,
};

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use regex::bytes::Regex;

/// Where a page may declare its charset: browsers and the original look this far at least.
const DECLARATION_BYTES_MAX: usize = 4096;
/// Where a page shows whether it is a binary.
const SNIFFED_BYTES_MAX: usize = 1024;

/// `<meta charset=…>`, `<meta … content="…; charset=…">` and `<?xml … encoding="…"?>`. A comment is
/// matched without a name, so that nothing is found within it.
static DECLARATION: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r#"(?is-u)<!--.*?(?:-->|\z)"#,
        r#"|(?:<meta[\s/](?:[^>]*?[\s"'/;])?charset|^\s*<\?xml[^>]*?encoding)"#,
        r#"\s*=\s*["']?\s*([a-z0-9_:.\-]+)"#
    ))
    .ok()
});

/// The text of a page, whose head may have named its charset, and that may have been cut off.
pub(super) fn text(bytes: Vec<u8>, head: Option<&'static Encoding>, is_truncated: bool) -> String {
    let encoding = encoding(&bytes, head, is_truncated);
    if encoding == UTF_8 {
        return utf8_text(bytes);
    }
    encoding.decode(&bytes).0.into_owned()
}

/// UTF-8 without its mark, with replacement, and without copying what is right.
fn utf8_text(mut bytes: Vec<u8>) -> String {
    if bytes.starts_with(b"\xef\xbb\xbf") {
        bytes.drain(..3);
    }
    String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// Bytes that no text holds, as browsers see it.
pub(super) fn looks_binary(bytes: &[u8]) -> bool {
    if Encoding::for_bom(bytes).is_some() {
        return false;
    }
    let start = &bytes[..bytes.len().min(SNIFFED_BYTES_MAX)];
    start
        .iter()
        .any(|byte| matches!(byte, 0x00..=0x08 | 0x0b | 0x0e..=0x1a | 0x1c..=0x1f))
}

/// By its mark, the head, its own declaration; else UTF-8 if it is that, and what most others are
/// if not.
fn encoding(
    bytes: &[u8],
    head: Option<&'static Encoding>,
    is_truncated: bool,
) -> &'static Encoding {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return encoding;
    }
    head.or_else(|| declared(bytes)).unwrap_or_else(|| {
        // A page that was cut within a character is UTF-8 all the same, and so is one whose other characters
        // above ASCII are; where only its end is not ASCII, that is a letter of another charset.
        let incomplete = |error: Utf8Error| {
            error.error_len().is_none()
                && (is_truncated || !bytes[..error.valid_up_to()].is_ascii())
        };
        if str::from_utf8(bytes).map_or_else(incomplete, |_| true) {
            UTF_8
        } else {
            WINDOWS_1252
        }
    })
}

fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    // XML in UTF-16 shows itself by its first characters, also without a mark.
    if bytes.starts_with(b"<\0?\0x\0") {
        return Some(UTF_16LE);
    }
    if bytes.starts_with(b"\0<\0?\0x") {
        return Some(UTF_16BE);
    }
    let start = &bytes[..bytes.len().min(DECLARATION_BYTES_MAX)];
    let declarations = DECLARATION.as_ref()?.captures_iter(start);
    let mut labels = declarations.filter_map(|declaration| declaration.get(1));
    // A name of nobody is passed over.
    let encoding = labels.find_map(|label| Encoding::for_label(label.as_bytes()))?;
    // A declaration that could be read as ASCII is not in UTF-16, whatever it says.
    let impossible = encoding == UTF_16LE || encoding == UTF_16BE;
    Some(if impossible { UTF_8 } else { encoding })
}
