//! Whom a question names.

/// A target as somebody else's Prometheus spells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The one that is meant first comes first.
    spellings: Vec<String>,
}

impl Asked {
    /// The url as it stands; else with what `blackbox_exporter` adds; else with or without the slash
    /// that makes no difference to a browser.
    pub fn new(target: &str) -> Self {
        let is_whole = target.starts_with("http://") || target.starts_with("https://");
        let whole = if is_whole {
            target.to_owned()
        } else {
            format!("http://{target}")
        };
        let (_, rest) = whole.split_once("//").unwrap_or_default();
        let other = match rest.find(['/', '?', '#']) {
            None => Some(format!("{whole}/")),
            Some(at) if &rest[at..] == "/" => whole.strip_suffix('/').map(str::to_owned),
            Some(_) => None,
        };
        let mut spellings = vec![target.to_owned(), whole];
        spellings.extend(other);
        spellings.dedup();
        Self { spellings }
    }

    /// The urls that may be meant, the likeliest first.
    pub fn spellings(&self) -> &[String] {
        &self.spellings
    }

    /// How likely the website of this url, shown so without credentials, is meant: 0 is likeliest;
    /// `None` where it is not.
    pub fn rank(&self, url: &str, shown: impl FnOnce() -> String) -> Option<usize> {
        let place_of = |url: &str| self.spellings.iter().position(|it| it == url);
        // Credentials end with this; nothing else is shown otherwise.
        place_of(url).or_else(|| url.contains('@').then(|| place_of(&shown()))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_spelled_otherwise_is_meant_after_what_stands_there() {
        let rank = |target, url| Asked::new(target).rank(url, || unreachable!());
        assert_eq!(rank("https://a.test/x", "https://a.test/x"), Some(0));
        assert_eq!(rank("https://a.test/x", "https://a.test/x/"), None);
        assert_eq!(rank("https://a.test", "https://a.test/"), Some(1));
        assert_eq!(rank("https://a.test/", "https://a.test"), Some(1));
        assert_eq!(rank("a.test", "http://a.test"), Some(1));
        assert_eq!(rank("a.test", "http://a.test/"), Some(2));
        assert_eq!(rank("a.test", "https://a.test"), None);
        assert_eq!(rank("http://a.test?x", "http://a.test?x/"), None);
        assert_eq!(rank("", ""), Some(0));
    }

    #[test]
    fn nobody_has_to_know_the_credentials() {
        let asked = Asked::new("https://***@a.test/");
        let shown = || "https://***@a.test/".to_owned();
        assert_eq!(asked.rank("https://me:secret@a.test/", shown), Some(0));
    }
}
