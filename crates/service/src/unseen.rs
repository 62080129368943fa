//! Characters that nobody sees where a text is shown. A copy out of a document brings them along, and
//! then two names that look the same are two.

/// Whether a character takes no space where it is shown: zero-width, soft hyphens, marks of
/// direction, byte order marks, fillers. Variation selectors are not among them, since they belong
/// to the emoji before them.
pub fn is_invisible(char: char) -> bool {
    matches!(
        char,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{180b}'..='\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

/// The characters of a text that have no business there, each with its number, counted from 1. The two
/// joiners have some between others beyond ASCII: some scripts are not spelled without them, and some
/// emoji are made by them.
pub fn unseen(text: &str) -> impl Iterator<Item = (usize, char)> {
    let mut before = None;
    let mut rest = text.chars().enumerate().peekable();
    std::iter::from_fn(move || {
        loop {
            let (index, char) = rest.next()?;
            let after = rest.peek().map(|(_, char)| *char);
            let joins = matches!(char, '\u{200c}' | '\u{200d}')
                && [before, after].iter().all(|it| it.is_some_and(is_joined));
            before = Some(char);
            if is_invisible(char) && !joins {
                return Some((index + 1, char));
            }
        }
    })
}

/// The text without them.
pub fn without_unseen(text: &str) -> String {
    let numbers: Vec<_> = unseen(text).map(|(number, _)| number).collect();
    let chars = (1..).zip(text.chars());
    let seen = chars.filter(|(number, _)| !numbers.contains(number));
    seen.map(|(_, char)| char).collect()
}

fn is_joined(char: char) -> bool {
    !char.is_ascii() && !is_invisible(char)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sees_is_found_and_what_belongs_to_a_word_is_left() {
        for (text, found) in [
            ("eu-west", vec![]),
            ("eu\u{200b}-west", vec![(3, '\u{200b}')]),
            ("\u{feff}eu\u{202e}", vec![(1, '\u{feff}'), (4, '\u{202e}')]),
            ("eu\u{200d}west", vec![(3, '\u{200d}')]),
            // A word of Persian, and a family.
            ("خانه\u{200c}ما", vec![]),
            ("👩\u{200d}👧", vec![]),
            ("👩\u{200d}", vec![(2, '\u{200d}')]),
            ("❤\u{fe0f} Grüße", vec![]),
        ] {
            let all: Vec<_> = unseen(text).collect();
            assert_eq!(all, found, "{text:?}");
        }
        assert_eq!(without_unseen("a\u{200b}b\u{ad}c"), "abc");
        assert_eq!(without_unseen("👩\u{200d}👧\u{200d}"), "👩\u{200d}👧");
    }
}
