//! Files as people and their programs really write them.

use super::*;

fn refused(content: &[u8], format: Format) -> String {
    Targets::parse(content, format).err().unwrap_or_default()
}

#[test]
fn rows_that_a_spreadsheet_emptied_are_blank() {
    let targets =
        csv(",,\nurl,regexp,interval\nhttp://a.example,x,\n,,\n\"\",\u{a0}, \n\u{200b}\n");
    assert_eq!(bad(&targets), Vec::<String>::new());
    assert_eq!(urls(&targets), [("http://a.example", "x")]);
    // Not blank: it says something, only no url.
    assert_eq!(
        bad(&csv("url,regexp\nhttp://a.example,\n,x\n")),
        ["3: no url"]
    );
    assert_eq!(bad(&csv("url,regexp\n\" \",x\n")), ["2: the url is empty"]);
}

#[test]
fn the_line_by_which_excel_knows_the_delimiter_is_no_header() {
    let targets = csv("sep=,\r\nurl,regexp\r\nhttp://a.example,x\r\n");
    assert_eq!(urls(&targets), [("http://a.example", "x")]);
    let semicolons = refused(b"SEP=;\nurl;regexp\nhttp://a.example;x\n", Format::Csv);
    assert!(semicolons.contains("semicolons"), "{semicolons}");
}

#[test]
fn a_file_of_another_kind_is_told_by_its_kind() {
    let utf_16: Vec<u8> = "url".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (content, format, told) in [
        (&b"PK\x03\x04\x14\0"[..], Format::Csv, "workbook"),
        (&b"\x1f\x8b\x08\0"[..], Format::Json, "compressed"),
        (&utf_16, Format::Csv, "UTF-16 without a byte order mark"),
        (&b"\xff\xfe\0\0u\0\0\0"[..], Format::Csv, "UTF-32"),
        (&b"[{\"url\":1}]"[..], Format::Csv, "JsonUrlsProvider"),
        (&b"\nURL, regexp\n"[..], Format::Json, "CsvUrlsProvider"),
        (&b"\"url\"\nhttp://a\n"[..], Format::Json, "CsvUrlsProvider"),
    ] {
        let problem = refused(content, format);
        assert!(problem.contains(told), "{told}: {problem}");
    }
}

#[test]
fn two_targets_without_braces_between_them_are_a_bad_row() {
    let targets = json(
        r#"[{"url":"http://a.example","regexp":"x","url":"http://b.example"},
            {"URL":"http://c.example","url":"http://d.example"},
            {"url":"http://e.example","note":1,"note":2,"name":null,"Name":"E"}]"#,
    );
    assert_eq!(urls(&targets), [("http://e.example", "")]);
    let told = bad(&targets);
    for (told, line) in told.iter().zip([1, 2]) {
        let wanted = format!("{line}: says \"url\" twice");
        assert!(told.starts_with(&wanted), "{told}");
    }
    assert_eq!(told.len(), 2);
}

#[test]
fn an_object_around_the_targets_is_named() {
    let targets = json("{\"version\": 1, \"urls\": [\n  {\"url\": \"http://a.example\"}\n]}");
    let told = bad(&targets).join("");
    assert!(
        told.starts_with("1: no url; the targets under \"urls\""),
        "{told}"
    );
    let targets = json("{\"url\": \"http://a.example\", \"steps\": [{}]}");
    assert_eq!(urls(&targets), [("http://a.example", "")]);
}

#[test]
fn a_url_that_was_pasted_behind_a_scheme_is_a_bad_row() {
    for url in [
        "http://https://a.example/",
        "HTTPS://Http://a.example",
        "http://https//a.example",
    ] {
        let told = bad(&csv(&format!("url\n{url}\n"))).join("");
        assert_eq!(told, "2: the url has http:// or https:// twice");
    }
    let targets = csv("url\nhttp://https/\nhttp://http.example//x\nhttp://a.example/https://b\n");
    assert_eq!(targets.usable.len(), 3, "{:?}", bad(&targets));
}
