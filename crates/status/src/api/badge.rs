//! A website's state, availability or response time as an image, for other people's pages.

use maud::{Markup, html};

use crate::{queries::Website, state::State, words};

/// Units of width a letter takes, about, and what stands around a text.
const LETTER: usize = 7;
const MARGIN: usize = 10;
/// Letters of a name that are shown.
const LETTERS_MAX: usize = 40;

/// What a badge tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Badge {
    /// up, down, …
    State,
    /// Availability over so many days.
    Uptime(i64),
    /// The mean of a day.
    Response,
}

impl Badge {
    /// From the word of an address; or what is wrong with it.
    pub(crate) fn read(word: Option<&str>) -> Result<Self, String> {
        match word {
            None | Some("state") => Ok(Self::State),
            Some("uptime" | "uptime90") => Ok(Self::Uptime(90)),
            Some("uptime30") => Ok(Self::Uptime(30)),
            Some("uptime7") => Ok(Self::Uptime(7)),
            Some("response") => Ok(Self::Response),
            Some(_) => {
                Err("show is none of state, uptime7, uptime30, uptime90, response".to_owned())
            }
        }
    }
}

/// The image.
pub(crate) fn badge(website: &Website, badge: Badge) -> Markup {
    let name: String = website.title().chars().take(LETTERS_MAX).collect();
    let (text, colour) = match badge {
        Badge::State => (website.state.word().to_owned(), colour(website.state)),
        Badge::Uptime(days) => (uptime(website, days), colour(website.state)),
        Badge::Response => (response(website), colour(website.state)),
    };
    let (left, right) = (width(&name), width(&text));
    let whole = left + right;
    let label = format!("{name}: {text}");
    html! {
        svg xmlns="http://www.w3.org/2000/svg" width=(whole) height="20" role="img" aria-label=(label) {
            title { (label) }
            rect width=(whole) height="20" rx="4" fill="#3b3e45" {}
            path d=(format!("M{left} 0h{}a4 4 0 0 1 4 4v12a4 4 0 0 1-4 4h-{}z", right - 4, right - 4)) fill=(colour) {}
            g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" {
                text x=(left / 2) y="14" { (name) }
                text x=(left + right / 2) y="14" { (text) }
            }
        }
    }
}

fn width(text: &str) -> usize {
    text.chars().count() * LETTER + MARGIN
}

/// Dark enough for white letters.
const fn colour(state: State) -> &'static str {
    match state {
        State::Up => "#17724f",
        State::Down => "#b31f2b",
        State::Partial => "#a3430c",
        State::Slow => "#835600",
        State::Maintenance => "#2b57ae",
        State::Silent | State::Never => "#4d5870",
    }
}

fn uptime(website: &Website, days: i64) -> String {
    let since = 90 - days;
    let of_days = website.days.iter().filter(|day| day.0 >= since);
    let mut share = crate::share::Share::default();
    for day in of_days {
        share += day.share();
    }
    match share.availability() {
        Some(good) => format!("{good} in {days} d"),
        None => "not known".to_owned(),
    }
}

fn response(website: &Website) -> String {
    let mean = website.response_mean();
    mean.map_or_else(|| "not known".to_owned(), words::response_time)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How bright a colour is to the eye, from 0 to 1: the relative luminance of WCAG 2.
    fn luminance(colour: &str) -> f64 {
        let part = |from: usize| {
            let part = u8::from_str_radix(&colour[from..from + 2], 16).unwrap();
            let part = f64::from(part) / 255.0;
            if part <= 0.040_45 {
                part / 12.92
            } else {
                ((part + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5)
    }

    #[test]
    fn white_letters_can_be_read_on_each_state_s_colour() {
        let states = [
            State::Down,
            State::Partial,
            State::Slow,
            State::Silent,
            State::Maintenance,
            State::Never,
            State::Up,
        ];
        for state in states {
            let contrast = 1.05 / (luminance(colour(state)) + 0.05);
            assert!(contrast >= 4.5, "{state:?}: {contrast:.2}");
        }
    }
}
