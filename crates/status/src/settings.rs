//! What the environment says of the status page.

use service::settings::{Reader, Setting};

const STATUS_TITLE: Setting =
    Setting::with_default("STATUS_TITLE", "Websites", "what the status page is called");
const PUBLIC_TAGS: Setting = Setting::optional(
    "PUBLIC_TAGS",
    "tags, separated by spaces or commas: the status page shows only websites with one of them; all when unset",
);

/// How the status page looks, and what it may show.
#[derive(Clone, Debug)]
pub struct StatusSettings {
    /// What it is called.
    pub title: String,
    /// Only websites with one of these tags are seen; empty: all.
    pub public_tags: Vec<String>,
}

impl StatusSettings {
    /// Reads the settings.
    pub fn read(reader: &mut Reader) -> Self {
        let tags = reader.optional_text(&PUBLIC_TAGS).unwrap_or_default();
        Self {
            title: reader.text(&STATUS_TITLE),
            public_tags: tags
                .split([' ', ','])
                .filter(|tag| !tag.is_empty())
                .map(str::to_owned)
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_separated_by_spaces_or_commas() {
        let mut reader = Reader::from_pairs(&[("PUBLIC_TAGS", "customer, web  de")]);
        let settings = StatusSettings::read(&mut reader);
        assert_eq!(settings.public_tags, ["customer", "web", "de"]);
        assert_eq!(settings.title, "Websites");
        let mut reader = Reader::from_pairs(&[]);
        assert!(StatusSettings::read(&mut reader).public_tags.is_empty());
    }
}
