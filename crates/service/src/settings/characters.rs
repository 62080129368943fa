//! Which characters a value may hold.

use crate::unseen::unseen;

/// What is wrong with a value, and never a piece of it: it may be a secret, or hold one.
pub(super) fn problem(value: &str) -> Option<String> {
    let kind = |char: char| match char {
        '\0' => "a NUL",
        _ if char.is_control() => "a control character",
        _ => "an invisible character",
    };
    // A line's end behind it is what a file left there.
    let begin = value.len() - value.trim_start().len();
    let before = value[..begin].chars().count();
    let value = value.trim();
    let mut chars = (1..).zip(value.chars());
    let control = chars.find(|(_, char)| char.is_control());
    let (number, char) = control.or_else(|| unseen(value).next())?;
    Some(format!(
        "its character {} is {} (U+{:04X}); leave it out",
        before + number,
        kind(char),
        u32::from(char)
    ))
}

/// The same of a secret, which may be of whatever it was made: only of NUL it never is.
pub(super) fn problem_of_secret(value: &str) -> Option<String> {
    value.contains('\0').then(|| problem(value)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_holds_what_can_be_seen() {
        for fine in [
            "",
            "eu-west",
            "Grüße an alle",
            " a \r\n",
            "👩\u{200d}👧",
            "a\u{a0}b",
        ] {
            assert_eq!(problem(fine), None, "{fine:?}");
        }
        for (wrong, said) in [
            ("a\0b", "its character 2 is a NUL (U+0000); leave it out"),
            (
                "  a\tb",
                "its character 4 is a control character (U+0009); leave it out",
            ),
            (
                "é\u{200b}",
                "its character 2 is an invisible character (U+200B); leave it out",
            ),
            (
                "\u{feff}a",
                "its character 1 is an invisible character (U+FEFF); leave it out",
            ),
        ] {
            assert_eq!(problem(wrong).as_deref(), Some(said));
        }
        assert_eq!(problem_of_secret("pa\u{200b}ss\tword"), None);
        assert!(problem_of_secret("pa\u{200b}ss\0").is_some());
    }
}
