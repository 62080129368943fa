//! Pages: their types, charsets and codings. All are sought for `größe` or `hello`.

use super::{super::page, Place, Row, judge, send};

/// What the page is, its head, the page, and what is said of it.
type Page = (&'static str, &'static str, &'static [u8], &'static str);

const GROESSE: &str = "up 200 matched größe";
const UTF_8: &[u8] = b"gr\xc3\xb6\xc3\x9fe";
const LATIN_1: &[u8] = b"gr\xf6\xdfe";

#[rustfmt::skip]
const TYPES: &[Page] = &[
    ("capitals", "Content-Type: TEXT/HTML\r\n", UTF_8, GROESSE),
    ("linked data", "Content-Type: application/ld+json\r\n", UTF_8, GROESSE),
    ("a drawing", "Content-Type: image/svg+xml\r\n", UTF_8, GROESSE),
    ("a script", "Content-Type: application/javascript\r\n", UTF_8, "up 200 not_evaluated"),
    ("a type without kind", "Content-Type: html\r\n", UTF_8, GROESSE),
    ("a blank type", "Content-Type: \r\n", UTF_8, GROESSE),
    ("any type", "Content-Type: */*\r\n", UTF_8, GROESSE),
    ("a type that is not known", "Content-Type: unknown/unknown\r\n", UTF_8, GROESSE),
    ("two types, the last counts", "Content-Type: image/png\r\nContent-Type: text/html\r\n", UTF_8, GROESSE),
    ("two types in a line", "Content-Type: application/json, application/json\r\n", UTF_8, GROESSE),
    ("a comma for the semicolon", "Content-Type: application/json, charset=utf-8\r\n", UTF_8, GROESSE),
    ("a binary without type", "", b"\x89PNG\r\n\x1a\n\0\0hello", "up 200 not_evaluated"),
];

#[rustfmt::skip]
const CHARSETS: &[Page] = &[
    ("of the head, quoted", "Content-Type: text/html; charset='ISO-8859-1'\r\n", LATIN_1, GROESSE),
    ("of the head, a quote left open", "Content-Type: text/html; charset=\"latin1\r\n", LATIN_1, GROESSE),
    ("of the head, last parameter", "Content-Type: text/html; a=b ;Charset = latin1 ;\r\n", LATIN_1, GROESSE),
    ("of the head, a name of nobody", "Content-Type: text/html; charset=utf8mb4\r\n", UTF_8, GROESSE),
    ("none, not UTF-8", "Content-Type: text/html\r\n", LATIN_1, GROESSE),
    ("the mark before the head", "Content-Type: text/html; charset=latin1\r\n", b"\xef\xbb\xbfgr\xc3\xb6\xc3\x9fe", GROESSE),
    ("UTF-16, little end first", "Content-Type: text/html\r\n", b"\xff\xfeg\0r\0\xf6\0\xdf\0e\0", GROESSE),
    ("UTF-16, big end first", "Content-Type: text/html\r\n", b"\xfe\xff\0g\0r\0\xf6\0\xdf\0e", GROESSE),
    ("UTF-16 without type", "", b"\xff\xfeg\0r\0\xf6\0\xdf\0e\0", GROESSE),
    ("UTF-16 of the head alone", "Content-Type: text/html; charset=utf-16\r\n", b"g\0r\0\xf6\0\xdf\0e\0", GROESSE),
    ("UTF-16, as it claims in ASCII", "Content-Type: text/html\r\n", b"<meta charset=utf-16>gr\xc3\xb6\xc3\x9fe", GROESSE),
    ("Chinese", "Content-Type: text/html; charset=gb2312\r\n", b"gr\xa8\xb9 hello", "up 200 matched hello"),
    ("Japanese", "Content-Type: text/html; charset=Shift_JIS\r\n", b"\x83\x5c hello", "up 200 matched hello"),
    ("of XML", "Content-Type: text/xml\r\n", b"<?xml version='1.0' encoding='iso-8859-15'?><a>gr\xf6\xdfe</a>", GROESSE),
    ("of a meta with http-equiv", "Content-Type: text/html\r\n", b"<META http-equiv=Content-Type content='text/html;charset=latin1'>gr\xf6\xdfe", GROESSE),
    ("of a comment and of a meta", "Content-Type: text/html\r\n", b"<!-- <meta charset=koi8-r> --><meta charset=utf-8>gr\xc3\xb6\xc3\x9fe", GROESSE),
    ("of a comment alone", "Content-Type: text/html\r\n", b"<!-- <meta charset=koi8-r> -->gr\xc3\xb6\xc3\x9fe", GROESSE),
    ("of another attribute", "Content-Type: text/html\r\n", b"<meta name=x data-charset=koi8-r><meta charset=utf-8>gr\xc3\xb6\xc3\x9fe", GROESSE),
    ("of another element", "Content-Type: text/html\r\n", b"<metadata charset=koi8-r>gr\xc3\xb6\xc3\x9fe", GROESSE),
    ("a name of nobody, then one", "Content-Type: text/html\r\n", b"<meta charset=x-mine><meta charset=latin1>gr\xf6\xdfe", GROESSE),
    ("a broken byte", "Content-Type: text/html; charset=utf-8\r\n", b"\xff gr\xc3\xb6\xc3\x9fe", GROESSE),
];

#[rustfmt::skip]
const CODINGS: &[Page] = &[
    ("no coding by name", "Content-Encoding: none\r\n", b"hello", "up 200 matched hello"),
    ("a blank coding", "Content-Encoding:\r\n", b"hello", "up 200 matched hello"),
    ("a charset as coding", "Content-Encoding: UTF-8\r\n", b"hello", "up 200 matched hello"),
    ("no gzip", "Content-Encoding: gzip\r\n", b"hello", "down 200 protocol_error in body"),
    ("no deflate", "Content-Encoding: deflate\r\n", b"\xff\xffhello", "down 200 protocol_error in body"),
    ("no brotli", "Content-Encoding: br\r\n", b"\xff\xffhello", "down 200 protocol_error in body"),
    ("no zstd", "Content-Encoding: zstd\r\n", b"hello", "down 200 protocol_error in body"),
    ("gzip that is cut at once", "Content-Encoding: gzip\r\n", b"\x1f\x8b\x08\0\0\0\0\0\0\x03", "down 200 protocol_error in body"),
    ("nothing of brotli", "Content-Encoding: br\r\n", b"", "up 200 not_matched"),
    ("nothing of zstd", "Content-Encoding: zstd\r\n", b"", "up 200 not_matched"),
    ("nothing of deflate", "Content-Encoding: deflate\r\n", b"", "up 200 not_matched"),
    ("gzip as it is stored", "Content-Encoding: gzip\r\n", b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x01\x05\0\xfa\xffhello\x86\xa6\x106\x05\0\0\0", "up 200 matched hello"),
    ("gzip with a name and a remark", "Content-Encoding: gzip\r\n", b"\x1f\x8b\x08\x18\0\0\0\0\0\x03a.html\0x\0\x01\x05\0\xfa\xffhello\x86\xa6\x106\x05\0\0\0", "up 200 matched hello"),
    ("gzip with a wrong sum", "Content-Encoding: gzip\r\n", b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x01\x05\0\xfa\xffhello\0\0\0\0\x05\0\0\0", "down 200 protocol_error in body"),
    ("gzip without its sum", "Content-Encoding: gzip\r\n", b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x01\x05\0\xfa\xffhello", "down 200 protocol_error in body"),
];

#[tokio::test]
async fn types_charsets_and_codings() {
    let tables = [
        (TYPES, "größe"),
        (CHARSETS, "größe|hello"),
        (CODINGS, "hello"),
    ];
    judge(tables.into_iter().flat_map(|(pages, regexp)| {
        pages.iter().map(move |(name, head, body, expected)| {
            let place = Place::Steps(vec![send(page(head, body))]);
            Row::new(name, place, expected).sought(regexp)
        })
    }))
    .await;
}
