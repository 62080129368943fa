//! A target that stands in no file: its settings are given one by one.

use serde_json::Value;
use service::{command_line::BadInput, settings::Variables};

use super::{
    check,
    fields::{FIELDS, Field},
    row::Row,
    target::Target,
};

/// The names of a target's settings, the url among them, in the order of the documentation.
pub fn setting_names() -> impl Iterator<Item = &'static str> {
    FIELDS.iter().map(|field| field.name)
}

/// The target of these settings, each a name and a value as a field of CSV would hold it; they may
/// name these variables.
pub fn target_of<'a>(
    settings: impl IntoIterator<Item = (&'a str, &'a str)>,
    variables: &Variables,
) -> Result<Target, BadInput> {
    let mut row = Row::new(1);
    for (name, value) in settings {
        let field = Field::named(name)
            .ok_or_else(|| BadInput::new(format!("{name} is no setting of a target")))?;
        row.say(field, Value::from(value));
    }
    check::check(row, variables).map_err(BadInput::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(settings: [(&str, &str); 2]) -> Result<Target, BadInput> {
        target_of(settings, &Variables::default())
    }

    #[test]
    fn a_target_is_made_as_a_row_makes_it() {
        let target = made([("url", "http://a.test/"), ("timeout", "2s")]).unwrap();
        assert_eq!(target.url, "http://a.test/");
        assert_eq!(target.own.asked.timeout.unwrap().as_secs(), 2);
        let problem = |settings: [(&str, &str); 2]| made(settings).unwrap_err().to_string();
        let wrong = problem([("url", "http://a.test/"), ("timeout", "soon")]);
        assert!(wrong.starts_with("the timeout is \"soon\""), "{wrong}");
        let unknown = problem([("url", "http://a.test/"), ("colour", "red")]);
        assert!(unknown.contains("colour"), "{unknown}");
    }
}
