//! What a page should contain.
//!
//! Patterns ignore case. They are taken by `regex`, whose time is linear in the page; those that it
//! does not know (look-around and back-references, which the original's Python took) by
//! `fancy-regex`, whose steps are bounded.

mod end;
mod folding;
#[cfg(test)]
mod found;
mod linear;
mod python;
mod size;

use std::sync::Arc;

use fancy_regex::RegexBuilder as BacktrackingBuilder;

use self::linear::Linear;

/// Steps that the backtracking engine may take for one page: a fraction of a second.
const BACKTRACKING_STEPS_MAX: usize = 200_000;
/// What the parts of a pattern that need no backtracking may take in memory, each.
const DELEGATE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// What a search of such a part may keep to be faster as it goes on.
const DELEGATE_CACHE_BYTES_MAX: usize = 1024 * 1024;

/// A pattern that compiles.
///
/// Only its text is kept with its target, and it is compiled when it is first sought: compiled, with
/// what a search keeps, it takes some hundred kilobytes, and there are thousands. Those that are used
/// often are kept compiled in a common place of a fixed size.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// As configured.
    configured: Arc<str>,
    /// As the engine takes it.
    text: Arc<str>,
    engine: Engine,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Engine {
    Linear {
        /// Whether the pattern is compiled in a moment.
        is_small: bool,
    },
    Backtracking,
}

/// What a search came to.
#[derive(Debug, PartialEq, Eq)]
pub enum Search {
    /// The whole first match.
    Found(String),
    /// There is none.
    NotFound,
    /// Given up, for this reason.
    GivenUp(String),
}

impl Pattern {
    /// Takes a pattern as Python means it, or else as `regex` does.
    pub fn parse(configured: &str) -> Result<Self, String> {
        let translated = python::translate(configured);
        let mut texts = vec![translated.as_str()];
        if translated != configured {
            texts.push(configured);
        }
        let pattern = |text: String, engine| Self {
            configured: configured.into(),
            text: text.into(),
            engine,
        };
        let mut first_error = None;
        for text in texts.iter().filter_map(|text| end::taking(text)) {
            match linear::check(&text) {
                Ok(is_small) => return Ok(pattern(text, Engine::Linear { is_small })),
                Err(error) => first_error.get_or_insert(one_line(&error)),
            };
        }
        for text in texts.iter().map(|text| end::looking_ahead(text)) {
            match backtracking(&text) {
                Ok(_) => return Ok(pattern(text, Engine::Backtracking)),
                Err(error) => first_error.get_or_insert(one_line(&error.to_string())),
            };
        }
        Err(first_error.unwrap_or_default())
    }

    /// As configured.
    pub fn as_str(&self) -> &str {
        &self.configured
    }

    /// Whether a search may take long.
    pub fn backtracks(&self) -> bool {
        self.engine == Engine::Backtracking
    }

    /// Whether a search in a small page is a matter of microseconds.
    pub fn is_quick(&self) -> bool {
        self.engine == Engine::Linear { is_small: true }
    }

    /// Seeks the first match. Takes its time, unless it is quick and the page small: not for threads that
    /// must not block.
    pub fn search(&self, page: &str) -> Search {
        let found = match self.engine {
            Engine::Linear { .. } => {
                Linear::kept(&self.text).map(|linear| linear.find(page).map(str::to_owned))
            }
            Engine::Backtracking => backtracking(&self.text)
                .and_then(|regex| Ok(regex.find(page)?.map(|found| found.as_str().to_owned())))
                .map_err(|error| error.to_string()),
        };
        match found {
            Ok(Some(text)) => Search::Found(text),
            Ok(None) => Search::NotFound,
            Err(reason) => Search::GivenUp(reason),
        }
    }
}

fn backtracking(text: &str) -> fancy_regex::Result<fancy_regex::Regex> {
    BacktrackingBuilder::new(text)
        .case_insensitive(true)
        .backtrack_limit(BACKTRACKING_STEPS_MAX)
        .delegate_size_limit(DELEGATE_BYTES_MAX)
        .delegate_dfa_size_limit(DELEGATE_CACHE_BYTES_MAX)
        .build()
}

/// The last line of an engine's message, which draws the pattern with arrows above it.
fn one_line(message: &str) -> String {
    let last = message.lines().last().unwrap_or(message).trim();
    last.strip_prefix("error: ").unwrap_or(last).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(pattern: &str, page: &str) -> Search {
        Pattern::parse(pattern).unwrap().search(page)
    }

    fn found(text: &str) -> Search {
        Search::Found(text.into())
    }

    #[test]
    fn the_first_match_is_found_whatever_its_case() {
        assert_eq!(
            search(r"All Tutorial \w+", "x ALL tutorial Über y"),
            found("ALL tutorial Über")
        );
        assert_eq!(search("größe", "GRÖSSE GRÖßE"), found("GRÖßE"));
        assert_eq!(search("no", "yes"), Search::NotFound);
        assert_eq!(search("x*", "yes"), found(""));
    }

    #[test]
    fn look_around_and_back_references_are_taken() {
        assert_eq!(search(r"(?P<q>\w)(?P=q)(?!b)", "aab ccd"), found("cc"));
        assert_eq!(search(r"(?<=<h1>)\w+", "<h1>Title</h1>"), found("Title"));
    }

    #[test]
    fn patterns_are_taken_as_python_writes_them() {
        assert_eq!(search(r"end\Z", "the END"), found("END"));
        assert_eq!(
            search("{\"status\": \"ok\"}", "{\"status\": \"OK\"}"),
            found("{\"status\": \"OK\"}")
        );
        assert_eq!(search(r"[[\]]x", "[X"), found("[X"));
        assert_eq!(search(r"a{,2}b", "aab"), found("aab"));
    }

    #[test]
    fn a_dollar_stands_before_a_last_line_feed_too() {
        assert_eq!(search("</html>$", "<html>ok</html>\n"), found("</html>"));
        assert_eq!(
            search(r#""ok"}$"#, "{\"status\":\"ok\"}\n"),
            found("\"ok\"}")
        );
        assert_eq!(search("ok$", "ok"), found("ok"));
        assert_eq!(search("ok$", "ok\n\n"), Search::NotFound);
        assert_eq!(search("ok$", "ok\r\n"), Search::NotFound);
        assert_eq!(search("ok$", "ok\nnot"), Search::NotFound);
        assert_eq!(search(r"\s*$", "ok \n"), found(" \n"));
        assert_eq!(search(r"\s*?$", "ok \n"), found(" "));
        assert_eq!(search("(o$|k$)", "ok\n"), found("k"));
        assert_eq!(search("(?m)^ok$", "no\nok\nno"), found("ok"));
        assert_eq!(search(r"\$5", "$5"), found("$5"));
        // What follows may want the line feed: for an engine that looks ahead.
        assert_eq!(search("ok$\n", "ok\n"), found("ok\n"));
        assert_eq!(search("(?<=o)k$", "ok\n"), found("k"));
        assert_eq!(search(r"end\Z", "end\n"), Search::NotFound);
    }

    #[test]
    fn a_pattern_that_explodes_is_given_up() {
        let page = "a".repeat(5000);
        assert!(matches!(
            search(r"(?=(a+)+b)(a|aa)+\1c", &page),
            Search::GivenUp(_) | Search::NotFound
        ));
        assert!(matches!(
            search(r"^(?=a)(?:a+a+)+(?!a)$\1()", "x"),
            Search::NotFound | Search::GivenUp(_)
        ));
    }

    #[test]
    fn what_neither_engine_takes_is_said_in_one_line() {
        let error = Pattern::parse("(").unwrap_err();
        assert_eq!(error, "unclosed group");
    }
}
