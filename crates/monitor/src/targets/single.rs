//! A target that stands alone, as a record of the targets topic: an object of JSON, as an element of
//! `urls.json`.

use serde_json::Value;
use service::settings::Variables;

use super::{
    check,
    fields::Field,
    json,
    keys::{repeated, said_twice},
    target::Target,
    text::trim_unseen,
    unknown::UnknownNames,
};

/// The target with this url that an object spells, which may leave out the url and name these variables. Keys that
/// mean nothing are added to `unknown`. The error is a sentence.
pub(crate) fn target_of_object(
    url: &str,
    object: &[u8],
    variables: &Variables,
    unknown: &mut UnknownNames,
) -> Result<Target, String> {
    let element: Value = serde_json::from_slice(object)
        .map_err(|error| format!("the value is not JSON: {error}"))?;
    if !element.is_object() {
        return Err(r#"the value is not an object, such as {"interval":"5m"}"#.into());
    }
    if let Some(field) = repeated(object) {
        return Err(format!("the value {}", said_twice(field)));
    }
    let row = json::row(1, element, unknown);
    let mut row = row.map_err(|reason| format!("the value: {reason}"))?;
    if let Some(field) = Field::named("url") {
        row.say(field, Value::from(url));
    }
    let target = check::check(row, variables)?;
    if target.url != trim_unseen(url) {
        return Err("the url is not that of its key".into());
    }
    Ok(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://a.test/";

    fn read(object: &str) -> Result<Target, String> {
        let mut unknown = UnknownNames::default();
        target_of_object(URL, object.as_bytes(), &Variables::default(), &mut unknown)
    }

    #[test]
    fn the_key_alone_says_which_target_it_is() {
        assert_eq!(read("{}").unwrap().url, URL);
        let target = read(r#"{"url":"https://a.test/","interval":"5m","enabled":false}"#).unwrap();
        assert_eq!(target.own.interval.unwrap().as_secs(), 300);
        assert_eq!(target.own.enabled, Some(false));
        assert!(
            read(r#"{"url":"https://b.test/"}"#)
                .unwrap_err()
                .contains("key")
        );
    }

    #[test]
    fn nonsense_is_told_by_what_is_wrong_with_it() {
        for (object, reason) in [
            ("no json", "the value is not JSON: "),
            ("[1]", "the value is not an object, such as "),
            (r#"{"interval":"soon"}"#, "the interval is \"soon\"; "),
            (
                r#"{"regexp":"a","regexp":"b"}"#,
                "the value says \"regexp\" twice",
            ),
            (r#"{"regexp":"("}"#, "the regexp does not compile"),
        ] {
            let told = read(object).unwrap_err();
            assert!(told.starts_with(reason), "{object}: {told}");
        }
    }
}
