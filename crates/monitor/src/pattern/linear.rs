//! Patterns that `regex` takes: their time is linear in the page.

use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use moka::sync::Cache as Kept;
use regex_automata::{
    Input,
    meta::{BuildError, Cache, Config, Regex},
    util::syntax,
};

use super::{end, size};

/// What a compiled pattern may take in memory.
const COMPILED_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Patterns whose estimate is below this compile within that bound: what was tried of 17 kinds reached it
/// at estimates of 2.78 MiB at the least. Only larger ones are compiled to see whether they do.
const SURE_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Patterns with an estimate up to this are small once they are compiled.
const SMALL_ESTIMATE_BYTES_MAX: usize = 160 * 1024;
/// What a search may use to be faster as it goes on.
const SEARCH_BYTES_MAX: usize = 1024 * 1024;
/// Patterns up to this size are kept compiled: the compiling of one takes longer than the search.
const KEPT_PATTERN_BYTES_MAX: usize = 256 * 1024;
/// What may be kept of a search for the next one with the same pattern: without, each page would have
/// its search's automaton made anew, which takes as long as compiling. It grows with what was seen.
const KEPT_SEARCH_BYTES_MAX: usize = 256 * 1024;
const KEPT_SEARCH_BYTES_MIN: usize = 16 * 1024;
/// By how much it grows at most until it is rather let go.
const KEPT_SEARCH_GROWTH: usize = 4;
/// What all kept patterns may take: compiled, some thousands would take gigabytes.
const KEPT_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// The patterns that were used last.
static KEPT: LazyLock<Kept<String, Arc<Linear>>> = LazyLock::new(|| {
    Kept::builder()
        .max_capacity(KEPT_BYTES_MAX)
        .weigher(|text: &String, linear: &Arc<Linear>| {
            let bytes = text.len() + linear.regex.memory_usage() + linear.kept_search_bytes_max;
            u32::try_from(bytes).unwrap_or(u32::MAX)
        })
        .build()
});

/// A compiled pattern.
#[derive(Debug)]
pub(super) struct Linear {
    regex: Regex,
    /// The groups that take a last line feed, if there are such.
    ends: Vec<usize>,
    /// What the last search left, for the next one.
    spare: Mutex<Option<Cache>>,
    /// What that may take.
    kept_search_bytes_max: usize,
}

/// Whether this engine takes the pattern, compiled only where its size is in doubt: a list may have a
/// hundred thousand. Gives whether it is compiled in a moment and kept; the error is in the words of
/// the engine.
pub(super) fn check(text: &str) -> Result<bool, String> {
    let estimate = estimate(text)?;
    if estimate < SURE_BYTES_MAX {
        return Ok(estimate <= SMALL_ESTIMATE_BYTES_MAX);
    }
    Ok(Linear::new(text)?.is_small())
}

/// What it may take. Case is ignored by the estimate: to let the parser do it would take longer than all
/// the rest.
fn estimate(text: &str) -> Result<usize, String> {
    let case_counts = syntax::Config::new();
    let syntax = syntax::parse_with(text, &case_counts).map_err(|error| error.to_string())?;
    Ok(size::estimate(&syntax))
}

impl Linear {
    /// Compiles the pattern. The error is in the words of the engine.
    fn new(text: &str) -> Result<Self, String> {
        let words = |error: BuildError| match (error.syntax_error(), error.size_limit()) {
            (Some(syntax), _) => syntax.to_string(),
            (None, Some(limit)) => format!("compiled, it would take more than {limit} bytes"),
            (None, None) => error.to_string(),
        };
        let config = Config::new()
            // Faster for some searches, and twice the time to compile.
            .onepass(false)
            .dfa(false)
            .nfa_size_limit(Some(COMPILED_BYTES_MAX))
            .hybrid_cache_capacity(SEARCH_BYTES_MAX);
        let regex = Regex::builder()
            .configure(config)
            .syntax(syntax())
            .build(text)
            .map_err(words)?;
        let groups = regex
            .group_info()
            .pattern_names(regex_automata::PatternID::ZERO);
        let ends = groups.enumerate().filter_map(|(group, name)| {
            name.is_some_and(|name| name.starts_with(end::GROUP))
                .then_some(group)
        });
        let ends = ends.collect();
        let cache = regex.create_cache();
        let kept_search_bytes_max = (cache.memory_usage() * KEPT_SEARCH_GROWTH)
            .clamp(KEPT_SEARCH_BYTES_MIN, KEPT_SEARCH_BYTES_MAX);
        Ok(Self {
            regex,
            ends,
            spare: Mutex::new(Some(cache)),
            kept_search_bytes_max,
        })
    }

    /// The pattern as it was kept, or compiled now and kept if it is small.
    pub(super) fn kept(text: &str) -> Result<Arc<Self>, String> {
        if let Some(kept) = KEPT.get(text) {
            return Ok(kept);
        }
        let linear = Arc::new(Self::new(text)?);
        if linear.is_small() {
            KEPT.insert(text.to_owned(), Arc::clone(&linear));
        }
        Ok(linear)
    }

    /// Whether it is compiled and kept in a moment.
    fn is_small(&self) -> bool {
        self.regex.memory_usage() <= KEPT_PATTERN_BYTES_MAX
    }

    /// The first match.
    pub(super) fn find<'a>(&self, page: &'a str) -> Option<&'a str> {
        let spare = self
            .spare
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let mut cache = spare.unwrap_or_else(|| self.regex.create_cache());
        let found = self.find_with(&mut cache, page);
        if cache.memory_usage() <= self.kept_search_bytes_max {
            *self.spare.lock().unwrap_or_else(PoisonError::into_inner) = Some(cache);
        }
        found
    }

    fn find_with<'a>(&self, cache: &mut Cache, page: &'a str) -> Option<&'a str> {
        let found = self.regex.search_with(cache, &Input::new(page))?;
        let may_take = !self.ends.is_empty() && found.end() == page.len() && page.ends_with('\n');
        if !may_take {
            return page.get(found.range());
        }
        // Whether it was `$` that took the last line feed, the groups tell.
        let mut groups = self.regex.create_captures();
        let input = Input::new(page).range(found.start()..);
        self.regex.search_captures_with(cache, &input, &mut groups);
        let taken = self
            .ends
            .iter()
            .any(|group| groups.get_group(*group).is_some());
        page.get(found.start()..found.end() - usize::from(taken))
    }
}

/// Patterns ignore case.
fn syntax() -> syntax::Config {
    syntax::Config::new().case_insensitive(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_found_again_and_bounded() {
        let first = Linear::kept("kept pattern").unwrap();
        assert!(Arc::ptr_eq(&first, &Linear::kept("kept pattern").unwrap()));
        for number in 0..200 {
            Linear::kept(&format!(r"\w+ {number}")).unwrap();
        }
        KEPT.run_pending_tasks();
        assert!(KEPT.weighted_size() <= KEPT_BYTES_MAX);
    }

    #[test]
    fn what_a_search_made_is_there_for_the_next_page() {
        let page = format!(
            "{}all systems operational",
            "<p>Nothing is sought.</p>".repeat(400)
        );
        for pattern in [r"all systems \w+", "systems operational", r"<p>.*?</p>all"] {
            let linear = Linear::new(pattern).unwrap();
            assert!(linear.find(&page).is_some());
            assert!(linear.spare.lock().unwrap().is_some(), "{pattern}");
        }
    }

    #[test]
    fn a_pattern_that_is_large_is_not_kept() {
        let large = r"\w{20}";
        assert!(!Linear::kept(large).unwrap().is_small());
        assert!(KEPT.get(large).is_none());
    }

    #[test]
    fn what_is_taken_unseen_compiles_and_is_kept_where_it_is_called_small() {
        let kinds = [
            "all systems operational",
            r"all systems \w+",
            r"\d+",
            r"\s+x",
            ".*",
            "(?s).*x",
            "[^a]+",
            "straße",
            "[а-я]+",
            "k+s+",
            "(a|b|c)+",
            r"\b\pL",
            "日本語",
        ];
        for kind in kinds {
            for times in [1, 4, 20, 100, 500] {
                let pattern = format!("(?:{kind}){{{times}}}");
                if estimate(&pattern).unwrap() >= SURE_BYTES_MAX {
                    break;
                }
                let linear = Linear::new(&pattern).unwrap();
                let is_called_small = check(&pattern).unwrap();
                assert!(linear.is_small() || !is_called_small, "{pattern}");
            }
        }
    }

    #[test]
    fn what_is_in_doubt_is_compiled_to_see() {
        // Each takes more than the bound, and neither has a wrong syntax.
        for large in [r"\w{500}", "(?:a{1000}){1000}{1000}"] {
            let error = check(large).unwrap_err();
            assert!(error.contains("it would take more than"), "{error}");
        }
        assert_eq!(check("("), Err(Linear::new("(").unwrap_err()));
    }
}
