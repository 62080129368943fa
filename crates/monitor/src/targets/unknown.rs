//! Names that are none of our fields.

use strsim::damerau_levenshtein as distance;

use super::fields::{FIELDS, Field};

/// More names that mean nothing are not kept.
const UNKNOWN_NAMES_MAX: usize = 50;

/// Columns or keys that mean nothing here: each is warned of once, since nobody would want them to
/// be passed over in silence, nor to lose a row by them.
#[derive(Debug, Default)]
pub(crate) struct UnknownNames {
    names: Vec<String>,
    /// How many of them were told.
    told: usize,
    /// Of the known ones, those that a header holds more than once.
    repeated: Vec<&'static str>,
}

impl UnknownNames {
    /// Adds a name.
    pub(super) fn add(&mut self, name: &str) {
        let name = name.trim();
        let has = self.names.iter().any(|known| known == name);
        if !name.is_empty() && !has && self.names.len() < UNKNOWN_NAMES_MAX {
            self.names.push(name.to_owned());
        }
    }

    /// Adds a name that stands in a header more than once.
    pub(super) fn repeat(&mut self, field: &'static Field) {
        if !self.repeated.contains(&field.name) {
            self.repeated.push(field.name);
        }
    }

    /// A sentence for each.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let repeated = self.repeated.iter();
        let repeated = repeated.map(|name| format!("{name:?} stands in the header more than once: the first one that says something counts"));
        let unknown = self.names.iter().map(|name| said_of(name));
        unknown.chain(repeated).collect()
    }

    /// A sentence for each name that was added since this was last asked.
    pub(crate) fn news(&mut self) -> Vec<String> {
        let new = &self.names[self.told..];
        let sentences = new.iter().map(|name| said_of(name)).collect();
        self.told = self.names.len();
        sentences
    }
}

fn said_of(name: &str) -> String {
    match meant_by(name) {
        Some(meant) => format!(
            "{name:?} is not known and means nothing; did you mean {:?}?",
            meant.name
        ),
        None => format!("{name:?} is not known and means nothing"),
    }
}

/// The field that somebody probably meant who wrote this name, which is none of ours.
pub(super) fn meant_by(name: &str) -> Option<&'static Field> {
    let name = name.trim().to_lowercase().replace([' ', '-'], "_");
    let as_word = |field: &&Field| field.name == name || field.peers.contains(&name.as_str());
    FIELDS.iter().find(as_word).or_else(|| {
        let nearest = FIELDS
            .iter()
            .min_by_key(|field| distance(&name, field.name))?;
        // One slip in three letters: more, and it is another word.
        (distance(&name, nearest.name) * 3 <= nearest.name.len()).then_some(nearest)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_means_nothing_is_news_once() {
        let mut unknown = UnknownNames::default();
        unknown.add("keyword");
        assert!(unknown.news().concat().contains("\"must_match\""));
        unknown.add("keyword");
        assert!(unknown.news().is_empty());
        unknown.add("owner");
        assert_eq!(unknown.news().len(), 1);
        assert_eq!(unknown.warnings().len(), 2);
    }

    #[test]
    fn a_slip_or_a_peer_s_word_is_told_the_right_one() {
        for (name, meant) in [
            ("regex", "regexp"),
            ("Pattern", "regexp"),
            ("website", "url"),
            ("keyword", "must_match"),
            ("frequency", "interval"),
            ("status_codes", "expected_status"),
            ("Expected Status", "expected_status"),
            ("verify-ssl", "verify_tls"),
            ("intervall", "interval"),
            ("tag", "tags"),
        ] {
            assert_eq!(
                meant_by(name).map(|field| field.name),
                Some(meant),
                "{name}"
            );
        }
        for name in ["note", "id", "owner", "u", "comment", "region"] {
            assert_eq!(meant_by(name).map(|field| field.name), None, "{name}");
        }
    }
}
