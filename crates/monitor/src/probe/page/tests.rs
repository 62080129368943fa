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
    let taken = Memory::new().lease().keep();
    let page = Page::new(vec![bytes.to_vec()], content(content_type), false, taken).into_text();
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
