use proptest::prelude::*;

use super::*;

fn urls(text: &str) -> Vec<String> {
    let elements = Elements::new(text.as_bytes()).filter_map(|element| element.value.ok());
    elements
        .filter_map(|value| value["url"].as_str().map(str::to_owned))
        .collect()
}

fn wrong(text: &str) -> Vec<(usize, String)> {
    Elements::new(text.as_bytes())
        .filter_map(|element| Some((element.line, element.value.err()?)))
        .collect()
}

fn good(number: usize) -> String {
    format!(r#"{{"url": "http://{number}.test/", "regexp": "a{{2}},{{ \"x\\d"}}"#)
}

/// Each costs itself where it stands between two good elements and commas.
const BROKEN: &[&str] = &[
    r#"{"url": "http://b.test/", "regexp": "All \w+"}"#,
    "{\"url\": \"http://b.test/\", \"regexp\": \"a\tb\"}",
    r#"{"url": "http://b.test/" "regexp": "x"}"#,
    r#"{"url": "http://b.test/", "regexp": "x",}"#,
    r#"{"url": "http://b.test/", "regexp": "x}"#,
    r#"{"url": "http://b.test/, "regexp": "x"}"#,
    r#"{"url": http://b.test/"}"#,
    r#"{"url": "http://b.test/", "headers": {"A": "b"}"#,
    r#"{"url": "http://b.test/", "tags": ["a", {"b": "c"} "d"]}"#,
    r#"{"url": "http://b.test/", "tags": ["a"#,
    r#"{"url": "http://b.test/" ["#,
    r#""url": "http://b.test/"}"#,
    r#"{url: "http://b.test/"}"#,
    r"{'url': 'http://b.test/'}",
    r#"{"url": "http://b.test/"} x"#,
    "x",
    "{",
    "\"",
    "\\",
    ":",
    "{{",
    "nul",
    "-",
    "\u{a0}",
];

#[test]
fn a_broken_element_costs_itself_in_one_line_and_in_many() {
    for broken in BROKEN {
        for (before, between, after) in [("[", ", ", "]"), ("[\n", ",\n", "\n]"), ("", "\n", "")] {
            let parts = [&good(1), &good(2), *broken, &good(3), &good(4)];
            let text = format!("{before}{}{after}", parts.join(between));
            let expected = [1, 2, 3, 4].map(|number| format!("http://{number}.test/"));
            assert_eq!(urls(&text), expected, "{text}");
            assert_eq!(wrong(&text).len(), 1, "{text}\n{:?}", wrong(&text));
        }
    }
}

#[test]
fn commas_that_are_missing_or_too_many_cost_nobody() {
    for (between, after) in [(" ", "]"), ("", "]"), (",,", ",]"), ("}, ", "")] {
        let text = format!("[{}{after}", [good(1), good(2), good(3)].join(between));
        assert_eq!(urls(&text).len(), 3, "{text}");
        assert_eq!(wrong(&text), []);
    }
}

#[test]
fn of_a_thousand_the_fifth_is_named() {
    let mut parts: Vec<_> = (1..=1000).map(good).collect();
    parts[4] = BROKEN[0].to_owned();
    let text = format!("[{}]", parts.join(","));
    assert_eq!(urls(&text).len(), 999);
    let [(1, reason)] = &wrong(&text)[..] else {
        panic!("{:?}", wrong(&text));
    };
    assert_eq!(
        reason,
        "is not JSON (element 5, its column 43): invalid escape; in JSON a backslash is written \
         twice, as in \"All \\\\w+\""
    );
}

#[test]
fn each_kind_of_mistake_comes_with_what_would_be_right() {
    for (broken, advice) in [
        (BROKEN[1], "write a tab within a string as \\t"),
        (BROKEN[2], "a comma is missing"),
        (BROKEN[3], "leave out the comma"),
        (BROKEN[9], "its end is missing"),
    ] {
        let told = wrong(broken);
        assert!(told[0].1.contains(advice), "{told:?}");
    }
}

#[test]
fn two_broken_elements_side_by_side_are_two() {
    for separator in [",", "\n", " "] {
        let text = format!(
            "[{}]",
            [BROKEN[0], BROKEN[0], &good(1), BROKEN[2]].join(separator)
        );
        assert_eq!(urls(&text), ["http://1.test/"], "{text}");
        assert_eq!(wrong(&text).len(), 3, "{text}");
    }
}

#[test]
fn a_pretty_element_is_named_by_the_line_where_it_begins_whatever_ends_the_lines() {
    let text = "[\n  {\n    \"url\": \"http://1.test/\"\n  },\n  {\n    \"url\": \"http://b.test/\"\n    \
                \"regexp\": \"x\",\n    \"headers\": {\n      \"A\": \"b\"\n    }\n  },\n  {\n    \
                \"url\": \"http://2.test/\"\n  },\n  {\n    \"url\": \"http://c.test/\",\n    \
                \"regexp\": \"\\w\"\n  }\n]\n";
    for end in ["\n", "\r\n", "\r"] {
        let text = text.replace('\n', end);
        assert_eq!(urls(&text), ["http://1.test/", "http://2.test/"]);
        let lines: Vec<_> = wrong(&text).into_iter().map(|(line, _)| line).collect();
        assert_eq!(lines, [5, 15]);
    }
}

/// Bounded by work that grows with the file, not with its square: this would take minutes.
#[test]
fn a_hundred_thousand_elements_good_or_broken_are_no_trouble() {
    let goods = format!("[{}]", (0..100_000).map(good).collect::<Vec<_>>().join(","));
    assert_eq!(urls(&goods).len(), 100_000);
    for broken in BROKEN {
        let text = format!("[{}]", format!("{broken},{},", good(1)).repeat(500));
        assert!(urls(&text).len() == 500, "{broken}");
        let text = format!("[{}", format!("{broken},").repeat(5_000));
        Elements::new(text.as_bytes()).for_each(drop);
    }
}

proptest! {
    #[test]
    fn every_good_element_survives_whatever_stands_beside_it(
        junk in prop::collection::vec("[a-z\\\\\":{ \t0-9é]{0,12}", 1..6),
        separator in prop::sample::select(vec![",", "\n", ",\n", ", "]),
    ) {
        let mut text = String::from("[");
        for (number, junk) in junk.iter().enumerate() {
            text += &[junk, separator, &good(number), separator].concat();
        }
        text.push(']');
        let found = urls(&text);
        for number in 0..junk.len() {
            let url = format!("http://{number}.test/");
            prop_assert_eq!(found.iter().filter(|found| **found == url).count(), 1, "{} of {}", url, text);
        }
    }

    #[test]
    fn nothing_makes_it_panic_or_hang(bytes in any::<Vec<u8>>(), text in "[\\[\\]{}\",:a\\\\\n\r ]{0,80}") {
        for bytes in [bytes.as_slice(), text.as_bytes()] {
            let lines = bytes.iter().filter(|byte| matches!(byte, b'\n' | b'\r')).count() + 1;
            for element in Elements::new(bytes) {
                prop_assert!(element.line <= lines);
            }
        }
    }
}
