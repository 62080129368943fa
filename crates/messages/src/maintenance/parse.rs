//! From the words of a window to what they mean.

use std::sync::LazyLock;

use jiff::{
    SignedDuration,
    civil::{Date, Time, Weekday},
    tz::{TimeZone, TimeZoneDatabase},
};

use super::window::{Days, Window};

/// What would be right.
pub(super) const RIGHT: &str = "write days, time, duration and time zone, as \
    `Mon,Thu 23:00 1h Europe/Amsterdam`, `daily 02:30 45m UTC` or `2026-12-24 18:00 6h Europe/Berlin`";
/// A window that lasts longer is better several.
const LASTS_MAX: SignedDuration = SignedDuration::from_hours(7 * 24);
const LASTS_MIN: SignedDuration = SignedDuration::from_mins(1);
/// Dates of one window.
pub(super) const DATES_MAX: usize = 100;
/// Not the machine's: monitor and consumer have the same answer, and an image without zones has it, too.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);
const WEEK: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

/// One window.
pub(super) fn window(text: &str) -> Result<Window, String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let [days_word, time_word, lasts_word, zone_word] = words[..] else {
        return Err(format!("has {text:?}, which is not four words: {RIGHT}"));
    };
    Ok(Window {
        days: days(days_word)?,
        time: time(time_word)?,
        lasts: lasts(lasts_word)?,
        zone: zone(zone_word)?,
    })
}

fn days(word: &str) -> Result<Days, String> {
    if word.eq_ignore_ascii_case("daily") {
        let all = WEEK.map(|(_, weekday)| weekday);
        return Ok(Days::Weekdays(all.to_vec()));
    }
    let parts: Vec<&str> = word.split(',').collect();
    if word.starts_with(|it: char| it.is_ascii_digit()) {
        if parts.len() > DATES_MAX {
            return Err(format!("has more than {DATES_MAX} dates"));
        }
        let dates: Result<Vec<Date>, _> = parts.iter().map(|it| it.parse()).collect();
        return dates.map(Days::Dates).map_err(|_| wrong_days(word));
    }
    let mut weekdays = Vec::new();
    for part in parts {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (Some(first), Some(last)) = (weekday(first), weekday(last)) else {
            return Err(wrong_days(word));
        };
        weekdays.push(first);
        // `Fri-Mon` goes over the week's end.
        let mut day = first;
        while day != last {
            day = day.next();
            weekdays.push(day);
        }
    }
    Ok(Days::Weekdays(weekdays))
}

fn wrong_days(word: &str) -> String {
    format!(
        "has the days {word:?}: write weekdays as `Mon,Thu` or `Mon-Fri`, `daily`, or dates as \
         `2026-12-24`"
    )
}

/// A weekday by its first three letters or its whole name.
fn weekday(word: &str) -> Option<Weekday> {
    let word = word.to_ascii_lowercase();
    let (_, weekday) = WEEK.iter().find(|(short, _)| word.starts_with(short))?;
    let name = format!("{weekday:?}").to_ascii_lowercase();
    (word.len() == 3 || word == name).then_some(*weekday)
}

fn time(word: &str) -> Result<Time, String> {
    let wrong = || format!("has the time {word:?}: write it as `23:00`");
    let (hour, minute) = word.split_once(':').ok_or_else(wrong)?;
    let number = |text: &str| {
        let is_short = (1..=2).contains(&text.len());
        let is_number = text.bytes().all(|it| it.is_ascii_digit());
        (is_short && is_number).then(|| text.parse().ok()).flatten()
    };
    let (Some(hour), Some(minute)) = (number(hour), number(minute)) else {
        return Err(wrong());
    };
    Time::new(hour, minute, 0, 0).map_err(|_| wrong())
}

fn lasts(word: &str) -> Result<SignedDuration, String> {
    let wrong = || {
        format!(
            "has the duration {word:?}: write it as `1h`, `90m` or `1h30m`, from a minute to 168h"
        )
    };
    if !word.starts_with(|it: char| it.is_ascii_digit()) {
        return Err(wrong());
    }
    let lasts: SignedDuration = word.parse().map_err(|_| wrong())?;
    if (LASTS_MIN..=LASTS_MAX).contains(&lasts) {
        Ok(lasts)
    } else {
        Err(wrong())
    }
}

fn zone(word: &str) -> Result<TimeZone, String> {
    ZONES.get(word).map_err(|_| {
        format!("has the time zone {word:?}, which is not known: write it as `Europe/Amsterdam` or `UTC`")
    })
}
