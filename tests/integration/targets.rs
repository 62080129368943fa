//! Targets files, good and bad, as `monitor targets` and a starting monitor take them.

use std::fs;

use crate::support::bare;

fn targets(file: &str, content: &[u8]) -> (Option<i32>, String) {
    monitor(&["targets"], file, content)
}

fn monitor(arguments: &[&str], file: &str, content: &[u8]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(file), content).unwrap();
    let provider = if file.ends_with("json") {
        "JsonUrlsProvider"
    } else {
        "CsvUrlsProvider"
    };
    let output = bare("monitor")
        .args(arguments)
        .env("URLS_FILE", file)
        .env("URLS_PROVIDER_TYPE", provider)
        .env("TOPIC_NAME", "checks")
        .env("SECURITY_PROTOCOL", "PLAINTEXT")
        .env("HTTP_LISTEN", "127.0.0.1:0")
        .current_dir(folder.path())
        .output()
        .unwrap();
    let text =
        String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    (output.status.code(), text)
}

#[test]
fn the_shipped_targets_are_good() {
    for file in ["urls.csv", "urls.json"] {
        let path = format!("{}/../data/{file}", env!("CARGO_MANIFEST_DIR"));
        let (status, text) = targets(file, &fs::read(path).unwrap());
        assert_eq!(status, Some(0), "{text}");
        assert!(text.contains("https://realpython.com"), "{text}");
        assert!(text.contains("All Tutorial"), "{text}");
    }
}

#[test]
fn every_bad_row_is_named_with_file_line_and_reason() {
    let content = b"url,regexp\nhttp://a.example/,ok\nftp://b.example/,\n,no url\nhttp://c.example/,(\n# remark\n\nhttp://a.example/,twice\nhttp://d.example/,\"unclosed\nhttp://e.example/,\n";
    let (status, text) = targets("urls.csv", content);
    assert_eq!(status, Some(2), "{text}");
    for line in [3, 4, 5, 8, 9] {
        assert!(
            text.contains(&format!("urls.csv:{line}: ")),
            "line {line} in\n{text}"
        );
    }
    assert!(
        text.contains("http://e.example/"),
        "an unclosed quote swallows nobody:\n{text}"
    );
}

#[test]
fn json_is_taken_pretty_in_lines_and_without_brackets() {
    let pretty = b"[\n  {\n    \"url\": \"http://a.example/\",\n    \"regexp\": null\n  },\n  {\n    \"url\": \"gopher://b.example/\"\n  }\n]\n";
    let (status, text) = targets("urls.json", pretty);
    assert_eq!(status, Some(2), "{text}");
    assert!(
        text.contains("urls.json:6: "),
        "the line where the element begins:\n{text}"
    );
    let lines = b"{\"url\":\"http://a.example/\"}\nno json\n{\"url\":\"http://b.example/\"}\n";
    let (status, text) = targets("urls.json", lines);
    assert_eq!(status, Some(2), "{text}");
    assert!(text.contains("urls.json:2: "), "{text}");
    assert!(text.contains("http://b.example/"), "{text}");
}

#[test]
fn a_byte_order_mark_and_other_encodings_are_all_right() {
    let text = "url,regexp\r\nhttp://a.example/,Größe\r\n";
    let utf16: Vec<u8> = [0xfeff]
        .into_iter()
        .chain(text.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    for content in [format!("\u{feff}{text}").into_bytes(), utf16] {
        let (status, printed) = targets("urls.csv", &content);
        assert_eq!(status, Some(0), "{printed}");
        assert!(printed.contains("Größe"), "{printed}");
    }
}

#[test]
fn no_usable_row_is_status_2_in_one_line() {
    for content in [
        &b""[..],
        b"url,regexp\n",
        b"url;regexp\nhttp://a.example/;x\n",
        b"name\nx\n",
    ] {
        let (status, text) = monitor(&[], "urls.csv", content);
        assert_eq!(status, Some(2), "{text}");
        assert!(text.contains("urls.csv"), "{text}");
    }
    let (_, text) = monitor(&[], "urls.csv", b"url;regexp\nhttp://a.example/;x\n");
    assert!(text.contains("semicolon"), "{text}");
}

#[test]
fn line_ends_of_three_kinds_hide_no_target() {
    let content =
        b"url,regexp\nhttp://a.test/,x\rhttp://b.test/,y\rhttp://c.test/,z\r\nhttp://d.test/,w\n";
    let (status, text) = targets("urls.csv", content);
    assert_eq!(status, Some(0), "{text}");
    for site in ["a", "b", "c", "d"] {
        assert!(text.contains(&format!("http://{site}.test/")), "{text}");
    }
}

#[test]
fn a_broken_element_of_one_line_of_json_costs_itself_alone() {
    let content = br#"[{"url": "http://a.test/"}, {"url": "http://b.test/", "regexp": "All \w+"}, {"url": "http://c.test/"}]"#;
    let (status, text) = targets("urls.json", content);
    assert_eq!(status, Some(2), "{text}");
    assert!(text.contains("urls.json:1: "), "{text}");
    assert!(text.contains("a backslash is written twice"), "{text}");
    assert!(text.contains("http://a.test/"), "{text}");
    assert!(text.contains("http://c.test/"), "{text}");
}

#[test]
fn a_column_that_is_not_known_costs_nothing_and_is_told_the_right_name() {
    let (status, text) = targets("urls.csv", b"url,Pattern,note\nhttp://a.test/,x,y\n");
    assert_eq!(status, Some(0), "{text}");
    assert!(text.contains("did you mean \"regexp\""), "{text}");
    assert!(text.contains("\"note\" is not known"), "{text}");
}

#[test]
fn the_example_of_all_settings_is_good_and_shows_no_secret() {
    for file in ["urls-all-settings.csv", "urls-all-settings.json"] {
        let path = format!("{}/../data/{file}", env!("CARGO_MANIFEST_DIR"));
        let content = fs::read(path).unwrap();
        let (status, text) = targets(file, &content);
        assert_eq!(status, Some(0), "{text}");
        for shown in ["300 s", "disabled", "must_match=Python", "accept-language"] {
            assert!(text.contains(shown), "{shown} in\n{text}");
        }
        assert!(!text.contains("are you well"), "{text}");
        let (status, text) = monitor(&["targets", "--json"], file, &content);
        assert_eq!(status, Some(0), "{text}");
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        let of = |url: &str| {
            let targets = json["targets"].as_array().unwrap();
            targets.iter().find(|it| it["url"] == url).unwrap().clone()
        };
        assert_eq!(of("https://realpython.com")["interval"], 300.0);
        assert_eq!(
            of("https://httpbin.org/anything")["headers"]["content-type"],
            "***"
        );
        assert_eq!(
            of("https://expired.badssl.com")["next"],
            serde_json::Value::Null
        );
    }
}

#[test]
fn a_wrong_setting_names_file_line_and_field() {
    let (status, text) = targets(
        "urls.csv",
        b"url,interval\nhttp://a.test/,soon\nhttp://b.test/,5m\n",
    );
    assert_eq!(status, Some(2), "{text}");
    assert!(
        text.contains("urls.csv:2: the interval is \"soon\"; write a time"),
        "{text}"
    );
    assert!(text.contains("http://b.test/"), "{text}");
}
