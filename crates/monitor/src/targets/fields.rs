//! The table of fields: what a row may say of its target, by which names.
//!
//! A name stands here and nowhere else: as a column of CSV and a key of JSON alike.

use strsim::damerau_levenshtein as distance;

/// More names that mean nothing are not kept.
const UNKNOWN_NAMES_MAX: usize = 50;

/// What a row may say of its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Url,
    Regexp,
}

/// A row of the table.
struct Known {
    field: Field,
    /// Written so, in either case.
    name: &'static str,
    /// What other programs call it, in lower case with underscores.
    peers: &'static [&'static str],
}

const FIELDS: &[Known] = &[
    Known {
        field: Field::Url,
        name: "url",
        peers: &[
            "address", "endpoint", "link", "site", "target", "uri", "website",
        ],
    },
    Known {
        field: Field::Regexp,
        name: "regexp",
        peers: &["match", "pattern", "regular_expression", "search"],
    },
];

impl Field {
    /// The field of this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        let known = FIELDS
            .iter()
            .find(|known| known.name.eq_ignore_ascii_case(name));
        known.map(|known| known.field)
    }

    /// Its name.
    pub(super) fn name(self) -> &'static str {
        let known = FIELDS.iter().find(|known| known.field == self);
        known.map_or("", |known| known.name)
    }

    /// The field that somebody probably meant who wrote this name, which is none of ours.
    pub(super) fn meant_by(name: &str) -> Option<Self> {
        let name = name.trim().to_lowercase().replace([' ', '-'], "_");
        let as_word = |known: &&Known| known.name == name || known.peers.contains(&name.as_str());
        let meant = FIELDS.iter().find(as_word).or_else(|| {
            let nearest = FIELDS
                .iter()
                .min_by_key(|known| distance(&name, known.name))?;
            // One slip in three letters: more, and it is another word.
            (distance(&name, nearest.name) * 3 <= nearest.name.len()).then_some(nearest)
        });
        meant.map(|known| known.field)
    }
}

/// Columns or keys that mean nothing here: each is warned of once, since nobody would want them to
/// be passed over in silence, nor to lose a row by them.
#[derive(Debug, Default)]
pub(super) struct UnknownNames(Vec<String>);

impl UnknownNames {
    /// Adds a name.
    pub(super) fn add(&mut self, name: &str) {
        let name = name.trim();
        let has = self.0.iter().any(|known| known == name);
        if !name.is_empty() && !has && self.0.len() < UNKNOWN_NAMES_MAX {
            self.0.push(name.to_owned());
        }
    }

    /// A sentence for each.
    pub(super) fn warnings(&self) -> Vec<String> {
        let names = self.0.iter();
        names
            .map(|name| match Field::meant_by(name) {
                Some(meant) => {
                    format!(
                        "{name:?} is not known and means nothing; did you mean {:?}?",
                        meant.name()
                    )
                }
                None => format!("{name:?} is not known and means nothing"),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_found_by_its_name_and_has_one() {
        for known in FIELDS {
            assert_eq!(Field::named(&known.name.to_uppercase()), Some(known.field));
            assert_eq!(known.field.name(), known.name);
        }
    }

    #[test]
    fn no_name_means_two_fields() {
        let mut names: Vec<_> = FIELDS.iter().flat_map(|known| known.peers).collect();
        names.extend(FIELDS.iter().map(|known| &known.name));
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn a_slip_or_a_peer_s_word_is_told_the_right_one() {
        for (name, meant) in [
            ("regex", "regexp"),
            ("Pattern", "regexp"),
            ("website", "url"),
        ] {
            assert_eq!(
                Field::meant_by(name).map(Field::name),
                Some(meant),
                "{name}"
            );
        }
        for name in ["note", "id", "owner", "u"] {
            assert_eq!(Field::meant_by(name), None, "{name}");
        }
    }
}
