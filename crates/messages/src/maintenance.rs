//! When a website is worked on: `Mon,Thu 23:00 1h Europe/Amsterdam`, one window or several with
//! semicolons between them.

mod parse;
#[cfg(test)]
mod tests;
mod window;

use jiff::Timestamp;

use self::window::Window;

/// Windows of one text, at most.
const WINDOWS_MAX: usize = 20;

/// Windows in which a website is worked on, each by the clock of its own zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Maintenance {
    windows: Vec<Window>,
}

impl Maintenance {
    /// What the text means; or what is wrong with it, and what would be right, to stand behind its
    /// name.
    pub fn parse(text: &str) -> Result<Self, String> {
        let windows = text.split(';').map(str::trim).filter(|it| !it.is_empty());
        let windows: Vec<_> = windows.map(parse::window).collect::<Result<_, _>>()?;
        match windows.len() {
            0 => Err(format!("is empty; {}", parse::RIGHT)),
            1..=WINDOWS_MAX => Ok(Self { windows }),
            _ => Err(format!("has more than {WINDOWS_MAX} windows")),
        }
    }

    /// The spans of time that begin before `until` and end after `since`, in order. Those that meet
    /// are one.
    pub fn spans(&self, since: Timestamp, until: Timestamp) -> Vec<(Timestamp, Timestamp)> {
        let windows = self.windows.iter();
        let mut spans: Vec<_> = windows.flat_map(|it| it.spans(since, until)).collect();
        spans.sort_unstable();
        spans.dedup_by(|next, last| {
            let meet = next.0 <= last.1;
            if meet {
                last.1 = last.1.max(next.1);
            }
            meet
        });
        spans
    }
}
