//! Which part of a website's time is asked for.

use jiff::{SignedDuration, Timestamp, civil::Date};

use crate::times;

/// A website's page, as it is looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct View {
    pub(crate) period: Period,
    /// From this location; `None`: all of them together.
    pub(crate) from: Option<String>,
    pub(crate) day: Option<Date>,
    /// Checks before this time; `None`: the last ones.
    pub(crate) before: Option<Timestamp>,
}

/// How far back response times are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Period {
    Hour,
    #[default]
    Day,
    Week,
    Month,
}

impl Period {
    pub(crate) const ALL: [Self; 4] = [Self::Hour, Self::Day, Self::Week, Self::Month];

    /// As the address spells it.
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::Hour => "1h",
            Self::Day => "24h",
            Self::Week => "7d",
            Self::Month => "30d",
        }
    }

    /// For a person.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Hour => "1 h",
            Self::Day => "24 h",
            Self::Week => "7 d",
            Self::Month => "30 d",
        }
    }

    /// How long it is.
    pub(crate) const fn length(self) -> SignedDuration {
        SignedDuration::from_hours(match self {
            Self::Hour => 1,
            Self::Day => 24,
            Self::Week => 7 * 24,
            Self::Month => 30 * 24,
        })
    }

    /// What a point stands for: as many as make about a hundred.
    pub(crate) const fn step(self) -> SignedDuration {
        SignedDuration::from_secs(match self {
            Self::Hour => 60,
            Self::Day => 15 * 60,
            Self::Week => 2 * 3600,
            Self::Month => 6 * 3600,
        })
    }

    /// It is short enough to be read from the results themselves.
    pub(crate) const fn is_fine(self) -> bool {
        matches!(self, Self::Hour | Self::Day)
    }
}

impl View {
    /// From the words of an address; or what is wrong with them.
    pub(crate) fn read<'a>(
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, String> {
        let mut view = Self::default();
        for (name, value) in pairs {
            if value.is_empty() && name != "from" {
                continue;
            }
            match name {
                "period" => view.period = period(value)?,
                "from" => view.from = Some(value.to_owned()),
                "day" => view.day = Some(day(value)?),
                "before" => view.before = Some(before(value)?),
                _ => {}
            }
        }
        Ok(view)
    }
}

fn period(word: &str) -> Result<Period, String> {
    let found = Period::ALL.into_iter().find(|period| period.key() == word);
    found.ok_or_else(|| {
        format!(
            "period is none of {}",
            Period::ALL.map(Period::key).join(", ")
        )
    })
}

fn day(word: &str) -> Result<Date, String> {
    let day = word
        .parse::<Date>()
        .ok()
        .filter(|day| (2000..3000).contains(&day.year()));
    day.ok_or_else(|| "day is not a date such as 2026-08-22".to_owned())
}

fn before(word: &str) -> Result<Timestamp, String> {
    times::asked_for(word).ok_or_else(|| format!("before is not a time such as {}", times::EXAMPLE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_said() {
        let read = |name, value| View::read([(name, value)]).unwrap_err();
        assert!(read("period", "2h").contains("1h, 24h"));
        assert!(read("day", "22 August").contains("2026-08-22"));
        assert!(read("day", "-004000-01-01").contains("2026-08-22"));
        assert!(read("before", "now").contains("T03:12"));
        let view = View::read([("day", ""), ("period", "7d")]).unwrap();
        assert_eq!((view.day, view.period), (None, Period::Week));
    }
}
