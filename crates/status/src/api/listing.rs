//! Pages of things as JSON: the server writes each, we put them together.

use std::fmt::Write;

/// How things are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// One object that holds a list and the way to the next page.
    Object,
    /// A line a thing.
    Lines,
}

/// Things, each as JSON, and where they end.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    things: Vec<String>,
    /// Where the next page goes on; `None` where there is none.
    next: Option<String>,
}

impl Listing {
    /// Of as many things as were asked for there may be more: `place` says where they go on.
    pub(crate) fn new(things: Vec<String>, limit: i64, place: Option<String>) -> Self {
        let is_full = i64::try_from(things.len()).is_ok_and(|count| count >= limit);
        Self {
            things,
            next: place.filter(|_| is_full),
        }
    }

    /// The address of the next page, where there is one: the same words, and where it goes on.
    pub(crate) fn next(&self, path: &str, pairs: &[(String, String)]) -> Option<String> {
        let after = self.next.as_deref()?;
        let kept = pairs.iter().filter(|(name, _)| name != "after");
        let words = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(kept)
            .append_pair("after", after)
            .finish();
        Some(format!("{path}?{words}"))
    }

    /// All of it.
    pub(crate) fn render(&self, name: &str, next: Option<&str>, format: Format) -> String {
        let mut text = String::new();
        match format {
            Format::Lines => {
                for thing in &self.things {
                    // The server spells JSON with spaces and without line ends.
                    text.push_str(thing);
                    text.push('\n');
                }
            }
            Format::Object => {
                let next = next.map_or("null".to_owned(), |next| format!("{next:?}"));
                // Writing to a text does not fail.
                let _ = write!(
                    text,
                    "{{\"{name}\":[{}],\"next\":{next}}}",
                    self.things.join(",")
                );
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_page_leads_to_the_next() {
        let things = vec!["{\"id\" : 1}".to_owned(), "{\"id\" : 2}".to_owned()];
        let listing = Listing::new(things.clone(), 2, Some("2".to_owned()));
        let pairs = [
            ("tag".to_owned(), "a b".to_owned()),
            ("after".to_owned(), "0".to_owned()),
        ];
        let next = listing.next("/x", &pairs).unwrap();
        assert_eq!(next, "/x?tag=a+b&after=2");
        let text = listing.render("things", Some(&next), Format::Object);
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            (json["things"][1]["id"].as_i64(), json["next"].as_str()),
            (Some(2), Some(&*next))
        );
        let last = Listing::new(things, 3, Some("2".to_owned()));
        assert_eq!(last.next("/x", &[]), None);
        assert_eq!(
            last.render("things", None, Format::Lines),
            "{\"id\" : 1}\n{\"id\" : 2}\n"
        );
    }
}
