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
    ("a plain text", "Content-Type: text/plain\r\n", UTF_8, GROESSE),
    ("a text of a vendor", "Content-Type: text/vnd.example\r\n", UTF_8, GROESSE),
    ("news", "Content-Type: application/rss+xml\r\n", UTF_8, GROESSE),
    ("a problem in JSON", "Content-Type: application/problem+json\r\n", UTF_8, GROESSE),
    ("a stream of bytes", "Content-Type: application/octet-stream\r\n", UTF_8, "up 200 not_evaluated"),
    ("a picture", "Content-Type: image/png\r\n", UTF_8, "up 200 not_evaluated"),
    ("a page to print", "Content-Type: application/pdf\r\n", UTF_8, "up 200 not_evaluated"),
    ("a form", "Content-Type: application/x-www-form-urlencoded\r\n", UTF_8, "up 200 not_evaluated"),
    ("parts", "Content-Type: multipart/mixed; boundary=x\r\n", UTF_8, "up 200 not_evaluated"),
    ("a kind without type", "Content-Type: text/\r\n", UTF_8, GROESSE),
    ("a type of strokes", "Content-Type: /\r\n", UTF_8, GROESSE),
    ("a blank in the kind", "Content-Type: text /html\r\n", UTF_8, GROESSE),
    ("no semicolon before the charset", "Content-Type: text/html charset=utf-8\r\n", UTF_8, GROESSE),
    ("a remark behind the type", "Content-Type: text/html (a page)\r\n", UTF_8, GROESSE),
    ("semicolons with nothing between", "Content-Type: text/html;;;charset=utf-8;\r\n", UTF_8, GROESSE),
    ("a type in quotes", "Content-Type: \"text/html\"\r\n", UTF_8, GROESSE),
    ("a template that was not filled in", "Content-Type: {{content_type}}\r\n", UTF_8, GROESSE),
    ("the name once more in the value", "Content-Type: Content-Type: text/html\r\n", UTF_8, GROESSE),
    ("a type in letters of no alphabet", "Content-Type: te\u{fffd}t/html\r\n", UTF_8, GROESSE),
    ("a list that ends in a comma", "Content-Type: text/html,\r\n", UTF_8, GROESSE),
    ("a comma within a parameter", "Content-Type: text/html; x=\"a, b/c\"\r\n", UTF_8, GROESSE),
    ("an unknown type behind a known one", "Content-Type: image/png\r\nContent-Type: */*\r\n", UTF_8, "up 200 not_evaluated"),
    ("unknown, and a binary", "Content-Type: unknown/unknown\r\n", b"\x89PNG\r\n\x1a\n\0\0hello", "up 200 not_evaluated"),
    ("a font that says that it is a text", "Content-Type: text/plain\r\n", b"\0\x01\0\0hello gr\xc3\xb6\xc3\x9fe", GROESSE),
    ("nothing of a binary but a form feed", "", b"\x0cgr\xc3\xb6\xc3\x9fe", GROESSE),
    ("a page without type that begins with escapes", "", b"\x1b[1mgr\xc3\xb6\xc3\x9fe", GROESSE),
    ("a manifest", "Content-Type: application/manifest+json\r\n", UTF_8, GROESSE),
    ("mathematics", "Content-Type: application/mathml+xml\r\n", UTF_8, GROESSE),
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
    ("of the head, in capitals and quotes", "Content-Type: text/html; CHARSET=\"UTF-8\"\r\n", UTF_8, GROESSE),
    ("of the head, without its hyphen", "Content-Type: text/html; charset=utf8\r\n", UTF_8, GROESSE),
    ("of the head, empty", "Content-Type: text/html; charset=\r\n", UTF_8, GROESSE),
    ("of the head, empty in quotes", "Content-Type: text/html; charset=\"\"\r\n", LATIN_1, GROESSE),
    ("of the head, none", "Content-Type: text/html; charset=none\r\n", UTF_8, GROESSE),
    ("of the head twice, the first counts", "Content-Type: text/html; charset=latin1; charset=koi8-r\r\n", LATIN_1, GROESSE),
    ("of the head, the first of nobody", "Content-Type: text/html; charset=x-mine; charset=latin1\r\n", LATIN_1, GROESSE),
    ("ASCII, as browsers see it", "Content-Type: text/html; charset=us-ascii\r\n", LATIN_1, GROESSE),
    ("binary, as some proxies say", "Content-Type: text/html; charset=binary\r\n", UTF_8, GROESSE),
    ("Russian of the older kind", "Content-Type: text/html; charset=koi8-r\r\n", b"\xd0\xd2\xc9\xd7\xc5\xd4 hello", "up 200 matched hello"),
    ("Japanese that switches", "Content-Type: text/html; charset=iso-2022-jp\r\n", b"\x1b$B%=\x1b(B hello", "up 200 matched hello"),
    ("Korean", "Content-Type: text/html; charset=ks_c_5601-1987\r\n", b"\xc7\xd1 hello", "up 200 matched hello"),
    ("Chinese of four bytes", "Content-Type: text/html; charset=gb18030\r\n", b"gr\x81\x30\x89\x38 hello", "up 200 matched hello"),
    ("UTF-16 of the head, big end first", "Content-Type: text/html; charset=utf-16be\r\n", b"\0g\0r\0\xf6\0\xdf\0e", GROESSE),
    ("a mark against the head", "Content-Type: text/html; charset=utf-16\r\n", b"\xef\xbb\xbfgr\xc3\xb6\xc3\x9fe", GROESSE),
    ("UTF-7, which browsers refuse", "Content-Type: text/html; charset=utf-7\r\n", UTF_8, GROESSE),
    ("UTF-32, which nobody reads", "Content-Type: text/html; charset=utf-32\r\n", UTF_8, GROESSE),
    ("of a meta, its equals sign apart", "Content-Type: text/html\r\n", b"<meta charset = \"latin1\" >gr\xf6\xdfe", GROESSE),
    ("of a meta without quotes, closed", "Content-Type: text/html\r\n", b"<meta charset=latin1/>gr\xf6\xdfe", GROESSE),
    ("of a meta over lines", "Content-Type: text/html\r\n", b"<meta\r\n  http-equiv='Content-Type'\r\n  content='text/html;\r\n charset=latin1'\r\n>gr\xf6\xdfe", GROESSE),
    ("of a meta that is not closed", "Content-Type: text/html\r\n", b"<meta charset=latin1 gr\xf6\xdfe", GROESSE),
    ("of a comment that is not closed", "Content-Type: text/html\r\n", b"<!-- <meta charset=koi8-r> gr\xc3\xb6\xc3\x9fe", GROESSE),
    ("of XML behind a mark", "Content-Type: text/xml\r\n", b"\xef\xbb\xbf<?xml version='1.0' encoding='latin1'?>gr\xc3\xb6\xc3\x9fe", GROESSE),
    ("a zero byte in a text", "Content-Type: text/html; charset=utf-8\r\n", b"\0gr\xc3\xb6\xc3\x9fe", GROESSE),
    ("half a character at the end", "Content-Type: text/html\r\n", b"gr\xc3\xb6\xc3\x9fe \xc3", GROESSE),
    ("a text of the head that is in truth another", "Content-Type: text/html; charset=utf-8\r\n", b"gr\xf6\xdfe hello", "up 200 matched hello"),
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
    ("gzip without its sum", "Content-Encoding: gzip\r\n", b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x01\x05\0\xfa\xffhello", "up 200 matched hello"),
    ("two codings by one name", "Content-Encoding: gzip, identity\r\n", b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x01\x05\0\xfa\xffhello\x86\xa6\x106\x05\0\0\0", "up 200 matched hello"),
    ("a coding in capitals, and by its old name", "Content-Encoding: X-GZIP\r\n", b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x01\x05\0\xfa\xffhello\x86\xa6\x106\x05\0\0\0", "up 200 matched hello"),
    ("a coding in quotes, which names none", "Content-Encoding: \"gzip\"\r\n", b"hello", "up 200 matched hello"),
    ("an empty member before the page", "Content-Encoding: gzip\r\n", b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0\x1f\x8b\x08\0\0\0\0\0\0\x03\x01\x05\0\xfa\xffhello\x86\xa6\x106\x05\0\0\0", "up 200 matched hello"),
    ("gzip with a sum of its head", "Content-Encoding: gzip\r\n", b"\x1f\x8b\x08\x02\0\0\0\0\0\x03\xa7\x77\x01\x05\0\xfa\xffhello\x86\xa6\x106\x05\0\0\0", "up 200 matched hello"),
    ("gzip with something extra", "Content-Encoding: gzip\r\n", b"\x1f\x8b\x08\x04\0\0\0\0\0\x03\x02\0xy\x01\x05\0\xfa\xffhello\x86\xa6\x106\x05\0\0\0", "up 200 matched hello"),
    ("gzip of a method of nobody", "Content-Encoding: gzip\r\n", b"\x1f\x8b\x07\0\0\0\0\0\0\x03hello", "down 200 protocol_error in body"),
    ("gzip with a wrong length", "Content-Encoding: gzip\r\n", b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x01\x05\0\xfa\xffhello\x86\xa6\x106\x09\0\0\0", "down 200 protocol_error in body"),
    ("gzip that ends in its head", "Content-Encoding: gzip\r\n", b"\x1f\x8b", "down 200 protocol_error in body"),
    ("a byte of gzip", "Content-Encoding: gzip\r\n", b"\x1f", "down 200 protocol_error in body"),
    ("deflate as it is stored", "Content-Encoding: deflate\r\n", b"\x01\x05\0\xfa\xffhello", "up 200 matched hello"),
    ("deflate in its wrapping", "Content-Encoding: deflate\r\n", b"\x78\x01\x01\x05\0\xfa\xffhello\x06\x2c\x02\x15", "up 200 matched hello"),
    ("deflate in its wrapping with a wrong sum", "Content-Encoding: deflate\r\n", b"\x78\x01\x01\x05\0\xfa\xffhello\0\0\0\0", "down 200 protocol_error in body"),
    ("deflate with more behind it", "Content-Encoding: deflate\r\n", b"\x01\x05\0\xfa\xffhellomore", "up 200 matched hello"),
    ("deflate that is cut", "Content-Encoding: deflate\r\n", b"\x01\x05\0\xfa\xffhel", "down 200 protocol_error in body"),
    ("deflate of a block of nobody", "Content-Encoding: deflate\r\n", b"\x07hello", "down 200 protocol_error in body"),
    ("zstd as it is stored", "Content-Encoding: zstd\r\n", b"\x28\xb5\x2f\xfd\x20\x05\x29\0\0hello", "up 200 matched hello"),
    ("zstd behind a frame to skip", "Content-Encoding: zstd\r\n", b"\x50\x2a\x4d\x18\x02\0\0\0xy\x28\xb5\x2f\xfd\x20\x05\x29\0\0hello", "up 200 matched hello"),
    ("zstd that is cut", "Content-Encoding: zstd\r\n", b"\x28\xb5\x2f\xfd\x20\x05\x29\0\0hel", "down 200 protocol_error in body"),
    ("zstd that wants a window of a gigabyte", "Content-Encoding: zstd\r\n", b"\x28\xb5\x2f\xfd\0\xa0\x29\0\0hello", "down 200 protocol_error in body"),
    ("brotli as it is stored", "Content-Encoding: br\r\n", b"\x0b\x02\x80hello\x03", "up 200 matched hello"),
    ("brotli that is cut", "Content-Encoding: br\r\n", b"\x0b\x02\x80hel", "down 200 protocol_error in body"),
    ("brotli with more behind it", "Content-Encoding: br\r\n", b"\x0b\x02\x80hello\x03more", "up 200 matched hello"),
    ("a coding of a dictionary that nobody offered", "Content-Encoding: dcb\r\n", b"hello", "up 200 matched hello"),
    ("four codings", "Content-Encoding: gzip, gzip, gzip, gzip\r\n", b"hello", "down 200 protocol_error in body"),
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
