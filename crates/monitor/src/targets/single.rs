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

/// The target with this url that an object spells, which may leave out the url and name these variables.
pub(crate) fn target_of_object(
    url: &str,
    object: &[u8],
    variables: &Variables,
) -> Result<Target, String> {
    let element: Value =
        serde_json::from_slice(object).map_err(|error| format!("is not JSON: {error}"))?;
    if let Some(field) = repeated(object) {
        return Err(said_twice(field));
    }
    let mut row = json::row(1, element, &mut UnknownNames::default())?;
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
        target_of_object(URL, object.as_bytes(), &Variables::default())
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
            ("no json", "is not JSON"),
            ("[1]", "is not an object"),
            (r#"{"interval":"soon"}"#, "the interval"),
            (r#"{"regexp":"a","regexp":"b"}"#, "twice"),
            (r#"{"regexp":"("}"#, "the regexp"),
        ] {
            let told = read(object).unwrap_err();
            assert!(told.contains(reason), "{object}: {told}");
        }
    }
}
