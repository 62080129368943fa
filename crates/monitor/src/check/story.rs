//! How the probe went, hop by hop: what the record does not hold.

use std::{net::SocketAddr, time::Duration};

use messages::Phase;

use super::answered::answered;
use crate::probe::{Excerpt, Fate, Hop, Story};

/// Stand where a match begins and ends, until it is known how that is shown.
pub(super) const MATCH_BEGIN: char = '\u{e000}';
pub(super) const MATCH_END: char = '\u{e001}';

/// The hops, where there is more than one: each with its answer, and how long it took.
pub(super) fn hops(story: &Story) -> Vec<(String, String)> {
    if story.hops.len() < 2 {
        return Vec::new();
    }
    let hops = (1..).zip(&story.hops);
    let told = hops.flat_map(|(number, hop)| {
        let answer = hop.answer.map_or_else(
            || "no answer".to_owned(),
            |(status, version)| answered(status, version),
        );
        [
            (format!("hop {number}"), hop.url.clone()),
            (String::new(), answer),
            (String::new(), times(&hop.times)),
        ]
    });
    told.collect()
}

/// The addresses of the last hop: which of them was asked, and what became of the others.
pub(super) fn addresses(story: &Story) -> Option<String> {
    let hop = story.hops.last()?;
    let told: Vec<_> = hop.addresses.iter().map(|it| address(it, hop)).collect();
    (!told.is_empty()).then(|| told.join("; "))
}

fn address((address, fate): &(SocketAddr, Fate), hop: &Hop) -> String {
    match fate {
        Fate::Taken if hop.addresses.len() == 1 => address.to_string(),
        Fate::Taken => format!("{address} taken"),
        Fate::Silent => format!("{address} silent"),
        Fate::NotTried => format!("{address} not tried"),
        Fate::Failed(reason) => format!("{address} {}", reason.advice().short),
    }
}

/// The headers that matter, of the last answer.
pub(super) fn headers(story: &Story) -> Vec<(String, String)> {
    let answers = story.hops.iter().rev();
    let last = answers.map(|hop| &hop.headers).find(|it| !it.is_empty());
    let lines = last.into_iter().flatten();
    let lines = lines.map(|(name, value)| format!("{name}: {value}"));
    let names = ["headers"].into_iter().chain(std::iter::repeat(""));
    names.map(str::to_owned).zip(lines).collect()
}

/// What was found by this setting, in its surroundings.
pub(super) fn excerpt(story: &Story, by: &str) -> Option<String> {
    let (_, excerpt) = story.excerpts.iter().find(|(it, _)| *it == by)?;
    let Excerpt {
        before,
        matched,
        after,
    } = excerpt;
    let [before, matched, after] =
        [before, matched, after].map(|text| text.replace([MATCH_BEGIN, MATCH_END], "\u{fffd}"));
    Some(format!("{before}{MATCH_BEGIN}{matched}{MATCH_END}{after}"))
}

fn times(times: &[(Phase, Duration)]) -> String {
    let whole: Duration = times.iter().map(|(_, time)| *time).sum();
    let phases = times
        .iter()
        .map(|(phase, time)| format!("{} {}", phase.as_str(), ms(*time)));
    let phases: Vec<_> = phases.collect();
    format!("{} ms ({})", ms(whole), phases.join(", "))
}

fn ms(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use messages::{FailureReason, HttpVersion};

    use super::*;

    fn hop(url: &str, status: u16) -> Hop {
        Hop {
            url: url.into(),
            addresses: Vec::new(),
            answer: Some((status, HttpVersion::Http11)),
            headers: vec![("server", "nginx".into()), ("age", "5".into())],
            times: vec![
                (Phase::Connect, Duration::from_micros(1_500)),
                (Phase::FirstByte, Duration::from_millis(2)),
            ],
        }
    }

    #[test]
    fn every_hop_has_its_answer_and_its_times() {
        let mut story = Story::default();
        story.hops.push(hop("http://a.example/", 301));
        assert_eq!(hops(&story), []);
        story.hops.push(hop("https://a.example/", 200));
        let told: Vec<_> = hops(&story).into_iter().map(|(_, words)| words).collect();
        assert_eq!(told[0], "http://a.example/");
        assert_eq!(told[1], "301 Moved Permanently, HTTP/1.1");
        assert_eq!(told[2], "3.5 ms (connect 1.5, first_byte 2.0)");
        assert_eq!(headers(&story)[0].1, "server: nginx");
        assert_eq!(headers(&story)[1], (String::new(), "age: 5".into()));
    }

    #[test]
    fn every_address_has_its_fate() {
        let mut story = Story::default();
        let mut hop = hop("http://a.example/", 200);
        let address = |port| SocketAddr::from(([192, 0, 2, 1], port));
        hop.addresses = vec![
            (address(1), Fate::Failed(FailureReason::ConnectRefused)),
            (address(2), Fate::Silent),
            (address(3), Fate::Taken),
            (address(4), Fate::NotTried),
        ];
        story.hops.push(hop);
        assert_eq!(
            addresses(&story).unwrap(),
            "192.0.2.1:1 connection refused; 192.0.2.1:2 silent; 192.0.2.1:3 taken; \
             192.0.2.1:4 not tried"
        );
    }
}
