//! From the words of an address to what is asked for.

use jiff::{SignedDuration, Timestamp, civil::Date};

use crate::{state::State, times};

/// Things of one answer.
const LIMIT: i64 = 100;
const LIMIT_MAX: i64 = 1000;
/// Checks of one answer, as lines.
const LINES_MAX: i64 = 10_000;
/// What a period is when it is not said: up to now, and so long.
const PERIOD: SignedDuration = SignedDuration::from_hours(24);
/// The longest, so that an answer costs what its page is worth.
const PERIOD_MAX: SignedDuration = SignedDuration::from_hours(24 * 400);
const OUTCOMES: [&str; 4] = ["up", "down", "missed", "skipped"];

/// The words that the API understands; each address takes some of them.
#[derive(Debug, Default)]
pub(crate) struct Parameters {
    pub(crate) tag: Option<String>,
    pub(crate) group: Option<String>,
    pub(crate) state: Option<State>,
    pub(crate) outcome: Option<String>,
    pub(crate) location: Option<String>,
    pub(crate) website: Option<i64>,
    /// Incidents: `open` or `closed`.
    pub(crate) status: Option<String>,
    /// As JSON lines.
    pub(crate) is_lines: bool,
    /// Where the page before ended.
    pub(crate) after: Option<String>,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    from: Option<Date>,
    to: Option<Date>,
    limit: Option<i64>,
}

impl Parameters {
    /// Reads the words that an address takes; or what is wrong with them. One that it does not take is
    /// wrong, too: whoever wrote it meant something.
    pub(crate) fn read<'a>(
        taken: &[&str],
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, String> {
        let mut read = Self::default();
        for (name, value) in pairs {
            if !taken.contains(&name) {
                return Err(format!("{name} is none of {}", taken.join(", ")));
            }
            read.take(name, value)?;
        }
        Ok(read)
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "tag" => self.tag = Some(value.to_owned()),
            "group" => self.group = Some(value.to_owned()),
            "location" => self.location = Some(value.to_owned()),
            "after" => self.after = Some(value.to_owned()),
            "state" => {
                let all = || State::ALL.map(State::key).join(", ");
                let state = State::from_key(value);
                self.state = Some(state.ok_or_else(|| format!("state is none of {}", all()))?);
            }
            "outcome" => self.outcome = Some(one_of(name, value, &OUTCOMES)?),
            "status" => self.status = Some(one_of(name, value, &["open", "closed"])?),
            "format" => self.is_lines = one_of(name, value, &["json", "jsonl"])? == "jsonl",
            "website" => self.website = Some(number(name, value, i64::MAX)?),
            "limit" => self.limit = Some(number(name, value, LINES_MAX)?),
            "since" => self.since = Some(time(name, value)?),
            "until" => self.until = Some(time(name, value)?),
            "from" => self.from = Some(day(name, value)?),
            "to" => self.to = Some(day(name, value)?),
            // Every word that an address takes is one of these.
            other => return Err(format!("{other} is not known")),
        }
        Ok(())
    }

    /// How many things are told at once, at most.
    pub(crate) fn limit(&self) -> Result<i64, String> {
        let limit_max = if self.is_lines { LINES_MAX } else { LIMIT_MAX };
        match self.limit.unwrap_or(LIMIT) {
            limit if limit > limit_max => Err(format!("limit is more than {limit_max}")),
            limit => Ok(limit),
        }
    }

    /// From when to when: a day up to now, unless it is said.
    pub(crate) fn period(&self, now: Timestamp) -> Result<(Timestamp, Timestamp), String> {
        let until = self.until.unwrap_or(now + SignedDuration::from_mins(1));
        let since = self
            .since
            .unwrap_or(until.saturating_sub(PERIOD).unwrap_or(until));
        match until.duration_since(since) {
            length if length <= SignedDuration::ZERO => Err("since is not before until".to_owned()),
            length if length > PERIOD_MAX => Err("the period is longer than 400 days".to_owned()),
            _ => Ok((since, until)),
        }
    }

    /// Whether a period was said.
    pub(crate) const fn has_period(&self) -> bool {
        self.since.is_some() || self.until.is_some()
    }

    /// From which day to which: 30 up to today, unless it is said.
    pub(crate) fn days(&self, today: Date) -> Result<(Date, Date), String> {
        let to = self.to.unwrap_or(today);
        let back = jiff::Span::new().days(29);
        let from = self.from.unwrap_or(to.checked_sub(back).unwrap_or(to));
        if from > to {
            return Err("from is after to".to_owned());
        }
        Ok((from, to))
    }
}

fn one_of(name: &str, value: &str, all: &[&str]) -> Result<String, String> {
    if all.contains(&value) {
        Ok(value.to_owned())
    } else {
        Err(format!("{name} is none of {}", all.join(", ")))
    }
}

fn number(name: &str, value: &str, max: i64) -> Result<i64, String> {
    let number = value
        .parse()
        .ok()
        .filter(|number| (1..=max).contains(number));
    number.ok_or_else(|| format!("{name} is not a number from 1 to {max}"))
}

fn time(name: &str, value: &str) -> Result<Timestamp, String> {
    times::asked_for(value)
        .ok_or_else(|| format!("{name} is not a time such as {}", times::EXAMPLE))
}

fn day(name: &str, value: &str) -> Result<Date, String> {
    let day = value
        .parse::<Date>()
        .ok()
        .filter(|day| (2000..3000).contains(&day.year()));
    day.ok_or_else(|| format!("{name} is not a day such as 2026-08-22"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [&str; 6] = ["limit", "since", "until", "state", "format", "from"];

    #[test]
    fn what_is_wrong_is_said() {
        let read = |name, value| Parameters::read(&ALL, [(name, value)]).unwrap_err();
        assert!(read("limit", "0").contains("from 1 to"));
        assert!(read("since", "yesterday").contains("2026-08-22T03:12:00Z"));
        assert!(read("state", "dead").contains("down, partial"));
        assert!(read("form", "x").starts_with("form is none of limit, since"));
        assert!(read("from", "22.8.").contains("a day such as"));
    }

    #[test]
    fn pages_and_periods_are_bounded() {
        let read = |pairs: &[(&'static str, &'static str)]| {
            Parameters::read(&ALL, pairs.iter().copied()).unwrap()
        };
        assert_eq!(read(&[]).limit(), Ok(100));
        assert!(read(&[("limit", "2000")]).limit().is_err());
        assert_eq!(
            read(&[("limit", "2000"), ("format", "jsonl")]).limit(),
            Ok(2000)
        );
        let now = "2026-08-27T12:00:00Z".parse().unwrap();
        assert!(
            read(&[("since", "2024-01-01T00:00:00Z")])
                .period(now)
                .is_err()
        );
        assert!(
            read(&[("since", "2026-08-28T00:00:00Z")])
                .period(now)
                .is_err()
        );
        let (since, _) = read(&[]).period(now).unwrap();
        assert_eq!(since.to_string(), "2026-08-26T12:01:00Z");
    }
}
