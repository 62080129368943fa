//! Text that fits a terminal, and does nothing to it.

/// The width of a terminal that everybody has.
pub(super) const WIDTH: usize = 80;

/// The text in lines of at most `width` characters, broken between words where there are any.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut length = 0;
    for word in text.split_whitespace() {
        let word: Vec<char> = word.chars().collect();
        for (index, piece) in word.chunks(width).enumerate() {
            let space = usize::from(length > 0 && index == 0);
            if length + space + piece.len() > width {
                lines.push(String::new());
                length = 0;
            }
            // The list is never empty.
            if let Some(line) = lines.last_mut() {
                if length > 0 && index == 0 {
                    line.push(' ');
                    length += 1;
                }
                line.extend(piece);
                length += piece.len();
            }
        }
    }
    lines
}

/// What a site said, without the characters by which it could write anything else on the terminal.
pub(super) fn harmless(text: &str) -> String {
    text.chars()
        .map(|char| match char {
            '\n' | '\r' | '\t' => ' ',
            char if char.is_control() || is_direction(char) => '\u{fffd}',
            char => char,
        })
        .collect()
}

/// Characters that turn the direction of what follows.
fn is_direction(char: char) -> bool {
    matches!(char, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_between_words_and_long_words_within() {
        assert_eq!(wrap("one two  three", 7), ["one two", "three"]);
        assert_eq!(wrap("a abcdefghij", 4), ["a", "abcd", "efgh", "ij"]);
        assert_eq!(wrap("", 7), [""]);
    }

    #[test]
    fn no_site_writes_on_the_terminal() {
        assert_eq!(
            harmless("a\x1b[31mb\r\nc\u{202e}"),
            "a\u{fffd}[31mb  c\u{fffd}"
        );
    }
}
