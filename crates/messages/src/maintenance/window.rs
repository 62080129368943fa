//! One window, by the clock of its zone.

use jiff::{
    SignedDuration, Timestamp, ToSpan,
    civil::{Date, Time, Weekday},
    tz::TimeZone,
};

/// A window that comes once or again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) days: Days,
    /// When it begins, by the zone's clock. Where the clock skips that time it begins as much later,
    /// where the clock shows it twice, the first time.
    pub(super) time: Time,
    /// How long it lasts, by a clock that nobody sets.
    pub(super) lasts: SignedDuration,
    pub(super) zone: TimeZone,
}

/// On which days it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Days {
    Weekdays(Vec<Weekday>),
    Dates(Vec<Date>),
}

impl Window {
    /// Its spans that begin before `until` and end after `since`.
    pub(super) fn spans(&self, since: Timestamp, until: Timestamp) -> Vec<(Timestamp, Timestamp)> {
        let dates = self.dates(since, until).into_iter();
        let spans = dates.filter_map(|date| self.span(date));
        spans
            .filter(|(start, end)| *start < until && *end > since)
            .collect()
    }

    /// The days of which a span may reach into this time.
    fn dates(&self, since: Timestamp, until: Timestamp) -> Vec<Date> {
        let weekdays = match &self.days {
            Days::Dates(dates) => return dates.clone(),
            Days::Weekdays(weekdays) => weekdays,
        };
        let day_of = |time: Timestamp| self.zone.to_datetime(time).date();
        // What began before may last until now. A day more for clocks that are set.
        let first = since.checked_sub(self.lasts).unwrap_or(since);
        let first = day_of(first).saturating_sub(1.day());
        let days = first
            .series(1.day())
            .take_while(|day| *day <= day_of(until));
        days.filter(|day| weekdays.contains(&day.weekday()))
            .collect()
    }

    fn span(&self, date: Date) -> Option<(Timestamp, Timestamp)> {
        let start = date.to_datetime(self.time);
        let start = self.zone.to_timestamp(start).ok()?;
        Some((start, start.checked_add(self.lasts).ok()?))
    }
}
