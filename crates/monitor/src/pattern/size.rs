//! How large a pattern becomes when it is compiled: an estimate from its syntax alone, which takes a
//! fraction of the compiling.

use regex_syntax::hir::{Class, Hir, HirKind};

use super::folding::{self, Ranges};

/// For a state of the automaton, and for each byte of text.
const STATE_BYTES: usize = 64;
/// For a range of a class, in ASCII and beyond, where it becomes a sequence of bytes.
const ASCII_RANGE_BYTES: usize = 16;
const RANGE_BYTES: usize = 64;
/// For a class that goes beyond ASCII.
const UNICODE_CLASS_BYTES: usize = 512;

/// What the pattern, parsed as if case counted, may take where it does not, about: at most half as much again for all kinds that were tried.
pub(super) fn estimate(hir: &Hir) -> usize {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => STATE_BYTES,
        HirKind::Literal(text) => literal_bytes(&text.0),
        HirKind::Class(class) => class_bytes(class),
        HirKind::Repetition(repetition) => {
            let times = repetition.max.unwrap_or(repetition.min).max(1);
            let times = usize::try_from(times).unwrap_or(usize::MAX);
            estimate(&repetition.sub)
                .saturating_add(STATE_BYTES)
                .saturating_mul(times)
        }
        HirKind::Capture(group) => estimate(&group.sub).saturating_add(2 * STATE_BYTES),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts
            .iter()
            .map(estimate)
            .fold(STATE_BYTES, usize::saturating_add),
    }
}

/// A letter is a class of its forms.
fn literal_bytes(text: &[u8]) -> usize {
    let Ok(text) = std::str::from_utf8(text) else {
        return STATE_BYTES.saturating_mul(text.len());
    };
    let chars = text.chars().map(|char| match folding::of_char(char) {
        Some(ranges) => ranges_bytes(ranges),
        None => STATE_BYTES * char.len_utf8(),
    });
    chars.fold(STATE_BYTES, usize::saturating_add)
}

fn class_bytes(class: &Class) -> usize {
    match class {
        Class::Bytes(class) => STATE_BYTES + class.ranges().len() * ASCII_RANGE_BYTES,
        Class::Unicode(class) => ranges_bytes(folding::of_class(class)),
    }
}

fn ranges_bytes(Ranges { ascii, beyond }: Ranges) -> usize {
    let unicode = if beyond > 0 { UNICODE_CLASS_BYTES } else { 0 };
    STATE_BYTES + ascii * ASCII_RANGE_BYTES + beyond * RANGE_BYTES + unicode
}
