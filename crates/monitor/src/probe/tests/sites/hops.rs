//! Redirects and cookies.

use super::{
    super::{Policy, ProbeSettings, settings},
    Place, Row, judge,
};

const HELLO: &str = "up 200 matched Hello";
const BAD: &str = "down 302 bad_redirect";
const NONE: &str = "up 200 not_matched";

fn following() -> ProbeSettings {
    ProbeSettings {
        redirects_max: Some(3),
        ..settings()
    }
}

fn well() -> String {
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHello".into()
}

fn moved(headers: &str) -> String {
    format!("HTTP/1.1 302 Found\r\n{headers}\r\nContent-Length: 0\r\n\r\n")
}

/// What the Location is, the headers, the path at which the site is well, and what is said of it.
#[rustfmt::skip]
const LOCATIONS: &[(&str, &str, &str, &str)] = &[
    ("a path", "Location: /x", "/x", HELLO),
    ("a path from here", "Location: x", "/x", HELLO),
    ("a path upward", "Location: ../../x", "/x", HELLO),
    ("a question", "Location: ?x", "/?x", HELLO),
    ("no strokes", "Location: http:x", "/x", HELLO),
    ("a place in the page", "Location: /x#y", "/x", HELLO),
    ("blanks around", "Location:   /x  ", "/x", HELLO),
    ("a blank within", "Location: /x y", "/x%20y", HELLO),
    ("letters as they are", "Location: /ü", "/%C3%BC", HELLO),
    ("what is quoted already", "Location: /%2f%2F", "/%2f%2F", HELLO),
    ("backward strokes", "Location: \\x", "/x", HELLO),
    ("quotes and brackets", "Location: /\"<x>\"", "/%22%3Cx%3E%22", HELLO),
    ("signs of a question", "Location: /x?a=[b]|{c}", "/x?a=[b]|{c}", HELLO),
    ("capitals of the header", "LOCATION: /x", "/x", HELLO),
    ("the same twice", "Location: /x\r\nLocation: /x", "/x", HELLO),
    ("a script", "Location: javascript:alert(1)", "/x", BAD),
    ("a mail", "Location: mailto:a@b.example", "/x", BAD),
    ("a file", "Location: file:///etc/passwd", "/x", BAD),
    ("data", "Location: data:text/html,Hello", "/x", BAD),
    ("no host", "Location: http://", "/x", BAD),
    ("a port beyond all ports", "Location: http://a.example:99999/", "/x", BAD),
    ("an address that is none", "Location: http://1.2.3.4.5/", "/x", BAD),
    ("half an address", "Location: http://[::1/", "/x", BAD),
    ("only in the page", "Refresh: 0; url=/x", "/x", BAD),
    ("itself", "Location: /", "/x", "down 302 too_many_redirects"),
    ("nowhere", "Location: http://nowhere.invalid/", "/x", "down 302 dns_not_found in dns"),
    ("nobody's address", "Location: http://0.0.0.0/", "/x", "down 302 address_forbidden"),
    ("nothing but a place in the page", "Location: #x", "/x", "down 302 too_many_redirects"),
    ("a path with dots quoted", "Location: /a/%2e%2e/x", "/x", HELLO),
    ("two strokes before a path", "Location: /.//x", "//x", HELLO),
    ("a backward stroke at the beginning", "Location: \\\\0.0.0.0\\x", "/x", "down 302 address_forbidden"),
    ("a tab within", "Location: /\tx", "/x", HELLO),
    ("a question with blanks", "Location: /x?a b", "/x?a%20b", HELLO),
    ("half a quoted byte", "Location: /x%", "/x%", HELLO),
    ("a quoted zero byte", "Location: /x%00", "/x%00", HELLO),
    ("a comma and another", "Location: /x, /y", "/x,%20/y", HELLO),
    ("in quotes", "Location: \"/x\"", "/%22/x%22", HELLO),
    ("in angles", "Location: </x>", "/%3C/x%3E", HELLO),
    ("two that differ, the first counts", "Location: /x\r\nLocation: /y", "/x", HELLO),
    ("of another header", "Content-Location: /x", "/x", BAD),
    ("old and in the head alone", "URI: </x>", "/x", BAD),
    ("a letter of another alphabet", "Location: /\u{430}", "/%D0%B0", HELLO),
    ("a picture", "Location: /\u{1f600}", "/%F0%9F%98%80", HELLO),
    ("another scheme of ours", "Location: ws://127.0.0.1/", "/x", BAD),
    ("a phone", "Location: tel:110", "/x", BAD),
    ("a page of an app", "Location: intent://x#Intent;end", "/x", BAD),
    ("about nothing", "Location: about:blank", "/x", BAD),
    ("a port that is none", "Location: http://a.example:x/", "/x", BAD),
    ("a host of blanks", "Location: http://a b/", "/x", BAD),
    ("a zone in the address", "Location: http://[fe80::1%25eth0]/", "/x", BAD),
    ("a host of dots", "Location: http://../", "/x", "down 302 dns_not_found in dns"),
    ("a name with two dots", "Location: http://a..example/", "/x", "down 302 dns_not_found in dns"),
    ("nobody's address in other figures", "Location: http://0/", "/x", "down 302 address_forbidden"),
    ("nobody's address, short", "Location: http://[::]/", "/x", "down 302 address_forbidden"),
    ("a port of nobody", "Location: http://127.0.0.1:0/", "/x", "down 302 connect_refused in connect"),
];

#[tokio::test]
async fn locations() {
    judge(LOCATIONS.iter().map(|(name, headers, path, expected)| {
        let place = Place::Paths(vec![("/", moved(headers)), (path, well())]);
        Row::new(name, place, expected).with(following())
    }))
    .await;
}

#[tokio::test]
async fn statuses_that_send_elsewhere() {
    let table = [
        ("300", HELLO),
        ("301", HELLO),
        ("302", HELLO),
        ("303", HELLO),
        ("304", "up 304 not_matched"),
        ("305", "up 305 not_matched"),
        ("307", HELLO),
        ("308", HELLO),
        ("201", "up 201 not_matched"),
        ("404", "down 404 status_unexpected"),
    ];
    judge(table.map(|(status, expected)| {
        let start = format!("HTTP/1.1 {status} X\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n");
        let place = Place::Paths(vec![("/", start), ("/x", well())]);
        Row::new(status, place, expected).with(following())
    }))
    .await;
}

#[tokio::test]
async fn pages_of_redirects_do_not_count() {
    let table = [
        ("cut", "Content-Length: 99\r\n\r\nMoved", HELLO),
        (
            "no gzip",
            "Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nMoved",
            HELLO,
        ),
        (
            "no chunks",
            "Transfer-Encoding: chunked\r\n\r\nMoved",
            HELLO,
        ),
        ("without length", "\r\nHello", HELLO),
        ("hanging", "Content-Length: 99\r\n\r\nMovedHANG", HELLO),
        ("hanging without length", "\r\nHANG", HELLO),
    ];
    judge(table.map(|(name, rest, expected)| {
        let start = format!("HTTP/1.1 302 Found\r\nLocation: /x\r\n{rest}");
        let place = Place::Paths(vec![("/", start), ("/x", well())]);
        Row::new(name, place, expected).with(following())
    }))
    .await;
}

/// What the cookie is, the headers, and what is said of the page that shows what came.
#[rustfmt::skip]
const COOKIES: &[(&str, &str, &str)] = &[
    ("plain", "Set-Cookie: a=b", "up 200 matched Cookie: a=b"),
    ("two", "Set-Cookie: a=b\r\nSet-Cookie: c=d; HttpOnly", "up 200 matched Cookie: a=b; c=d"),
    ("the last of a name", "Set-Cookie: a=b\r\nSet-Cookie: a=c", "up 200 matched Cookie: a=c"),
    ("of its path", "Set-Cookie: a=b; Path=/x", "up 200 matched Cookie: a=b"),
    ("of another path", "Set-Cookie: a=b; Path=/y", NONE),
    ("of another site", "Set-Cookie: a=b; Domain=b.example", NONE),
    ("of encrypted sites, and of this machine", "Set-Cookie: a=b; Secure", "up 200 matched Cookie: a=b"),
    ("over at once", "Set-Cookie: a=b; Max-Age=0", NONE),
    ("over long ago", "Set-Cookie: a=b; Expires=Thu, 01 Jan 1970 00:00:00 GMT", NONE),
    ("taken back", "Set-Cookie: a=b\r\nSet-Cookie: a=; Max-Age=0", NONE),
    ("a time that is none", "Set-Cookie: a=b; Expires=soon", "up 200 matched Cookie: a=b"),
    ("an equals sign within", "Set-Cookie: a=b=c==", "up 200 matched Cookie: a=b=c=="),
    ("blanks", "Set-Cookie:  a = b ; Path = / ", "up 200 matched Cookie: a=b"),
    ("quotes", "Set-Cookie: a=\"b c\"", "up 200 matched Cookie: a=\"b c\""),
    ("empty", "Set-Cookie: a=", "up 200 matched Cookie: a="),
    ("nothing", "Set-Cookie:", NONE),
    ("without a name", "Set-Cookie: b", NONE),
    ("an equals sign alone", "Set-Cookie: =", NONE),
    ("a name that is empty", "Set-Cookie: =b", NONE),
    ("of a path in quotes", "Set-Cookie: a=b; Path=\"/x\"", "up 200 matched Cookie: a=b"),
    ("of a path that is none", "Set-Cookie: a=b; Path=x", "up 200 matched Cookie: a=b"),
    ("of a path that only begins so", "Set-Cookie: a=b; Path=/xy", NONE),
    ("of this machine by its address", "Set-Cookie: a=b; Domain=127.0.0.1", "up 200 matched Cookie: a=b"),
    ("of an empty domain", "Set-Cookie: a=b; Domain=", "up 200 matched Cookie: a=b"),
    ("of a whole country", "Set-Cookie: a=b; Domain=example", NONE),
    ("for the same site alone", "Set-Cookie: a=b; SameSite=Strict", "up 200 matched Cookie: a=b"),
    ("attributes of nobody", "Set-Cookie: a=b; Mine; Yours=1;;", "up 200 matched Cookie: a=b"),
    ("an age below nothing", "Set-Cookie: a=b; Max-Age=-1", NONE),
    ("an age that is none", "Set-Cookie: a=b; Max-Age=x", "up 200 matched Cookie: a=b"),
    ("an age beyond all numbers", "Set-Cookie: a=b; Max-Age=99999999999999999999", "up 200 matched Cookie: a=b"),
    ("an age against a time", "Set-Cookie: a=b; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "up 200 matched Cookie: a=b"),
    ("a time of the old kind", "Set-Cookie: a=b; Expires=Thursday, 01-Jan-70 00:00:00 GMT", NONE),
    ("a time beyond all years", "Set-Cookie: a=b; Expires=Fri, 31 Dec 9999 23:59:59 GMT", "up 200 matched Cookie: a=b"),
    ("two names that differ in capitals", "Set-Cookie: a=b\r\nSet-Cookie: A=c", "up 200 matched Cookie: a=b; A=c"),
    ("a comma within", "Set-Cookie: a=b,c=d", "up 200 matched Cookie: a=b,c=d"),
    ("letters as they are", "Set-Cookie: a=\u{f6}", "up 200 matched Cookie: a=\u{f6}"),
    ("signs of JSON", "Set-Cookie: a={\"b\":1}", "up 200 matched Cookie: a={\"b\":1}"),
    ("a name in brackets", "Set-Cookie: a[b]=c", "up 200 matched Cookie: a[b]=c"),
    ("blanks within", "Set-Cookie: a=b c", "up 200 matched Cookie: a=b c"),
];

#[tokio::test]
async fn cookies() {
    judge(COOKIES.iter().map(|(name, headers, expected)| {
        let start = moved(&format!("{headers}\r\nLocation: /x"));
        let end = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nECHO".into();
        let place = Place::Paths(vec![("/", start), ("/x", end)]);
        Row::new(name, place, expected)
            .sought("(?m)^cookie: [^\r\n]*")
            .with(following())
    }))
    .await;
}

#[tokio::test]
async fn spellings_of_a_forbidden_address() {
    let settings = || ProbeSettings {
        policy: "127.0.0.0/8, ::1".parse::<Policy>().unwrap(),
        ..settings()
    };
    let urls = [
        "http://127.0.0.1/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0177.0.0.1/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
        "http://localhost/",
        "http://127.0.0.1./",
    ];
    judge(urls.map(|url| {
        let expected = "down -1 address_forbidden";
        Row::new(url, Place::Url(url.into()), expected).with(settings())
    }))
    .await;
}
