//! What a character or a class becomes when case is ignored, in ranges. To find that out takes longer for
//! large classes than all the rest of a pattern, and patterns share them: so they are remembered.

use std::{
    collections::HashMap,
    sync::{LazyLock, Mutex, PoisonError},
};

use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

/// Classes that are remembered. A list of a hundred thousand patterns has a few.
const REMEMBERED_MAX: usize = 256;

static REMEMBERED: LazyLock<Mutex<HashMap<Class, Ranges>>> = LazyLock::new(Mutex::default);

/// The ends of a class's ranges.
type Class = Vec<(char, char)>;

/// How many ranges a class has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Ranges {
    /// Within ASCII.
    pub(super) ascii: usize,
    pub(super) beyond: usize,
}

impl Ranges {
    fn of(class: &ClassUnicode) -> Self {
        let all = class.ranges().len();
        let ascii = class.iter().filter(|it| it.end().is_ascii()).count();
        Self {
            ascii,
            beyond: all - ascii,
        }
    }
}

/// The class whatever the case.
pub(super) fn of_class(class: &ClassUnicode) -> Ranges {
    if class.is_ascii() {
        return folded(class.clone());
    }
    let key: Vec<_> = class
        .iter()
        .map(|range| (range.start(), range.end()))
        .collect();
    let remembered = || REMEMBERED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(ranges) = remembered().get(&key) {
        return *ranges;
    }
    let ranges = folded(class.clone());
    let mut remembered = remembered();
    if remembered.len() >= REMEMBERED_MAX {
        remembered.clear();
    }
    remembered.insert(key, ranges);
    ranges
}

/// The character whatever its case; `None` for one that has none.
pub(super) fn of_char(char: char) -> Option<Ranges> {
    if char.is_ascii() && !char.is_ascii_alphabetic() {
        return None;
    }
    let ranges = folded(ClassUnicode::new([ClassUnicodeRange::new(char, char)]));
    (ranges.ascii + ranges.beyond > 1).then_some(ranges)
}

fn folded(mut class: ClassUnicode) -> Ranges {
    // Only a library without its tables fails; then the class is what it is.
    class.try_case_fold_simple().ok();
    Ranges::of(&class)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_case_has_more_ranges_without_it() {
        let ranges = |ascii, beyond| Ranges { ascii, beyond };
        assert_eq!(of_char('a'), Some(ranges(2, 0)));
        assert_eq!(of_char('k'), Some(ranges(2, 1)), "the Kelvin sign");
        assert_eq!(of_char('é'), Some(ranges(0, 2)));
        assert_eq!([of_char('7'), of_char('語')], [None, None]);
        let letters = ClassUnicode::new([ClassUnicodeRange::new('a', 'z')]);
        assert_eq!(of_class(&letters), ranges(2, 2));
    }

    #[test]
    fn what_is_remembered_is_bounded_and_right() {
        for end in ('\u{4E00}'..).take(REMEMBERED_MAX * 2) {
            let class = ClassUnicode::new([ClassUnicodeRange::new('é', end)]);
            let ranges = of_class(&class);
            assert_eq!(of_class(&class), ranges);
            assert_eq!(ranges, folded(class));
        }
        assert!(REMEMBERED.lock().unwrap().len() <= REMEMBERED_MAX);
    }
}
