//! Urls, rows and elements that nobody expects, each with what becomes of it.

use super::*;

/// A url, and the host that is asked, or a part of what is wrong.
#[rustfmt::skip]
const URLS: &[(&str, Result<&str, &str>)] = &[
    ("HTTP://A.EXAMPLE/", Ok("a.example")),
    ("http://a.example:/", Ok("a.example")),
    ("http://a.example:0080/", Ok("a.example")),
    ("http://a.example:65536/", Err("invalid port number")),
    ("http://a.example:-1/", Err("invalid port number")),
    ("http://a.example:x/", Err("invalid port number")),
    ("http://a b/", Err("invalid international domain name")),
    ("http://a%20b/", Err("invalid international domain name")),
    ("http://a%2Eexample/", Ok("a.example")),
    ("http://a%2Fb/", Err("invalid international domain name")),
    ("http://a%00b/", Err("invalid international domain name")),
    ("http://a<b>/", Err("invalid international domain name")),
    ("http://[::1]/", Ok("[::1]")),
    ("http://[::1/", Err("invalid IPv6 address")),
    ("http://::1/", Err("empty host")),
    ("http://[::1]x/", Err("is wrong")),
    ("http://[fe80::1%25eth0]/", Err("without the zone")),
    ("http://[fe80::1%eth0]:8080/x", Err("without the zone")),
    ("http://[1.2.3.4]/", Err("invalid IPv6 address")),
    ("http://[::ffff:1.2.3.4]/", Ok("[::ffff:102:304]")),
    ("http://[0:0:0:0:0:0:0:1]/", Ok("[::1]")),
    ("http://1.2.3/", Ok("1.2.0.3")),
    ("http://0x7f.1/", Ok("127.0.0.1")),
    ("http://017700000001/", Ok("127.0.0.1")),
    ("http://2130706433/", Ok("127.0.0.1")),
    ("http://%31%32%37.0.0.1/", Ok("127.0.0.1")),
    ("http://\u{ff11}27.0.0.1/", Ok("127.0.0.1")),
    ("http://127.0.0.1./", Ok("127.0.0.1")),
    ("http://256.1.1.1/", Err("invalid IPv4 address")),
    ("http://1.2.3.4.5/", Err("invalid IPv4 address")),
    ("http://09.1.1.1/", Err("invalid IPv4 address")),
    ("http://a.1/", Err("invalid IPv4 address")),
    ("http://4294967296/", Err("invalid IPv4 address")),
    ("http://b\u{fc}cher.example/", Ok("xn--bcher-kva.example")),
    ("http://BU\u{308}CHER.example/", Ok("xn--bcher-kva.example")),
    ("http://a\u{3002}example/", Ok("a.example")),
    ("http://\u{ff41}.example/", Ok("a.example")),
    ("http://xn--/", Err("invalid international domain name")),
    ("http://xn--a/", Err("invalid international domain name")),
    ("http://my_site.example/", Ok("my_site.example")),
    ("http://a-.example/", Ok("a-.example")),
    ("http://-/", Ok("-")),
    ("http://a.example./", Ok("a.example.")),
    ("http://a..example/", Ok("a..example")),
    ("http://*.example/", Ok("*.example")),
    ("http://user:p@ss@a.example/", Ok("a.example")),
    ("http://user%40x@a.example/", Ok("a.example")),
    ("http://@a.example/", Ok("a.example")),
    ("http://u@/", Err("empty host")),
    ("http://:80/", Err("empty host")),
    ("http://a.example\\x", Ok("a.example")),
    ("http://a.example?x", Ok("a.example")),
    ("http://a.example/x y/<z>", Ok("a.example")),
    ("http:a.example", Err("does not begin with")),
    ("http:/a.example", Err("does not begin with")),
    ("https:\\\\a.example", Err("does not begin with")),
    ("hxxp://a.example", Err("does not begin with")),
    ("//a.example", Err("does not begin with")),
    ("a.example", Err("does not begin with")),
    ("javascript:alert(1)", Err("does not begin with")),
    ("file:///etc/passwd", Err("does not begin with")),
    ("view-source:http://a.example/", Err("does not begin with")),
    ("http://", Err("empty host")),
    ("http:///a.example", Err("has no host")),
    ("http://\\a.example", Err("has no host")),
    ("http://#x", Err("has no host")),
    ("https://http/x", Ok("http")),
    ("http://http:80/", Ok("http")),
    ("http://a.example/\u{7f}", Err("control character")),
    ("http://a\u{200d}b.example/", Err("invisible character (U+200D)")),
];

#[test]
fn urls_are_taken_as_browsers_take_them_or_told() {
    let mut complaints = Vec::new();
    for (url, expected) in URLS {
        let element = serde_json::json!([{ "url": url }]);
        let targets = json(&element.to_string());
        let host = targets.usable.first().and_then(|it| it.address.host_str());
        let told = bad(&targets).join("");
        let is_expected = match expected {
            Ok(expected) => host == Some(*expected),
            Err(part) => host.is_none() && told.contains(part),
        };
        if !is_expected {
            complaints.push(format!("{url}: {host:?}, {told:?}"));
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// Files of CSV: what they are, the text, the urls that are checked, and the lines of bad rows.
#[rustfmt::skip]
const FILES: &[(&str, &str, &[&str], &[usize])] = &[
    ("a header alone in quotes", "\"url\"\nhttp://a/\n", &["http://a/"], &[]),
    ("a header with blanks", "  url  ,  regexp  \nhttp://a/,x\n", &["http://a/"], &[]),
    ("a header in capitals", "URL,REGEXP\nhttp://a/,x\n", &["http://a/"], &[]),
    ("the url last", "regexp,name,url\nx,y,http://a/\n", &["http://a/"], &[]),
    ("a column without a name", "url,,regexp\nhttp://a/,x,y\n", &["http://a/"], &[]),
    ("columns too few", "url,regexp,name\nhttp://a/\n", &["http://a/"], &[]),
    ("columns too many, empty", "url\nhttp://a/,,,\n", &["http://a/"], &[]),
    ("columns too many, full", "url\nhttp://a/,x\nhttp://b/\n", &["http://b/"], &[2]),
    ("a comma in a url", "url\nhttp://a/?x=1,2\nhttp://b/\n", &["http://b/"], &[2]),
    ("a comma in a url in quotes", "url\n\"http://a/?x=1,2\"\n", &["http://a/?x=1,2"], &[]),
    ("a quote in a url", "url\nhttp://a/\"x\"\nhttp://b/\n", &["http://a/\"x\"", "http://b/"], &[]),
    ("single quotes", "url\n'http://a/'\nhttp://b/\n", &["http://b/"], &[2]),
    ("quotes of a text program", "url\n\u{201c}http://a/\u{201d}\nhttp://b/\n", &["http://b/"], &[2]),
    ("a quote that is never closed", "url,regexp\n\"http://a/\nhttp://b/\n", &["http://b/"], &[2]),
    ("a quote that is closed twice", "url,regexp\n\"http://a/\"\",x\nhttp://b/\n", &["http://b/"], &[2]),
    ("nothing in quotes", "url,regexp\n\"\",x\nhttp://b/\n", &["http://b/"], &[2]),
    ("a remark behind a row", "url\nhttp://a/ # ours\nhttp://b/\n", &["http://a/ # ours", "http://b/"], &[]),
    ("remarks between", "# x\nurl\n#y\n  # z\nhttp://a/\n", &["http://a/"], &[]),
    ("a remark in quotes", "url\n\"# x\"\nhttp://b/\n", &["http://b/"], &[2]),
    ("no end of the last line", "url\nhttp://a/", &["http://a/"], &[]),
    ("blank lines at the end", "url\nhttp://a/\n\n \n\t\n", &["http://a/"], &[]),
    ("ends of lines of all kinds in a row", "url\nhttp://a/\r\n\r\n\n\r\rhttp://b/\r", &["http://a/", "http://b/"], &[]),
    ("a form feed between", "url\nhttp://a/\n\u{c}\nhttp://b/\n", &["http://a/", "http://b/"], &[]),
    ("the separator of lines of a typesetter", "url\nhttp://a/\u{2028}\nhttp://b/\n", &["http://a/", "http://b/"], &[]),
    ("the end of a file of old", "url\nhttp://a/\n\u{1a}", &["http://a/"], &[3]),
    ("a zero byte in a row", "url\nhttp://a/\0\nhttp://b/\n", &["http://b/"], &[2]),
    ("a mark in the middle", "url\n\u{feff}http://a/\n", &["http://a/"], &[]),
    ("the header once more", "url,regexp\nhttp://a/,\nurl,regexp\nhttp://b/,\n", &["http://a/", "http://b/"], &[3]),
    ("a url twice", "url\nhttp://a/\nhttp://a/\n", &["http://a/"], &[3]),
    ("a url twice, spelled in two ways", "url\nhttp://a/\nhttp://a\n", &["http://a/", "http://a"], &[]),
    ("a formula", "url\n=HYPERLINK(\"http://a/\")\nhttp://b/\n", &["http://b/"], &[2]),
    ("a link of a text program", "url\n<http://a/>\nhttp://b/\n", &["http://b/"], &[2]),
    ("a link with its name", "url\n[a](http://a/)\nhttp://b/\n", &["http://b/"], &[2]),
    ("a wrong interval", "url,interval\nhttp://a/,soon\nhttp://b/,\n", &["http://b/"], &[2]),
    ("a wrong pattern", "url,regexp\nhttp://a/,*\nhttp://b/,x\n", &["http://b/"], &[2]),
    ("a number as spreadsheets write it", "url,interval\nhttp://a/,30.0\n", &["http://a/"], &[]),
    ("a number with its thousands", "url,interval\nhttp://a/,\"1,000\"\nhttp://b/,\n", &["http://b/"], &[2]),
    ("a flag as spreadsheets write it", "url,verify_tls\nhttp://a/,FALSE\n", &["http://a/"], &[]),
    ("a blank that does not break", "url,regexp\nhttp://a/\u{a0},x\n", &["http://a/"], &[]),
    ("an ideographic blank", "url\n\u{3000}http://a/\u{3000}\n", &["http://a/"], &[]),
];

#[test]
fn rows_cost_only_themselves_whatever_is_wrong_with_them() {
    let mut complaints = Vec::new();
    for (name, text, usable, lines) in FILES {
        let targets = csv(text);
        let found: Vec<_> = targets.usable.iter().map(|it| &*it.url).collect();
        let told: Vec<_> = targets.bad_rows.iter().map(|bad| bad.line).collect();
        if (&found[..], &told[..]) != (*usable, *lines) {
            complaints.push(format!("{name}: {found:?}, {:?}", bad(&targets)));
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// Between two good elements: what is wrong, and in how many rows it ends.
#[rustfmt::skip]
const ELEMENTS: &[(&str, usize)] = &[
    (r#"{"url": "http://x/", "regexp": "\d+"}"#, 1),
    (r#"{"url": "http://x/", "regexp": "\u12"}"#, 1),
    (r#"{"url": "http://x/", "regexp": "\ud800"}"#, 1),
    (r#"{"url": "http://x/", "interval": 030}"#, 1),
    (r#"{"url": "http://x/", "interval": .5}"#, 1),
    (r#"{"url": "http://x/", "interval": 5.}"#, 1),
    (r#"{"url": "http://x/", "interval": +5}"#, 1),
    (r#"{"url": "http://x/", "interval": 0x10}"#, 1),
    (r#"{"url": "http://x/", "interval": 1e999}"#, 1),
    (r#"{"url": "http://x/", "interval": NaN}"#, 1),
    (r#"{"url": "http://x/", "enabled": True}"#, 1),
    (r#"{"url": "http://x/", "name": None}"#, 1),
    (r#"{"url": "http://x/", "name": undefined}"#, 1),
    (r#"{"url": "http://x/"; "name": "x"}"#, 1),
    (r#"{"url" = "http://x/"}"#, 1),
    (r#"{"url": "http://x/" // ours
}"#, 1),
    (r#"{"url": "http://x/", /* ours */ "name": "x"}"#, 1),
    (r#"{"url": "http://x/", "tags": ["a", ]}"#, 1),
    (r#"{"url": "http://x/", "tags": ["a" "b"]}"#, 1),
    (r#"{"url": "http://x/", "tags": ("a")}"#, 1),
    (r#"{"url": `http://x/`}"#, 1),
    ("{\"url\": \"http://x/\u{0}\"}", 1),
    ("{\"url\": \"http://x/\", \"name\": \"a\u{7}\"}", 1),
    ("{\u{a0}\"url\": \"http://x/\"}", 1),
    ("{\u{201c}url\u{201d}: \u{201c}http://x/\u{201d}}", 1),
    (r#"{"url": {"url": "http://x/"}}"#, 1),
    (r#"{"url": ["http://x/"]}"#, 1),
    (r#"{"url": 5}"#, 1),
    (r#"{"url": true}"#, 1),
    (r#"{"url": null}"#, 1),
    (r#"{"url": ""}"#, 1),
    (r#"{"Url": "http://x/", "URL": "http://y/"}"#, 1),
    (r#"{"": "http://x/"}"#, 1),
    ("{}", 1),
    ("null", 1),
    ("5", 1),
    (r#""http://x/""#, 1),
    ("true", 1),
    (r#"{"url": "http://x/", "headers": {"A": {"B": "c"}}}"#, 1),
    (r#"{"url": "http://x/", "interval": {"seconds": 5}}"#, 1),
];

#[test]
fn elements_cost_only_themselves_whatever_is_wrong_with_them() {
    let (before, behind) = (r#"{"url": "http://a/"}"#, r#"{"url": "http://b/"}"#);
    let mut complaints = Vec::new();
    for (element, rows) in ELEMENTS {
        for text in [
            format!("[{before}, {element}, {behind}]"),
            format!("[\n  {before},\n  {element},\n  {behind}\n]\n"),
            format!("{before}\n{element}\n{behind}\n"),
        ] {
            let targets = json(&text);
            let found: Vec<_> = targets.usable.iter().map(|it| &*it.url).collect();
            let told = bad(&targets);
            if found != ["http://a/", "http://b/"] || told.len() != *rows {
                complaints.push(format!("{text}: {found:?}, {told:?}"));
            }
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}
