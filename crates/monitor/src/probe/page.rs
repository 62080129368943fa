//! What a page is made of, and its text.

use std::sync::LazyLock;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use regex::bytes::Regex;
use reqwest::header::{self, HeaderMap, HeaderValue};

use super::memory::Taken;

/// Where a page may declare its charset: browsers look this far.
const DECLARATION_BYTES_MAX: usize = 1024;

/// `<meta charset=…>`, `<meta … content="…; charset=…">` and `<?xml … encoding="…"?>`.
static DECLARATION: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?i-u)(?:<meta[^>]*?charset|^\s*<\?xml[^>]*?encoding)\s*=\s*["']?\s*([a-z0-9_:.\-]+)"#,
    )
    .ok()
});

/// What a response's head says of its body.
#[derive(Debug, Default)]
pub(super) struct Content {
    /// The media type in small letters, without parameters; `""` when there is none.
    media_type: String,
    charset: Option<&'static Encoding>,
    /// In the order in which they were applied.
    pub(super) codings: Vec<Coding>,
}

/// The content codings that are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

impl Coding {
    /// Whether its decoder keeps much of what it has decoded.
    pub(super) fn keeps_window(self) -> bool {
        matches!(self, Self::Brotli | Self::Zstd)
    }
}

impl Content {
    /// Reads the head.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        // Of several, browsers take the last.
        let content_type = headers.get_all(header::CONTENT_TYPE).iter().next_back();
        let content_type = content_type.map(text).unwrap_or_default();
        let (media_type, parameters) = content_type.split_once(';').unwrap_or((&content_type, ""));
        let media_type = media_type.trim().to_ascii_lowercase();
        let encodings = headers.get_all(header::CONTENT_ENCODING).iter().map(text);
        Self {
            // What is no type says nothing.
            media_type: if media_type.contains('/') {
                media_type
            } else {
                String::new()
            },
            charset: charset(parameters),
            codings: encodings.flat_map(|value| codings(&value)).collect(),
        }
    }

    /// Whether something may be sought in it, as far as the head says.
    pub(super) fn may_be_text(&self) -> bool {
        let (kind, subtype) = self.media_type.split_once('/').unwrap_or_default();
        match kind {
            "" | "text" => true,
            "application" => {
                matches!(subtype, "xhtml+xml" | "xml" | "json")
                    || subtype.ends_with("+xml")
                    || subtype.ends_with("+json")
            }
            _ => subtype.ends_with("+xml") || subtype.ends_with("+json"),
        }
    }
}

/// The charset among a Content-Type's parameters.
fn charset(parameters: &str) -> Option<&'static Encoding> {
    parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        if !name.trim().eq_ignore_ascii_case("charset") {
            return None;
        }
        Encoding::for_label(value.trim().trim_matches(['"', '\'']).as_bytes())
    })
}

/// The codings that a Content-Encoding names. One that nobody asked for is left as it is.
fn codings(value: &str) -> Vec<Coding> {
    let names = value
        .split(',')
        .map(|name| name.trim().to_ascii_lowercase());
    names
        .filter_map(|name| match name.as_str() {
            "gzip" | "x-gzip" => Some(Coding::Gzip),
            "deflate" => Some(Coding::Deflate),
            "br" => Some(Coding::Brotli),
            "zstd" => Some(Coding::Zstd),
            _ => None,
        })
        .collect()
}

/// A page as it was read, with the memory that it takes.
#[derive(Debug)]
pub(super) struct Page {
    chunks: Vec<Vec<u8>>,
    content: Content,
    truncated: bool,
    taken: Taken,
}

impl Page {
    pub(super) fn new(
        chunks: Vec<Vec<u8>>,
        content: Content,
        truncated: bool,
        taken: Taken,
    ) -> Self {
        Self {
            chunks,
            content,
            truncated,
            taken,
        }
    }

    /// Whether there was more of it.
    pub(super) fn is_truncated(&self) -> bool {
        self.truncated
    }

    /// Its text; `None` when it is a binary after all.
    pub(super) fn into_text(self) -> Option<String> {
        let Self {
            chunks,
            content,
            taken,
            ..
        } = self;
        let mut bytes = Vec::with_capacity(chunks.iter().map(Vec::len).sum());
        for chunk in chunks {
            bytes.extend_from_slice(&chunk);
        }
        drop(taken);
        if content.media_type.is_empty() && looks_binary(&bytes) {
            return None;
        }
        let encoding = encoding(&bytes, content.charset);
        if encoding == UTF_8 {
            return Some(utf8_text(bytes));
        }
        Some(encoding.decode(&bytes).0.into_owned())
    }
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
fn looks_binary(bytes: &[u8]) -> bool {
    if Encoding::for_bom(bytes).is_some() {
        return false;
    }
    let start = &bytes[..bytes.len().min(DECLARATION_BYTES_MAX)];
    start
        .iter()
        .any(|byte| matches!(byte, 0x00..=0x08 | 0x0b | 0x0e..=0x1a | 0x1c..=0x1f))
}

/// By its mark, the head, its own declaration; else UTF-8 if it is that, and what most others are
/// if not.
fn encoding(bytes: &[u8], head: Option<&'static Encoding>) -> &'static Encoding {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return encoding;
    }
    head.or_else(|| declared(bytes)).unwrap_or_else(|| {
        let incomplete = |error: std::str::Utf8Error| error.error_len().is_none();
        // A page that was cut within a character is UTF-8 all the same.
        if std::str::from_utf8(bytes).map_or_else(incomplete, |_| true) {
            UTF_8
        } else {
            WINDOWS_1252
        }
    })
}

fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let start = &bytes[..bytes.len().min(DECLARATION_BYTES_MAX)];
    let label = DECLARATION.as_ref()?.captures(start)?.get(1)?;
    let encoding = Encoding::for_label(label.as_bytes())?;
    // A declaration that could be read as ASCII is not in UTF-16, whatever it says.
    let impossible = encoding == UTF_16LE || encoding == UTF_16BE;
    Some(if impossible { UTF_8 } else { encoding })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::memory::Memory;

    fn content(content_type: Option<&'static str>) -> Content {
        let mut headers = HeaderMap::new();
        if let Some(value) = content_type {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(value));
        }
        Content::of(&headers)
    }

    fn text(content_type: Option<&'static str>, bytes: &[u8]) -> Option<String> {
        let taken = Memory::new().lease().keep();
        Page::new(vec![bytes.to_vec()], content(content_type), false, taken).into_text()
    }

    #[test]
    fn texts_are_known_by_their_type() {
        for text in [
            "text/plain",
            "TEXT/HTML; charset=x",
            "application/xhtml+xml",
            "application/xml",
            "application/ld+json",
            "application/json;charset=utf-8",
            "image/svg+xml",
        ] {
            assert!(content(Some(text)).may_be_text(), "{text}");
        }
        for binary in [
            "image/png",
            "application/octet-stream",
            "application/pdf",
            "video/mp4",
        ] {
            assert!(!content(Some(binary)).may_be_text(), "{binary}");
        }
        assert!(content(None).may_be_text() && content(Some("nonsense")).may_be_text());
    }

    #[test]
    fn the_charset_is_known_by_mark_head_and_declaration() {
        let latin = b"Gr\xfc\xdfe";
        assert_eq!(
            text(Some("text/html; charset=\"ISO-8859-1\""), latin).unwrap(),
            "Grüße"
        );
        assert_eq!(
            text(Some("text/html"), b"<meta charset=latin1>Gr\xfc\xdfe").unwrap(),
            "<meta charset=latin1>Grüße"
        );
        assert!(
            text(
                Some("text/html"),
                b"<META http-equiv=x content='text/html; charset=koi8-r'>\xd0"
            )
            .unwrap()
            .ends_with('п')
        );
        assert!(
            text(
                Some("application/xml"),
                b"<?xml version='1.0' encoding='windows-1251'?>\xcf"
            )
            .unwrap()
            .ends_with('П')
        );
        assert_eq!(
            text(Some("text/html; charset=latin1"), "\u{feff}ü".as_bytes()).unwrap(),
            "ü"
        );
        assert_eq!(text(Some("text/html"), b"\xff\xfea\0").unwrap(), "a");
        assert_eq!(text(Some("text/html"), latin).unwrap(), "Grüße");
        assert_eq!(
            text(Some("text/html"), "Grüße".as_bytes()).unwrap(),
            "Grüße"
        );
        assert_eq!(
            text(Some("text/html; charset=unknown"), "ü".as_bytes()).unwrap(),
            "ü"
        );
        assert_eq!(
            text(Some("text/html; charset=utf-8"), latin).unwrap(),
            "Gr\u{fffd}\u{fffd}e"
        );
        assert_eq!(
            text(Some("text/html"), b"<meta charset=utf-16>a").unwrap(),
            "<meta charset=utf-16>a"
        );
    }

    #[test]
    fn a_page_without_a_type_is_a_text_unless_it_looks_binary() {
        assert_eq!(text(None, b"plain\r\n\ttext").unwrap(), "plain\r\n\ttext");
        assert_eq!(text(None, b"\x89PNG\x00\x01"), None);
        assert!(text(None, b"\xff\xfea\0").is_some());
    }

    #[test]
    fn codings_are_read_in_order_whoever_names_them() {
        let mut headers = HeaderMap::new();
        headers.append(
            header::CONTENT_ENCODING,
            HeaderValue::from_static("identity, X-GZIP"),
        );
        headers.append(
            header::CONTENT_ENCODING,
            HeaderValue::from_static("br, unheard-of"),
        );
        assert_eq!(
            Content::of(&headers).codings,
            [Coding::Gzip, Coding::Brotli]
        );
    }
}
