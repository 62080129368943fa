//! What a field's value must look like: text as CSV has it, or JSON's own types.
//!
//! An error says what is wrong and what would be right, to stand behind "the interval".

use std::{ops::RangeInclusive, str::FromStr, time::Duration};

use http::{
    Method,
    header::{HeaderMap, HeaderName, HeaderValue},
};
use serde_json::Value;
use service::{settings::Variables, unseen::without_unseen};

use crate::{
    pattern::Pattern,
    probe::{IpVersion, Statuses},
};

/// The longest text and the longest list that a field takes.
const TEXT_CHARS_MAX: usize = 2_000;
const WORDS_MAX: usize = 50;
/// The most that is sent along.
const BODY_BYTES_MAX: usize = 64 * 1024;
/// What HTTP has room for: some sites answer with 999, or another one that no standard names.
const STATUSES: RangeInclusive<u16> = 100..=999;
const METHODS: [Method; 7] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
    Method::OPTIONS,
];
/// Headers that follow from the request itself.
const HEADERS_OF_THE_REQUEST: [&str; 3] = ["content-length", "transfer-encoding", "connection"];

type Parsed<T> = Result<T, String>;

/// A text, as it stands.
pub(super) fn text(value: &Value) -> Parsed<&str> {
    value.as_str().ok_or_else(|| "is not a string".into())
}

/// A text that people read: in bounds, without control characters or what nobody sees (one name, two groups).
pub(super) fn words_for_people(value: &Value) -> Parsed<String> {
    let text = text(value)?.trim();
    if text.chars().count() > TEXT_CHARS_MAX {
        return Err(format!("is longer than {TEXT_CHARS_MAX} characters"));
    }
    if text.chars().any(char::is_control) {
        return Err("holds a control character".into());
    }
    Ok(without_unseen(text).trim().to_owned())
}

/// Words: separated by spaces or commas, or an array of strings.
pub(super) fn words(value: &Value) -> Parsed<Vec<String>> {
    let words: Vec<String> = match value {
        Value::Array(items) => items.iter().map(words_for_people).collect::<Parsed<_>>()?,
        _ => words_for_people(value)
            .map_err(|problem| format!("{problem}; write words separated by spaces, or an array"))?
            .split([' ', ','])
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect(),
    };
    if words.len() > WORDS_MAX {
        return Err(format!("has more than {WORDS_MAX} words"));
    }
    // They go along with each record, and an array's are no longer than a text's.
    if words.iter().map(|word| word.chars().count()).sum::<usize>() > TEXT_CHARS_MAX {
        return Err(format!(
            "is longer than {TEXT_CHARS_MAX} characters altogether"
        ));
    }
    if words
        .iter()
        .any(|word| word.is_empty() || word.contains(char::is_whitespace))
    {
        return Err("has a word that is empty or holds a space".into());
    }
    Ok(words)
}

/// A pattern that compiles.
pub(super) fn pattern(value: &Value) -> Parsed<Pattern> {
    Pattern::parse(text(value)?).map_err(|error| format!("does not compile: {error}"))
}

/// A number of something.
pub(super) fn count(value: &Value, bounds: RangeInclusive<u32>) -> Parsed<u32> {
    let number = match value {
        Value::String(text) => whole(text.trim()),
        _ => whole(&value.to_string()),
    };
    number
        .filter(|number| bounds.contains(number))
        .ok_or_else(|| {
            let (least, most) = (bounds.start(), bounds.end());
            format!("is {value}; write a whole number from {least} to {most}")
        })
}

/// A whole number, also as programs write it that make fractions of a column with blanks: `3.0`.
fn whole<T: FromStr>(text: &str) -> Option<T> {
    let is_nothing = |fraction: &str| !fraction.is_empty() && fraction.bytes().all(|it| it == b'0');
    let number = match text.split_once('.') {
        Some((number, fraction)) if is_nothing(fraction) => number,
        _ => text,
    };
    number.parse().ok()
}

/// Yes or no; `1.0` as programs write 1 that make fractions of a column with blanks.
pub(super) fn flag(value: &Value) -> Parsed<bool> {
    let word = match value {
        Value::String(text) => text.trim().to_lowercase(),
        _ => value.to_string(),
    };
    match word.as_str() {
        "true" | "1" | "1.0" | "yes" | "on" => Ok(true),
        "false" | "0" | "0.0" | "no" | "off" => Ok(false),
        _ => Err(format!("is {value}; write true or false")),
    }
}

/// A percentage. Of 100 nothing could be missed, and less than 1 is a share: 0.999 means 99.9.
pub(super) fn percent(value: &Value) -> Parsed<f64> {
    let number = match value {
        Value::String(text) => text.trim().trim_end_matches('%').trim_end().parse().ok(),
        _ => value.as_f64(),
    };
    let number = number.filter(|number| *number >= 1.0 && *number < 100.0);
    number
        .ok_or_else(|| format!("is {value}; write a percentage such as 99.9, from 1 and below 100"))
}

/// A time: `30`, `30s`, `500ms`, `5m`, `2h`, `1d`; a number is of seconds.
pub(super) fn duration(value: &Value, bounds: RangeInclusive<Duration>) -> Parsed<Duration> {
    let read = match value {
        Value::String(text) => duration_of(text.trim()),
        _ => value
            .as_f64()
            .and_then(|it| Duration::try_from_secs_f64(it).ok()),
    };
    let Some(duration) = read else {
        return Err(format!(
            "is {value}; write a time such as 30, 30s, 500ms or 5m"
        ));
    };
    if !bounds.contains(&duration) {
        let (least, most) = (bounds.start(), bounds.end());
        return Err(format!("is {value}; it can be from {least:?} to {most:?}"));
    }
    Ok(duration)
}

fn duration_of(text: &str) -> Option<Duration> {
    let units = [
        ("ms", 0.001),
        ("s", 1.0),
        ("m", 60.0),
        ("h", 3600.0),
        ("d", 86_400.0),
        ("", 1.0),
    ];
    let (number, unit) = units
        .iter()
        .find_map(|(name, unit)| Some((text.strip_suffix(name)?, unit)))?;
    let number = number.trim_end();
    let plain = number
        .chars()
        .all(|char| char.is_ascii_digit() || char == '.');
    let seconds = number.parse::<f64>().ok().filter(|_| plain)?;
    Duration::try_from_secs_f64(seconds * unit).ok()
}

/// How a target is asked.
pub(super) fn method(value: &Value) -> Parsed<Method> {
    let name = text(value)?.trim().to_ascii_uppercase();
    let found = METHODS.iter().find(|method| method.as_str() == name);
    found.cloned().ok_or_else(|| {
        let names: Vec<_> = METHODS.iter().map(Method::as_str).collect();
        format!("is {value}; write one of {}", names.join(", "))
    })
}

/// 4 or 6.
pub(super) fn ip_version(value: &Value) -> Parsed<IpVersion> {
    match count(value, 4..=6) {
        Ok(4) => Ok(IpVersion::V4),
        Ok(6) => Ok(IpVersion::V6),
        _ => Err(format!("is {value}; write 4 or 6")),
    }
}

/// `200-299 301`, a number, or an array of both.
pub(super) fn statuses(value: &Value) -> Parsed<Statuses> {
    let wrong = || format!("is {value}; write statuses and ranges such as 200-299 301");
    let texts: Vec<String> = match value {
        Value::Array(items) => items
            .iter()
            .map(|item| {
                item.as_str()
                    .map_or_else(|| item.to_string(), str::to_owned)
            })
            .collect(),
        Value::String(text) => vec![text.clone()],
        _ => vec![value.to_string()],
    };
    let ranges = texts
        .iter()
        .flat_map(|text| text.split([' ', ',']))
        .filter(|part| !part.is_empty())
        .map(|part| {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let range = whole(first)?..=whole(last)?;
            let known = STATUSES.contains(range.start()) && STATUSES.contains(range.end());
            (known && !range.is_empty()).then_some(range)
        });
    let ranges: Vec<_> = ranges.collect::<Option<_>>().ok_or_else(wrong)?;
    if ranges.is_empty() {
        return Err(wrong());
    }
    Ok(Statuses(ranges.into()))
}

/// `Name: value | Name: value`, or an object. No error holds a value: it may be a secret.
pub(super) fn headers(value: &Value, variables: &Variables) -> Parsed<HeaderMap> {
    let mut headers = HeaderMap::new();
    for (name, text) in header_pairs(value)? {
        let wrong = |problem: &str| format!("has {name:?}, which {problem}");
        let header =
            HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong("is no name of a header"))?;
        if HEADERS_OF_THE_REQUEST.contains(&header.as_str()) {
            return Err(wrong("follows from the request and cannot be set"));
        }
        let text = expand(text, variables).map_err(|problem| wrong(&problem))?;
        let mut value = HeaderValue::from_bytes(text.as_bytes())
            .map_err(|_| wrong("has a value with a character that no header may hold"))?;
        value.set_sensitive(true);
        headers.append(header, value);
    }
    Ok(headers)
}

fn header_pairs(value: &Value) -> Parsed<Vec<(&str, &str)>> {
    const RIGHT: &str = "write Name: value | Name: value, or an object of strings";
    match value {
        Value::Object(object) => object
            .iter()
            .map(|(name, value)| {
                let value = value.as_str();
                let value =
                    value.ok_or_else(|| format!("has {name:?}, which is not a string; {RIGHT}"))?;
                Ok((name.trim(), value.trim()))
            })
            .collect(),
        Value::String(text) => text
            .split('|')
            .filter(|part| !part.trim().is_empty())
            .map(|part| {
                let pair = part.split_once(':');
                let (name, value) =
                    pair.ok_or_else(|| format!("has a part without a colon; {RIGHT}"))?;
                Ok((name.trim(), value.trim()))
            })
            .collect(),
        _ => Err(format!("is no header; {RIGHT}")),
    }
}

/// What is sent along.
pub(super) fn body(value: &Value, variables: &Variables) -> Parsed<String> {
    let body = expand(text(value)?, variables)?;
    if body.len() > BODY_BYTES_MAX {
        return Err(format!("is larger than {BODY_BYTES_MAX} bytes"));
    }
    Ok(body)
}

/// The text with `${NAME}` replaced by the environment's, or `.env`'s; nothing else is expanded.
fn expand(text: &str, variables: &Variables) -> Parsed<String> {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, behind) = after
            .split_once('}')
            .ok_or("has ${ without its closing brace")?;
        let value = variables.get(name);
        let value =
            value.ok_or_else(|| format!("needs the variable {name:?}, which is not set"))?;
        expanded += before;
        expanded += &value;
        rest = behind;
    }
    Ok(expanded + rest)
}

#[cfg(test)]
mod tests;
