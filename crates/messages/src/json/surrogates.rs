//! Halves of surrogate pairs: `\ud83d` without its other half is no character, but the original's JSON
//! writes and reads it. A record is not lost for it: U+FFFD stands in its place.

use std::ops::RangeInclusive;

/// `\u` and four digits.
const ESCAPE_BYTES: usize = 6;
const HIGH: RangeInclusive<u16> = 0xd800..=0xdbff;
const LOW: RangeInclusive<u16> = 0xdc00..=0xdfff;
const REPLACEMENT: &[u8; ESCAPE_BYTES] = br"\ufffd";

/// The JSON with what stands for lone halves, if there are any.
pub(super) fn mended(json: &[u8]) -> Option<Vec<u8>> {
    let mut mended = json.to_vec();
    let (mut at, mut is_mended) = (0, false);
    while at < json.len() {
        let rest = &json[at..];
        at += match (rest, escaped(rest)) {
            (_, Some(code)) if HIGH.contains(&code) && is_low(&rest[ESCAPE_BYTES..]) => {
                2 * ESCAPE_BYTES
            }
            (_, Some(code)) if HIGH.contains(&code) || LOW.contains(&code) => {
                mended[at..at + ESCAPE_BYTES].copy_from_slice(REPLACEMENT);
                is_mended = true;
                ESCAPE_BYTES
            }
            // What follows a backslash is no beginning of an escape.
            ([b'\\', ..], _) => 2,
            _ => 1,
        };
    }
    is_mended.then_some(mended)
}

fn is_low(text: &[u8]) -> bool {
    escaped(text).is_some_and(|code| LOW.contains(&code))
}

/// The number of the escape that a text begins with.
fn escaped(text: &[u8]) -> Option<u16> {
    let digits = text.strip_prefix(br"\u")?.get(..4)?;
    // A sign would be taken for one of a number.
    let digits = digits.iter().all(u8::is_ascii_hexdigit).then_some(digits)?;
    u16::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lone_halves_are_replaced_and_nothing_else() {
        for (json, expected) in [
            (r"\ud83d", r"\ufffd"),
            (r"\uDE00 \ud83d", r"\ufffd \ufffd"),
            (r"\ud83d\ud83d\ude00", r"\ufffd\ud83d\ude00"),
            (r"\\\ud83dx", r"\\\ufffdx"),
            (r"\ud83d\n", r"\ufffd\n"),
        ] {
            let mended = mended(json.as_bytes());
            assert_eq!(mended.as_deref(), Some(expected.as_bytes()), "{json}");
        }
        for json in [
            r"\ud83d\ude00",
            r"\\ud83d",
            r"\u00e9",
            r"\ud83",
            r"\u+83d",
            "",
            "\\",
        ] {
            assert_eq!(mended(json.as_bytes()), None, "{json}");
        }
    }
}
