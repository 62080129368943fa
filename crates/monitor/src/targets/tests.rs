mod again;
mod odd;
mod own;
mod people;

use std::path::Path;

use proptest::prelude::*;

use super::*;

fn csv(text: &str) -> Targets {
    Targets::parse(text.as_bytes(), Format::Csv).unwrap()
}

fn json(text: &str) -> Targets {
    Targets::parse(text.as_bytes(), Format::Json).unwrap()
}

fn urls(targets: &Targets) -> Vec<(&str, &str)> {
    let rows = targets.usable.iter();
    rows.map(|target| (target.url.as_str(), target.regexp()))
        .collect()
}

fn bad(targets: &Targets) -> Vec<String> {
    targets.bad_rows.iter().map(ToString::to_string).collect()
}

#[test]
fn columns_may_stand_in_any_order_with_quotes_spaces_comments_and_blank_lines() {
    let targets = csv(
        "# our sites\r\n note , regexp , URL \r\n\r\nfirst, \"a, \"\"b\"\"\" , https://a.example \r\n\
         # https://c.example\r\n,,\"https://b.example/\"\r\n,x,https://d.example,,\r\n,,https://e.example",
    );
    assert_eq!(bad(&targets), Vec::<String>::new());
    assert_eq!(
        urls(&targets),
        [
            ("https://a.example", "a, \"b\""),
            ("https://b.example/", ""),
            ("https://d.example", "x"),
            ("https://e.example", ""),
        ]
    );
    assert_eq!(
        targets.warnings,
        ["\"note\" is not known and means nothing"]
    );
}

#[test]
fn each_bad_row_is_named_and_swallows_nobody() {
    let targets = csv(
        "url,regexp\nftp://a.example,\n,x\nhttps://b.example,(\nhttps://c.example,\"open\n\
         https://d.example,a,b\nhttps://e.example,\"a\"b\nhttps:///f\nhttps://g.example,ok\n\
         https://g.example,again\nwww.example.com\nhttp://[::1,\n",
    );
    assert_eq!(urls(&targets), [("https://g.example", "ok")]);
    let lines: Vec<_> = targets.bad_rows.iter().map(|bad| bad.line).collect();
    assert_eq!(lines, [2, 3, 4, 5, 6, 7, 8, 10, 11, 12]);
    let reasons = bad(&targets).join("\n");
    for reason in [
        "2: the url does not begin with http:// or https://",
        "3: no url",
        "4: the regexp does not compile",
        "5: a quote is not closed in its line",
        "6: 3 fields under a header of 2",
        "7: text after a closing quote",
        "8: the url has no host",
        "10: the url stands here for the second time",
    ] {
        assert!(reasons.contains(reason), "{reason} in\n{reasons}");
    }
}

#[test]
fn a_header_that_is_not_ours_is_one_error() {
    let error = |text: &str| Targets::parse(text.as_bytes(), Format::Csv).unwrap_err();
    assert!(error("url;regexp\nhttps://a.example;x\n").contains("semicolons"));
    assert!(error("\"URL\";\"regexp\"\n").contains("semicolons"));
    assert!(error("\u{feff}regexp; url ;x\r").contains("semicolons"));
    assert!(error("url\tregexp\n").contains("tabs"));
    assert!(error("Website,regexp\n").contains("\"Website\" has to be called that"));
    assert!(error("https://a.example,x\n").contains("no column url"));
}

#[test]
fn urls_have_a_bound_and_may_have_credentials_and_fragments() {
    let long = format!("https://a.example/{}", "ü".repeat(2048));
    let fits = format!("https://a.example/{}", "ü".repeat(2048 - 18));
    let targets = csv(&format!(
        "url\n{long}\n{fits}\nhttps://u:p@b.example/#part\nhttps://c.example/a b\nhttp://0x7f.1/"
    ));
    assert_eq!(targets.usable.len(), 4);
    assert!(bad(&targets)[0].starts_with("2: the url has 2066 characters"));
    assert_eq!(
        targets.usable[1].shown().to_string(),
        "https://***@b.example/#part"
    );
}

#[test]
fn json_is_read_pretty_in_lines_and_without_brackets() {
    let pretty = "[\n  {\n    \"url\": \"https://a.example\",\n    \"regexp\": \"x\"\n  },\n  {\n    \
                  \"url\": 7\n  },\n  {\n    \"url\": \"https://b.example\",\n    \"regexp\": null,\n    \
                  \"note\": {\"a\": [1]}\n  }\n]\n";
    let targets = json(pretty);
    assert_eq!(
        urls(&targets),
        [("https://a.example", "x"), ("https://b.example", "")]
    );
    assert_eq!(bad(&targets), ["6: the url is not a string"]);
    assert_eq!(
        targets.warnings,
        ["\"note\" is not known and means nothing"]
    );
    for lines in [
        "[\n{\"url\": \"https://a.example\"},\n{\"url\": \"https://b.example\"},\n]",
        "[{\"url\": \"https://a.example\"}, {\"url\": \"https://b.example\"}]",
        "{\"url\": \"https://a.example\"}\r\n\r\n{\"url\": \"https://b.example\"}\r\n",
    ] {
        assert_eq!(
            urls(&json(lines)),
            [("https://a.example", ""), ("https://b.example", "")]
        );
    }
}

#[test]
fn a_broken_json_line_costs_itself_alone() {
    let targets = json(
        "{\"url\": \"https://a.example\"}\nno json\nnor this\n{\"url\": \"https://b.example\"\n\
         {\"url\": \"https://c.example\", \"regexp\": \"open}\n{\"url\": \"https://d.example\"} x\n\
         {\"url\": \"https://e.example\"}\n[]\n\"text\"\n{\"url\": \"https://f.example\"}\n",
    );
    assert_eq!(
        urls(&targets),
        [
            ("https://a.example", ""),
            ("https://e.example", ""),
            ("https://f.example", "")
        ]
    );
    let lines: Vec<_> = targets.bad_rows.iter().map(|bad| bad.line).collect();
    assert_eq!(lines, [2, 3, 4, 5, 6, 9]);
}

#[test]
fn a_broken_pretty_element_costs_itself_alone() {
    let targets = json(
        "[\n  {\n    \"url\": \"https://a.example\",\n    \"regexp\":\n  },\n  {\n    \"url\": \
         \"https://b.example\"\n  }\n]\n",
    );
    assert_eq!(urls(&targets), [("https://b.example", "")]);
    assert_eq!(targets.bad_rows.len(), 1);
    assert_eq!(targets.bad_rows[0].line, 2);
}

#[test]
fn byte_order_marks_and_utf_16_are_all_right() {
    let text = "url,regexp\r\nhttps://a.example,Größe\r\n";
    let utf16 = |to_bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
        let units = std::iter::once(0xfeff).chain(text.encode_utf16());
        units.flat_map(to_bytes).collect()
    };
    for content in [
        format!("\u{feff}{text}").into_bytes(),
        utf16(u16::to_le_bytes),
        utf16(u16::to_be_bytes),
    ] {
        let targets = Targets::parse(&content, Format::Csv).unwrap();
        assert_eq!(urls(&targets), [("https://a.example", "Größe")]);
    }
}

#[test]
fn a_line_that_is_no_utf_8_costs_itself_alone() {
    let content = b"url,regexp\nhttps://a.example,Gr\xf6\xdfe\nhttps://b.example,\n";
    let targets = Targets::parse(content, Format::Csv).unwrap();
    assert_eq!(urls(&targets), [("https://b.example", "")]);
    assert_eq!(bad(&targets), ["2: is not UTF-8"]);
}

#[test]
fn lines_end_in_all_three_ways_mixed_too() {
    let mixed = csv(
        "url,regexp\nhttp://a.test/,x\rhttp://b.test/,y\rhttp://c.test/,z\r\nhttp://d.test/,w\n",
    );
    assert_eq!(
        urls(&mixed),
        [
            ("http://a.test/", "x"),
            ("http://b.test/", "y"),
            ("http://c.test/", "z"),
            ("http://d.test/", "w")
        ]
    );
    for quote in ["", "\""] {
        for end in ["\r", "\n", "\r\n"] {
            let lines = [
                "url,regexp".to_owned(),
                format!("{quote}http://a.test/{quote},x"),
                format!("http://b.test/,{quote}y{quote}"),
                "nothing".to_owned(),
            ];
            let targets = csv(&lines.join(end));
            assert_eq!(
                urls(&targets),
                [("http://a.test/", "x"), ("http://b.test/", "y")]
            );
            assert_eq!(targets.bad_rows[0].line, 4);
        }
    }
}

#[test]
fn a_quoted_field_that_runs_over_a_line_s_end_is_a_bad_row() {
    for end in ["\r", "\n", "\r\n"] {
        let targets = csv(&[
            "url,regexp",
            "http://a.test/,\"x",
            "y\"",
            "http://b.test/,z",
        ]
        .join(end));
        assert_eq!(urls(&targets), [("http://b.test/", "z")]);
        let lines: Vec<_> = targets.bad_rows.iter().map(|bad| bad.line).collect();
        assert_eq!(lines, [2, 3]);
    }
}

#[test]
fn invisible_characters_are_dropped_at_a_url_s_ends_and_told_within() {
    for unseen in [
        "\u{200b}", "\u{feff}", "\u{ad}", "\u{2060}", "\u{200e}", "\u{a0}",
    ] {
        let row = format!("{unseen}http://a.test/{unseen} ");
        for targets in [
            csv(&format!("{unseen}url\n{row}\n")),
            json(&format!("[{{\"url\": \"{row}\"}}]")),
        ] {
            assert_eq!(urls(&targets), [("http://a.test/", "")], "{unseen:?}");
        }
    }
    let targets = csv("url\nhttp://u:secret@a\u{200b}.test/\nhttp://b.test/\u{ad}x\n");
    assert_eq!(
        bad(&targets),
        [
            "2: the url holds an invisible character (U+200B) behind \"http://***@a\"; leave it out, \
             or percent-encode it",
            "3: the url holds an invisible character (U+00AD) behind \"http://b.test/\"; leave it \
             out, or percent-encode it",
        ]
    );
}

#[test]
fn a_column_that_stands_twice_is_told_and_its_first_word_counts() {
    let targets = csv("url,regexp,Regexp\nhttps://a.example,x,y\nhttps://b.example,,y\n");
    assert_eq!(
        urls(&targets),
        [("https://a.example", "x"), ("https://b.example", "y")]
    );
    assert_eq!(targets.warnings.len(), 1);
    assert!(targets.warnings[0].contains("\"regexp\" stands in the header more than once"));
}

#[test]
fn no_usable_row_names_the_file_and_the_first_reason() {
    let file = Path::new("sites.csv");
    assert!(
        csv("")
            .require_usable(file)
            .unwrap_err()
            .to_string()
            .contains("sites.csv: no row")
    );
    let message = csv("url\nnone\n")
        .require_usable(file)
        .unwrap_err()
        .to_string();
    assert!(message.contains("sites.csv:2: "), "{message}");
}

proptest! {
    #[test]
    fn no_content_makes_the_reader_panic_or_hang(content in any::<Vec<u8>>(), text in "[\\[\\]{}\",:a\n ]{0,60}") {
        for bytes in [content.as_slice(), text.as_bytes()] {
            for format in [Format::Csv, Format::Json] {
                Targets::parse(bytes, format).ok();
            }
        }
    }
}
