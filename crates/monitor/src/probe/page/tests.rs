use http::header::{self, HeaderMap, HeaderValue};

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
    text_of(content(content_type), bytes, false)
}

fn text_of(content: Content, bytes: &[u8], is_truncated: bool) -> Option<String> {
    let taken = Memory::new().lease().keep();
    let page = Page::new(vec![bytes.to_vec()], content, is_truncated, taken).into_text();
    (!page.is_binary).then_some(page.text)
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
fn a_page_that_ends_in_half_a_character_is_utf8_only_where_it_was_cut_off() {
    let plain = || content(Some("text/plain"));
    let half = "caf\u{e9}".as_bytes().split_last().unwrap().1;
    assert_eq!(text_of(plain(), half, true).unwrap(), "caf\u{fffd}");
    assert_eq!(text_of(plain(), b"caf\xe9", false).unwrap(), "caf\u{e9}");
}

#[test]
fn xml_in_utf16_shows_itself_without_a_mark() {
    let page = r#"<?xml version="1.0" encoding="utf-16"?><a>ü</a>"#;
    let units = || page.encode_utf16();
    let little: Vec<_> = units().flat_map(u16::to_le_bytes).collect();
    let big: Vec<_> = units().flat_map(u16::to_be_bytes).collect();
    for bytes in [little, big] {
        assert_eq!(text(Some("application/xml"), &bytes).unwrap(), page);
    }
}

#[test]
fn a_type_that_is_said_again_keeps_its_charset() {
    let read = |types: &[&'static str]| {
        let mut headers = HeaderMap::new();
        for &text in types {
            headers.append(header::CONTENT_TYPE, HeaderValue::from_static(text));
        }
        text_of(Content::of(&headers), b"\xcf", false).unwrap()
    };
    assert_eq!(read(&["text/html; charset=windows-1251, text/html"]), "П");
    assert_eq!(read(&["text/html; charset=windows-1251", "text/html"]), "П");
    // Another type's is not its own.
    assert_eq!(
        read(&["text/plain; charset=windows-1251", "text/html"]),
        "Ï"
    );
    assert_eq!(
        read(&[
            "text/html; charset=koi8-r",
            "text/html; charset=windows-1251"
        ]),
        "П"
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
