//! The body of a webhook, in the words of whoever receives it.

use std::fmt;

use jiff::Timestamp;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, value::Serde};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::alert::Alert;

/// What a template is called within its own environment.
const NAME: &str = "template";
/// Steps that one body may take: a loop over a thousand websites needs a hundredth of them.
const FUEL: u64 = 1_000_000;

/// A template that is known to be good: it was tried on an alert.
pub(crate) struct Template {
    environment: Environment<'static>,
    is_json: bool,
}

/// What it takes from the environment may be a secret.
impl fmt::Debug for Template {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Template(***)")
    }
}

impl Template {
    /// Reads one, and tries it. In one that makes JSON, each value is written as JSON, its quotes
    /// included.
    pub(crate) fn new(source: String, is_json: bool) -> Result<Self, String> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL));
        let escape = if is_json {
            AutoEscape::Json
        } else {
            AutoEscape::None
        };
        environment.set_auto_escape_callback(move |_| escape.clone());
        environment
            .add_template_owned(NAME, source)
            .map_err(|error| words(&error))?;
        let template = Self {
            environment,
            is_json,
        };
        let now = Timestamp::UNIX_EPOCH;
        template.render(&Alert::test(Uuid::nil(), now))?;
        Ok(template)
    }

    /// The body for an alert.
    pub(crate) fn render(&self, alert: &Alert) -> Result<String, String> {
        let template = self.environment.get_template(NAME);
        let template = template.map_err(|error| words(&error))?;
        let rendered = template
            .render(Serde(context(alert)))
            .map_err(|error| words(&error))?;
        if self.is_json
            && let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(&rendered)
        {
            return Err(format!(
                "does not make JSON ({error}): a value brings its own quotes, as in {{\"text\": {{{{ headline }}}}}}"
            ));
        }
        Ok(rendered)
    }
}

/// What a template can name, which is also what a webhook without one is sent.
pub(crate) fn context(alert: &Alert) -> Value {
    let mut context = json!(alert);
    context["text"] = json!(alert.lines().join("\n"));
    context
}

fn words(error: &minijinja::Error) -> String {
    let mut words = error.kind().to_string();
    if let Some(detail) = error.detail() {
        words = format!("{words}: {detail}");
    }
    match error.line() {
        Some(line) => format!("in its line {line}: {words}"),
        None => words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(source: &str, is_json: bool) -> Result<String, String> {
        let template = Template::new(source.to_owned(), is_json)?;
        template.render(&Alert::test(Uuid::nil(), Timestamp::UNIX_EPOCH))
    }

    #[test]
    fn a_value_is_written_as_json_where_json_is_made() {
        let body = made("{\"text\": {{ headline }}, \"sites\": {{ sites }}}", true).unwrap();
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body["text"], "example.org: a test: alerts arrive here");
        assert_eq!(body["sites"][0]["url"], "https://example.org/");
        let plain = made(
            "{{ headline }}{% for site in sites %} {{ site.url }}{% endfor %}",
            false,
        );
        assert_eq!(
            plain.unwrap(),
            "example.org: a test: alerts arrive here https://example.org/"
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (source, words) in [
            ("{{ headlin }}", "undefined value"),
            ("{{ headline", "line 1"),
            ("{\"text\": \"{{ headline }}\"}", "does not make JSON"),
            (
                "{% for a in range(9999) %}{% for b in range(9999) %}1{% endfor %}{% endfor %}",
                "out of fuel",
            ),
        ] {
            let problem = made(source, true).unwrap_err();
            assert!(problem.contains(words), "{source}: {problem}");
        }
    }
}
