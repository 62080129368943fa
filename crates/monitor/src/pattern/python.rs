//! What Python writes in another way than `regex`.

/// The pattern with Python's own ways put in the engines' words: `\Z` for the end, `\<` and `\>` for
/// the characters, a bracket or doubled operator within a class, a brace that repeats nothing, a
/// repetition from nought that leaves the nought out, and a character by its number in octal.
pub(super) fn translate(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut rest = pattern;
    let mut in_class = false;
    while let Some(char) = rest.chars().next() {
        let after = &rest[char.len_utf8()..];
        rest = match char {
            '\\' => translate_escape(after, &mut out),
            '[' if !in_class => {
                in_class = true;
                translate_class_start(after, &mut out)
            }
            ']' if in_class => {
                in_class = false;
                out.push(']');
                after
            }
            '[' | '&' | '~' if in_class => {
                out.extend(['\\', char]);
                after
            }
            '{' if !in_class => translate_brace(after, &mut out),
            _ => {
                out.push(char);
                after
            }
        };
    }
    out
}

/// As the first in a class, a closing bracket stands for itself.
fn translate_class_start<'a>(after: &'a str, out: &mut String) -> &'a str {
    let mut rest = after;
    out.push('[');
    if let Some(after) = rest.strip_prefix('^') {
        out.push('^');
        rest = after;
    }
    if let Some(after) = rest.strip_prefix(']') {
        out.push_str("\\]");
        rest = after;
    }
    rest
}

fn translate_escape<'a>(after: &'a str, out: &mut String) -> &'a str {
    let Some(escaped) = after.chars().next() else {
        out.push('\\');
        return after;
    };
    match escaped {
        'Z' => out.push_str("\\z"),
        '<' | '>' => out.push(escaped),
        '0'..='9' => return translate_number(after, out),
        _ => {
            out.push('\\');
            out.push(escaped);
        }
    }
    &after[escaped.len_utf8()..]
}

/// A character by its number: of three octal digits, or of fewer behind a nought. All others are
/// references to groups.
fn translate_number<'a>(after: &'a str, out: &mut String) -> &'a str {
    let octal = after
        .bytes()
        .take(3)
        .take_while(|it| (b'0'..=b'7').contains(it));
    let (digits, rest) = after.split_at(octal.count());
    let number = u32::from_str_radix(digits, 8).ok().filter(|it| *it < 0o400);
    match number {
        Some(number) if digits.len() == 3 || digits.starts_with('0') => {
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
