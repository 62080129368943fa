//! What Python writes in another way than `regex`.

/// The pattern with Python's own ways put in the engines' words: `\Z` for the end, `\<` and `\>` for
/// the characters, a bracket, hyphen or doubled operator within a class, a brace that repeats nothing, a
/// repetition from nought that leaves the nought out, a character by its number in octal, and a choice by
/// a group's name.
pub(super) fn translate(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut rest = pattern;
    while let Some(char) = rest.chars().next() {
        let after = &rest[char.len_utf8()..];
        rest = match char {
            '\\' => translate_escape(after, &mut out, Place::Outside),
            '[' => translate_class(after, &mut out),
            '{' => translate_brace(after, &mut out),
            '(' => translate_choice(after, &mut out),
            _ => {
                out.push(char);
                after
            }
        };
    }
    out
}

/// Where an escape stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Outside,
    InClass,
}

/// A class, up to its bracket. As the first in it, a closing bracket stands for itself.
fn translate_class<'a>(after: &'a str, out: &mut String) -> &'a str {
    let mut rest = after;
    out.push('[');
    if let Some(after) = rest.strip_prefix('^') {
        out.push('^');
        rest = after;
    }
    if let Some(after) = rest.strip_prefix(']') {
        out.push_str("\\]");
        rest = translate_range_end(after, out);
    }
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix(']') {
            out.push(']');
            return after;
        }
        rest = translate_member(rest, out);
        rest = translate_range_end(rest, out);
    }
    rest
}

/// The other end of a range, where a hyphen makes one of the member before it: any member but the last.
fn translate_range_end<'a>(rest: &'a str, out: &mut String) -> &'a str {
    match rest.strip_prefix('-') {
        Some(end) if !end.is_empty() && !end.starts_with(']') => {
            out.push('-');
            translate_member(end, out)
        }
        _ => rest,
    }
}

/// One member of a class: what means something to the engines there, and nothing to Python, is escaped.
fn translate_member<'a>(rest: &'a str, out: &mut String) -> &'a str {
    let Some(char) = rest.chars().next() else {
        return rest;
    };
    let after = &rest[char.len_utf8()..];
    match char {
        '\\' => return translate_escape(after, out, Place::InClass),
        '[' | '&' | '~' | '-' => out.extend(['\\', char]),
        _ => out.push(char),
    }
    after
}

fn translate_escape<'a>(after: &'a str, out: &mut String, place: Place) -> &'a str {
    let Some(escaped) = after.chars().next() else {
        out.push('\\');
        return after;
    };
    match escaped {
        'Z' => out.push_str("\\z"),
        '<' | '>' => out.push(escaped),
        // The engines know nothing of it, or would not ignore its case.
        _ if !escaped.is_ascii() => out.push(escaped),
        '0'..='9' => return translate_number(after, out, place),
        _ => {
            out.push('\\');
            out.push(escaped);
        }
    }
    &after[escaped.len_utf8()..]
}

/// A character by its number: of three octal digits, of fewer behind a nought, or of any within a class.
/// All others are references to groups.
fn translate_number<'a>(after: &'a str, out: &mut String, place: Place) -> &'a str {
    let octal = after
        .bytes()
        .take(3)
        .take_while(|it| (b'0'..=b'7').contains(it));
    let (digits, rest) = after.split_at(octal.count());
    let number = u32::from_str_radix(digits, 8).ok().filter(|it| *it < 0o400);
    let is_character = digits.len() == 3 || digits.starts_with('0') || place == Place::InClass;
    match number {
        Some(number) if is_character => {
            let digit = |number| char::from_digit(number, 16).unwrap_or_default();
            out.extend(['\\', 'x', digit(number >> 4), digit(number & 0xf)]);
            rest
        }
        _ => {
            out.push('\\');
            after
        }
    }
}

/// A choice by whether a group matched, `(?(name)yes|no)`: the engine wants its name in brackets.
fn translate_choice<'a>(after: &'a str, out: &mut String) -> &'a str {
    out.push('(');
    let named = after
        .strip_prefix("?(")
        .and_then(|rest| rest.split_once(')'));
    let is_name = |name: &str| {
        let mut chars = name.chars();
        chars
            .next()
            .is_some_and(|it| it.is_alphabetic() || it == '_')
            && chars.all(|it| it.is_alphanumeric() || it == '_')
    };
    match named {
        Some((name, rest)) if is_name(name) => {
            out.extend(["?(<", name, ">)"]);
            rest
        }
        _ => after,
    }
}

/// A repetition, or a brace that stands for itself.
fn translate_brace<'a>(after: &'a str, out: &mut String) -> &'a str {
    let repetition = after.split_once('}').and_then(|(inside, rest)| {
        let (least, most) = inside.split_once(',').unwrap_or((inside, "0"));
        let numbers = |text: &str| text.chars().all(|char| char.is_ascii_digit());
        (numbers(least) && numbers(most) && !inside.is_empty()).then_some((inside, rest))
    });
    let Some((inside, rest)) = repetition else {
        out.push_str("\\{");
        return after;
    };
    out.push('{');
    if inside.starts_with(',') {
        out.push('0');
    }
    out.push_str(inside);
    out.push('}');
    rest
}
