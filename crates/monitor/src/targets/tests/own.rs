//! Settings that a row gives its target.

use super::*;

#[test]
fn a_target_has_settings_of_its_own_in_csv_and_json_alike() {
    let from_csv = csv(
        "url,interval,method,headers,body,expected_status,tags,enabled,slo\n\
         https://a.example,5m,post,X-Key: secret | Accept: text/html,a body,200-299 301,web shop,,99.9%\n\
         https://b.example,,,,,,,no,\n",
    );
    let from_json = json(
        "[{\"url\": \"https://a.example\", \"interval\": 300, \"method\": \"POST\", \"headers\": \
         {\"X-Key\": \"secret\", \"Accept\": \"text/html\"}, \"body\": \"a body\", \
         \"expected_status\": [\"200-299\", 301], \"tags\": [\"web\", \"shop\"], \"slo\": 99.9},\n\
         {\"url\": \"https://b.example\", \"enabled\": false}]",
    );
    for targets in [from_csv, from_json] {
        assert_eq!(bad(&targets), Vec::<String>::new());
        let target = &targets.usable[0];
        assert_eq!(target.own.interval, Some(std::time::Duration::from_mins(5)));
        assert_eq!(target.own.asked.headers["x-key"], "secret");
        assert_eq!(target.own.about.tags, ["web", "shop"]);
        assert_eq!(targets.disabled[0].url, "https://b.example");
        let shown = format!("{:?} {target:?}", shown_settings(target));
        assert!(
            !shown.contains("secret") && !shown.contains("a body"),
            "{shown}"
        );
    }
}

#[test]
fn a_wrong_value_is_a_bad_row_that_names_the_field() {
    for (field, value, problem) in [
        (
            "interval",
            "soon",
            "the interval is \"soon\"; write a time such as 30, 30s",
        ),
        (
            "interval",
            "500ms",
            "the interval is \"500ms\"; it can be from 1s",
        ),
        (
            "expected_status",
            "2xx",
            "the expected_status is \"2xx\"; write statuses",
        ),
        (
            "must_match",
            "(",
            "the must_match does not compile: unclosed group",
        ),
        ("body", "x", "the body is never sent by GET"),
        (
            "enabled",
            "perhaps",
            "the enabled is \"perhaps\"; write true or false",
        ),
        (
            "headers",
            "secret",
            "the headers has a part without a colon",
        ),
        (
            "maintenance",
            "daily 11pm 1h UTC",
            "the maintenance has the time \"11pm\": write it as `23:00`",
        ),
    ] {
        let targets = csv(&format!(
            "url,{field}\nhttps://a.example,{value}\nhttps://b.example,\n"
        ));
        assert_eq!(targets.usable.len(), 1);
        let told = bad(&targets).join("");
        assert!(told.starts_with(&format!("2: {problem}")), "{told}");
    }
    let targets = csv("url,ip_version\nhttp://127.0.0.1/,6\nhttp://[::1]/,6\nhttp://a.example,4\n");
    assert_eq!(targets.usable.len(), 2);
    assert!(bad(&targets)[0].contains("127.0.0.1 is no IPv6 address"));
    let targets = csv("url,method,must_match\nhttps://a.example,head,x\n");
    assert!(bad(&targets)[0].contains("HEAD gets no page"));
    let targets = csv("url,method,must_not_match\nhttps://a.example,head,x\n");
    assert!(bad(&targets)[0].contains("the must_not_match can never be found"));
}

#[test]
fn where_all_are_switched_off_that_is_said() {
    let error = csv("url,enabled\nhttps://a.example,0\n").require_usable(Path::new("a.csv"));
    assert!(
        error
            .unwrap_err()
            .to_string()
            .contains("none of its 1 targets is enabled")
    );
}

#[test]
fn the_example_files_use_every_field_and_say_the_same() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data");
    let read = |file: &str, format| {
        let bytes = std::fs::read(folder.join(file)).unwrap();
        let targets = Targets::parse(&bytes, format).unwrap();
        assert_eq!(bad(&targets), Vec::<String>::new(), "{file}");
        let unknown = targets
            .warnings
            .iter()
            .filter(|it| it.contains("not known"));
        assert_eq!(unknown.count(), 0, "{file}");
        let all: Vec<_> = targets
            .usable
            .iter()
            .chain(&targets.disabled)
            .cloned()
            .collect();
        all.iter()
            .map(|target| shown_settings(target))
            .collect::<Vec<_>>()
    };
    let from_csv = read("urls-all-settings.csv", Format::Csv);
    assert_eq!(from_csv, read("urls-all-settings.json", Format::Json));
    for field in fields::FIELDS {
        let used = from_csv
            .iter()
            .flatten()
            .any(|(name, _)| *name == field.name);
        assert!(used, "{} is not in the example", field.name);
    }
}

#[test]
fn what_others_should_know_goes_along_in_the_record_and_no_secret_does() {
    let targets = csv(
        "url,headers,body,method,name,tags,slow_after,down_after,slo\n\
         https://a.example,X-Key: secret,a body,POST,Shop,web de,1500ms,3,99.9\n\
         https://b.example,X-Key: secret,a body,POST,,,,,\n",
    );
    let along = |index: usize| {
        let along = targets.usable[index].going_along.as_deref();
        along.map(|along| serde_json::to_string(along).unwrap())
    };
    assert_eq!(
        along(0).unwrap(),
        r#"{"down_after":3,"name":"Shop","slo":99.9,"slow_after":1.5,"tags":["web","de"]}"#
    );
    assert_eq!(along(1), None, "nothing is set that others should know");
}

#[test]
fn a_site_at_which_nobody_can_look_is_told_where_it_is_configured() {
    let warnings = |urls: &[&str]| {
        let file = format!("url\n{}\n", urls.join("\n"));
        let targets = Targets::parse(file.as_bytes(), Format::Csv).unwrap();
        assert_eq!(targets.usable.len(), urls.len(), "{:?}", targets.bad_rows);
        targets.warnings
    };
    let fine = [
        "https://my_site.example/",
        "https://a-b.example./",
        "https://192.0.2.1/",
        "https://[2001:db8::1]/",
        "http://ends-.example/",
    ];
    assert_eq!(warnings(&fine), Vec::<String>::new());
    let one = warnings(&["https://a.example/", "https://ends-.example/"]);
    assert_eq!(one.len(), 1);
    assert!(
        one[0].starts_with("1 https site is always missed: "),
        "{one:?}"
    );
    assert!(one[0].ends_with("(ends-.example)"), "{one:?}");
    let four = warnings(&[
        "https://a-.example/",
        "https://-b.example/",
        "https://c-.example/",
        "https://d-.example/",
    ]);
    assert!(
        four[0].starts_with("4 https sites are always missed: "),
        "{four:?}"
    );
    assert!(
        four[0].ends_with("(a-.example, -b.example, c-.example, …)"),
        "{four:?}"
    );
}
