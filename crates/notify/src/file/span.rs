//! Times as people write them: "30s", "5m", "4h", "1d".

use std::time::Duration;

const UNITS: &[(&str, u64)] = &[("s", 1), ("m", 60), ("h", 3600), ("d", 86_400)];
/// A year.
const SECONDS_MAX: u64 = 366 * 86_400;

/// The time that a text says; longer than nothing.
pub(super) fn parse(text: &str) -> Option<Duration> {
    let text = text.trim();
    let seconds = UNITS.iter().find_map(|(unit, seconds)| {
        let number: u64 = text.strip_suffix(unit)?.trim_end().parse().ok()?;
        number.checked_mul(*seconds)
    })?;
    (1..=SECONDS_MAX)
        .contains(&seconds)
        .then(|| Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_its_unit() {
        assert_eq!(parse("90s"), Some(Duration::from_secs(90)));
        assert_eq!(parse(" 4 h "), Some(Duration::from_hours(4)));
        assert_eq!(parse("1d"), Some(Duration::from_hours(24)));
        for wrong in ["", "4", "h", "-1h", "0s", "1.5h", "4 hours", "9999999999d"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
