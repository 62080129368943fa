//! Pages of things as JSON: the server writes each, we put them together.

use std::fmt::Write;

use crate::queries::Things;

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
    pub(crate) fn new(things: Things, limit: i64) -> Self {
        let is_full = i64::try_from(things.json.len()).is_ok_and(|count| count >= limit);
        Self {
            next: things.last.filter(|_| is_full || things.is_cut),
            things: things.json,
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
        let things = |is_cut| Things {
            json: vec!["{\"id\" : 1}".to_owned(), "{\"id\" : 2}".to_owned()],
            last: Some("2".to_owned()),
            is_cut,
        };
        let listing = Listing::new(things(false), 2);
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
        let cut = Listing::new(things(true), 3);
        assert_eq!(cut.next("/x", &[]).unwrap(), "/x?after=2");
        let last = Listing::new(things(false), 3);
        assert_eq!(last.next("/x", &[]), None);
        assert_eq!(
            last.render("things", None, Format::Lines),
            "{\"id\" : 1}\n{\"id\" : 2}\n"
        );
    }
}
