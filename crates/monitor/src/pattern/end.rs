//! The end of a page as Python sees it: `$` stands there, and also before a line feed that is the last
//! character. To the engines it is the very end alone.

/// What `$` becomes for an engine that looks ahead.
const LOOKED_AHEAD: &str = r"(?=\n?\z)";
/// Begins the name of each group that takes the last line feed.
pub(super) const GROUP: &str = "before_last_line_feed_";

/// The pattern for an engine that cannot look ahead: `$` takes the last line feed, in a group that the
/// match is then cut at. `None` when something may follow that would want it, too.
pub(super) fn taking(pattern: &str) -> Option<String> {
    let mut groups = 0;
    replace(pattern, |rest, depth| {
        groups += 1;
        nothing_follows(rest, depth).then(|| format!(r"(?:\z|(?P<{GROUP}{groups}>\n\z))"))
    })
}

/// The pattern for an engine that looks ahead.
pub(super) fn looking_ahead(pattern: &str) -> String {
    replace(pattern, |_, _| Some(LOOKED_AHEAD.to_owned())).unwrap_or_else(|| pattern.to_owned())
}

/// Puts something in the place of each `$` that means the end; it is told what follows, and within
/// how many groups.
fn replace(pattern: &str, mut end: impl FnMut(&str, usize) -> Option<String>) -> Option<String> {
    if lines_have_ends(pattern) {
        return Some(pattern.to_owned());
    }
    let mut out = String::with_capacity(pattern.len());
    let mut depth = 0_usize;
    for (kind, piece, rest) in Pieces(pattern) {
        match (kind, piece) {
            (Kind::Syntax, "$") => {
                out.push_str(&end(rest, depth)?);
                continue;
            }
            (Kind::Syntax, "(") => depth += 1,
            (Kind::Syntax, ")") => depth = depth.saturating_sub(1),
            _ => {}
        }
        out.push_str(piece);
    }
    Some(out)
}

/// Whether a flag says that each line has its end: then `$` means the same to all.
fn lines_have_ends(pattern: &str) -> bool {
    pattern.match_indices("(?").any(|(at, _)| {
        let flags = pattern[at + 2..].split([')', ':', '-']).next();
        flags.is_some_and(|flags| {
            flags.contains('m') && flags.chars().all(|flag| flag.is_ascii_alphabetic())
        })
    })
}

/// Whether nothing that takes a character can come after a place within so many groups.
fn nothing_follows(rest: &str, mut depth: usize) -> bool {
    // Groups that are passed over, since they belong to another choice.
    let mut other_choice = None;
    for (kind, piece, _) in Pieces(rest) {
        match (kind, piece, &mut other_choice) {
            (Kind::Syntax, "(", Some(inner)) => *inner += 1,
            (Kind::Syntax, ")", Some(inner)) if *inner > 0 => *inner -= 1,
            (Kind::Syntax, ")", _) => {
                other_choice = None;
                depth = depth.saturating_sub(1);
            }
            (_, _, Some(_)) | (Kind::Syntax, "?" | "*" | "+", None) => {}
            (Kind::Syntax, "|", None) if depth == 0 => return true,
            (Kind::Syntax, "|", None) => other_choice = Some(0_usize),
            _ => return false,
        }
    }
    true
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Syntax,
    /// An escape or a class.
    Whole,
}

/// A pattern's pieces, each with what follows it.
struct Pieces<'a>(&'a str);

impl<'a> Iterator for Pieces<'a> {
    type Item = (Kind, &'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let first = self.0.chars().next()?;
        let (kind, length) = match first {
            '\\' => (
                Kind::Whole,
                1 + self.0[1..].chars().next().map_or(0, char::len_utf8),
            ),
            '[' => (Kind::Whole, class_length(self.0)),
            other => (Kind::Syntax, other.len_utf8()),
        };
        let (piece, rest) = self.0.split_at(length);
        self.0 = rest;
        Some((kind, piece, rest))
    }
}

/// The bytes of the class that begins here, up to its bracket.
fn class_length(text: &str) -> usize {
    let start = text.strip_prefix("[^").map_or(1, |_| 2);
    let mut escaped = false;
    for (at, char) in text[start..].char_indices() {
        match char {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            // As the first in a class, it stands for itself.
            ']' if at > 0 => return start + at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_means_the_end_is_replaced() {
        for same in [
            r"\$5", "[$]", "[]$]x", r"[\]$]", "(?m)a$", "(?im)^a$", "(?m:a$)", "a",
        ] {
            assert_eq!(looking_ahead(same), same);
            assert_eq!(taking(same).as_deref(), Some(same));
        }
        assert_eq!(
            looking_ahead("a$|[b]$"),
            format!("a{LOOKED_AHEAD}|[b]{LOOKED_AHEAD}")
        );
    }

    #[test]
    fn the_last_line_feed_is_taken_only_where_nothing_else_may_want_it() {
        for last in [
            "a$",
            "(a$)",
            "a$|b",
            "(a$|(b|c))",
            "((a$)?|b)+",
            r"(a$|\)x)",
        ] {
            assert!(taking(last).is_some(), "{last}");
        }
        for followed in ["a$\n", r"(a$)\s", "(a$|b)c", "a$b", "(a$|b){2}"] {
            assert!(taking(followed).is_none(), "{followed}");
        }
    }
}
