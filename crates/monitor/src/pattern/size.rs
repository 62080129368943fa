//! How large a pattern becomes when it is compiled: an estimate from its syntax alone, which takes a
//! fraction of the compiling.

use regex_syntax::hir::{Class, Hir, HirKind};

/// For a state of the automaton, and for each byte of text.
const STATE_BYTES: usize = 64;
/// For a range of a class, in ASCII and beyond, where it becomes a sequence of bytes.
const ASCII_RANGE_BYTES: usize = 16;
const RANGE_BYTES: usize = 64;
/// For a class that goes beyond ASCII.
const UNICODE_CLASS_BYTES: usize = 512;

/// What the pattern may take, about: at most half as much again for all kinds that were tried.
pub(super) fn estimate(hir: &Hir) -> usize {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => STATE_BYTES,
        HirKind::Literal(text) => STATE_BYTES.saturating_mul(text.0.len()),
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

fn class_bytes(class: &Class) -> usize {
    let ranges = match class {
        Class::Bytes(class) => class.ranges().len() * ASCII_RANGE_BYTES,
        Class::Unicode(class) => {
            let range_bytes = |is_ascii| {
                if is_ascii {
                    ASCII_RANGE_BYTES
                } else {
                    RANGE_BYTES
                }
            };
            let ranges = class
                .iter()
                .map(|range| range_bytes(range.end().is_ascii()));
            let beyond = if class.is_ascii() {
                0
            } else {
                UNICODE_CLASS_BYTES
            };
            ranges.sum::<usize>() + beyond
        }
    };
    STATE_BYTES + ranges
}
