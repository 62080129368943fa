use serde_json::json;
use service::settings::Reader;

use super::*;

const DAY: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_hours(24);

#[test]
fn times_are_written_in_their_usual_ways() {
    for (value, wanted) in [
        (json!("30"), 30_000),
        (json!("30s"), 30_000),
        (json!(" 1.5 s "), 1_500),
        (json!("1500ms"), 1_500),
        (json!("5m"), 300_000),
        (json!("2h"), 7_200_000),
        (json!("1d"), 86_400_000),
        (json!(30), 30_000),
        (json!(2.5), 2_500),
    ] {
        let wanted = Duration::from_millis(wanted);
        assert_eq!(duration(&value, DAY), Ok(wanted), "{value}");
    }
    for value in [
        "", "s", "-5", "5 weeks", "1e3", "inf", "NaN", "0", "500ms", "25h", "5,5",
    ] {
        let told = duration(&json!(value), DAY).unwrap_err();
        assert!(
            told.contains("30s") || told.contains("from 1s"),
            "{value}: {told}"
        );
    }
    assert!(duration(&json!([30]), DAY).is_err() && duration(&json!(-1), DAY).is_err());
}

#[test]
fn statuses_are_ranges_and_numbers() {
    for value in [
        json!("200-299 301"),
        json!("200-299, 301"),
        json!(["200-299", 301]),
    ] {
        let statuses = statuses(&value).unwrap();
        assert!(statuses.contains(204) && statuses.contains(301), "{value}");
        assert!(
            !statuses.contains(300) && !statuses.contains(302),
            "{value}"
        );
    }
    assert!(statuses(&json!(404)).unwrap().contains(404));
    assert!(statuses(&json!("404.0")).unwrap().contains(404));
    assert!(statuses(&json!("200 999")).unwrap().contains(999));
    for value in [
        json!(""),
        json!("2xx"),
        json!("299-200"),
        json!("99"),
        json!(1000),
        json!([true]),
    ] {
        assert!(
            statuses(&value).unwrap_err().contains("200-299 301"),
            "{value}"
        );
    }
}

#[test]
fn headers_take_secrets_of_the_environment_and_show_none() {
    let folder = "/some/folder";
    let variables = Reader::from_pairs(&[("FOLDER", folder)]).variables();
    assert!(!format!("{variables:?}").contains(folder));
    let headers = |value: &Value| headers(value, &variables);
    for value in [
        json!("X-Key: ${FOLDER}/x | Accept: a:b"),
        json!({"X-Key": "${FOLDER}/x", "Accept": "a:b"}),
    ] {
        let headers = headers(&value).unwrap();
        assert_eq!(headers["x-key"], format!("{folder}/x"));
        assert_eq!(headers["accept"], "a:b");
        assert!(!format!("{headers:?}").contains(folder));
    }
    for (value, problem) in [
        (json!("X-Key secret"), "without a colon"),
        (json!({"X Key": "secret"}), "no name of a header"),
        (json!({"X-Key": "secret\n"}), ""),
        (json!({"X-Key": "sec\nret"}), "no header may hold"),
        (json!({"X-Key": ["secret"]}), "not a string"),
        (
            json!({"X-Key": "secret ${NO_SUCH_VARIABLE_HERE}"}),
            "NO_SUCH_VARIABLE_HERE",
        ),
        (json!({"X-Key": "secret ${X"}), "closing brace"),
        (
            json!({"Content-Length": "secret"}),
            "follows from the request",
        ),
        (json!(["secret"]), "Name: value"),
    ] {
        let told = headers(&value).err().unwrap_or_default();
        assert!(told.contains(problem), "{value}: {told}");
        assert!(!told.contains("secret"), "{told}");
    }
}

#[test]
fn nothing_else_is_expanded() {
    let variables = Reader::from_pairs(&[("CARGO_PKG_NAME", "monitor")]).variables();
    let body = |value: &Value| body(value, &variables);
    assert_eq!(
        body(&json!("$HOME \\${CARGO_PKG_NAME} %PATH% $")).unwrap(),
        "$HOME \\monitor %PATH% $"
    );
    assert!(body(&json!("x".repeat(70_000))).is_err());
}

#[test]
fn the_others_say_what_would_be_right() {
    for three in [
        json!(3),
        json!("3"),
        json!(3.0),
        json!(" 3.0 "),
        json!("3.00"),
    ] {
        assert_eq!(count(&three, 1..=10), Ok(3), "{three}");
    }
    for none in [
        json!(3.5),
        json!("3."),
        json!("3.0.0"),
        json!("-3.0"),
        json!(true),
        json!(""),
    ] {
        assert!(count(&none, 1..=10).is_err(), "{none}");
    }
    assert!(
        count(&json!(11), 1..=10)
            .unwrap_err()
            .contains("from 1 to 10")
    );
    assert_eq!(
        (flag(&json!("No")), flag(&json!(true)), flag(&json!(1))),
        (Ok(false), Ok(true), Ok(true))
    );
    assert_eq!(
        (flag(&json!("1.0")), flag(&json!("0.0")), flag(&json!(0.0))),
        (Ok(true), Ok(false), Ok(false))
    );
    assert!(
        flag(&json!("perhaps"))
            .unwrap_err()
            .contains("true or false")
    );
    assert_eq!(percent(&json!("99.9%")), Ok(99.9));
    assert!(percent(&json!(100)).unwrap_err().contains("below 100"));
    assert!(percent(&json!(0.999)).unwrap_err().contains("such as 99.9"));
    assert_eq!(method(&json!("head")), Ok(Method::HEAD));
    assert!(method(&json!("FETCH")).unwrap_err().contains("GET, HEAD"));
    assert_eq!(ip_version(&json!(6)), Ok(IpVersion::V6));
    assert!(ip_version(&json!("5")).unwrap_err().contains("4 or 6"));
    for written in ["a  b", "a,b", " a, b,"] {
        let wanted = Ok(vec!["a".into(), "b".into()]);
        assert_eq!(words(&json!(written)), wanted, "{written}");
    }
    assert_eq!(words(&json!(["a", "b"])), Ok(vec!["a".into(), "b".into()]));
    assert!(words(&json!(["a b"])).is_err() && words(&json!(7)).is_err());
    assert!(words_for_people(&json!("a\u{7}")).is_err());
}

#[test]
fn what_nobody_sees_makes_no_other_word_of_one() {
    assert_eq!(
        words_for_people(&json!("shop\u{200b}\u{ad}")),
        Ok("shop".into())
    );
    assert_eq!(words_for_people(&json!("\u{feff} shop")), Ok("shop".into()));
    assert_eq!(
        words(&json!("we\u{2060}b, de")),
        Ok(vec!["web".into(), "de".into()])
    );
    assert!(words(&json!(["\u{200b}"])).is_err());
}

#[test]
fn an_arrays_words_are_no_longer_than_a_text() {
    let words_of = |chars| words(&json!(["a".repeat(chars), "b".repeat(chars)]));
    assert!(words_of(1_000).is_ok());
    assert!(
        words_of(1_001)
            .unwrap_err()
            .contains("2000 characters altogether")
    );
}
