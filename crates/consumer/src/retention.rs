//! How long things stay in the database.

use jiff::Timestamp;

const DAY_SECONDS: i64 = 86_400;

/// How long things stay, in days; 0: for ever.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_field_names, reason = "units stand last")]
pub struct Retention {
    /// Rows: the days before today (UTC) that are kept whole.
    pub rows_days: u16,
    /// Roll-ups of hours: the days before today (UTC) of which they are kept.
    pub hours_days: u16,
    /// Dead letters, from when they were stored.
    pub letters_days: u16,
    /// What was told, from when it was over; incidents stay.
    pub told_days: u16,
}

impl Retention {
    /// The first due time whose rows are kept: midnight (UTC), since whole days are dropped.
    pub(crate) fn kept_since(self, now: Timestamp) -> Option<Timestamp> {
        let days = i64::from(self.rows_days);
        if days == 0 {
            return None;
        }
        let today = now.as_second().div_euclid(DAY_SECONDS);
        // Before the first year that the calendar has, nothing is due.
        Timestamp::from_second((today - days) * DAY_SECONDS).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_days_are_kept_and_none_is_dropped_without_a_bound() {
        let now = "2026-11-25T03:12:00Z".parse().unwrap();
        let days = |rows_days| Retention {
            rows_days,
            ..Retention::default()
        };
        let kept = days(2).kept_since(now).unwrap();
        assert_eq!(kept, "2026-11-23T00:00:00Z".parse().unwrap());
        assert_eq!(days(0).kept_since(now), None);
    }
}
