//! What Python writes in another way than `regex`.

/// The pattern with Python's own ways put in the engines' words: `\Z` for the end, `\<` and `\>` for
/// the characters, a bracket or doubled operator within a class, a brace that repeats nothing, and
/// a repetition from nought that leaves the nought out.
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
        _ => {
            out.push('\\');
            out.push(escaped);
        }
    }
    &after[escaped.len_utf8()..]
}

/// A repetition, or a brace that stands for itself.
fn translate_brace<'a>(after: &'a str, out: &mut String) -> &'a str {
    let repetition = after.split_once('}').and_then(|(inside, rest)| {
        let (least, most) = inside.split_once(',').unwrap_or((inside, "0"));
        let numbers = |text: &str| text.chars().all(|char| char.is_ascii_digit());
        let repeats = numbers(least) && numbers(most) && !(least.is_empty() && most.is_empty());
        (repeats && !inside.is_empty()).then_some((inside, rest))
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
