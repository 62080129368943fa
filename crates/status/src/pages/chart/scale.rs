//! What stands beside and below a chart: round numbers.

use jiff::{SignedDuration, Timestamp};

use crate::queries::Period;

/// The highest mark is one of these times a power of ten: four steps of it are round.
const ROUND: [f64; 6] = [1.0, 2.0, 4.0, 6.0, 8.0, 10.0];
/// Marks beside the chart, above its foot.
const STEPS: u32 = 4;
/// A chart of nothing shows up to this, in seconds.
const LEAST: f64 = 0.001;

/// What the height of a chart stands for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    top: f64,
}

impl Scale {
    /// The smallest round one that holds so many seconds.
    pub(super) fn up_to(seconds: f64) -> Self {
        let least = seconds.max(LEAST);
        let power = 10_f64.powf(least.log10().floor());
        let holds = ROUND
            .into_iter()
            .map(|round| round * power)
            .find(|top| *top >= least * 0.999);
        Self {
            top: holds.unwrap_or(10.0 * power),
        }
    }

    /// Which part of the height it takes.
    pub(super) fn part(self, seconds: f64) -> f64 {
        (seconds / self.top).clamp(0.0, 1.0)
    }

    /// From the top to the foot; the unit stands with the first.
    pub(super) fn labels(self) -> Vec<String> {
        let (unit, factor) = if self.top >= 2.0 {
            ("s", 1.0)
        } else {
            ("ms", 1000.0)
        };
        let marks = (0..=STEPS).rev();
        let values = marks.map(|step| self.top * factor * f64::from(step) / f64::from(STEPS));
        let mut labels: Vec<_> = values
            .map(|value| format!("{}", (value * 100.0).round() / 100.0))
            .collect();
        labels[0] = format!("{} {unit}", labels[0]);
        labels
    }
}

/// How a mark is spelled: by the server, and by the script.
pub(super) type Format = (&'static str, &'static str);

/// Marks below the chart: where each stands, of the width, and its time.
pub(super) fn ticks(
    since: Timestamp,
    until: Timestamp,
    period: Period,
) -> Vec<(f64, Timestamp, Format)> {
    let (hours, format): (i64, Format) = match period {
        Period::Hour => (0, ("%H:%M", "5")),
        Period::Day => (3, ("%H:%M", "5")),
        Period::Week => (24, ("%-d %b", "D")),
        Period::Month => (5 * 24, ("%-d %b", "D")),
    };
    let every = match hours {
        0 => SignedDuration::from_mins(10),
        hours => SignedDuration::from_hours(hours),
    };
    let length = until.duration_since(since).as_secs_f64().max(1.0);
    let seconds = every.as_secs();
    let first = since.as_second().div_euclid(seconds) * seconds + seconds;
    let marks = (0..).map_while(|number| Timestamp::from_second(first + number * seconds).ok());
    marks
        .take_while(|at| *at < until)
        .map(|at| (at.duration_since(since).as_secs_f64() / length, at, format))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_round() {
        assert_eq!(
            Scale::up_to(0.34).labels(),
            ["400 ms", "300", "200", "100", "0"]
        );
        assert_eq!(Scale::up_to(2.41).labels(), ["4 s", "3", "2", "1", "0"]);
        assert_eq!(Scale::up_to(0.0).labels()[0], "1 ms");
        assert_eq!(Scale::up_to(1.0).labels()[0], "1000 ms");
        let since = "2026-08-26T14:30:00Z".parse().unwrap();
        let until = "2026-08-27T14:32:10Z".parse().unwrap();
        let ticks = ticks(since, until, Period::Day);
        assert_eq!(ticks.len(), 8);
        assert_eq!(ticks[0].1.to_string(), "2026-08-26T15:00:00Z");
    }
}
