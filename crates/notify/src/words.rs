//! How an alert reads.

use jiff::Timestamp;

use crate::news::{News, Site};

const SECONDS_A_MINUTE: i64 = 60;
const MINUTES_AN_HOUR: i64 = 60;
const HOURS_A_DAY: i64 = 24;
/// Websites that a text lists, a line each.
const LISTED_MAX: usize = 20;

/// All in one line: "example.org: connect timed out", "41 sites: connect timed out, 203.0.113.7".
pub(crate) fn headline(news: &News, sites_count: usize) -> String {
    let is_joined = news.told_before > 0;
    let mut line = match (news.sites.as_slice(), sites_count) {
        (_, 0) => news.what.clone(),
        ([site], 1) if is_joined => format!("{}, too: {}", site.name, news.what),
        ([site], 1) => format!("{}: {}", site.name, news.what),
        (_, count) if is_joined => format!("{count} more sites: {}", news.what),
        (_, count) => format!("{count} sites: {}", news.what),
    };
    if (sites_count > 1 || is_joined)
        && let Some(address) = &news.address
    {
        line = format!("{line}, {address}");
    }
    let up_again = up_again(news).count();
    if up_again > 0 {
        line = format!("{line}; {up_again} of them up again");
    }
    if is_joined {
        let now = i64::try_from(sites_count).unwrap_or(i64::MAX);
        line = format!("{line} ({} so far)", news.told_before.saturating_add(now));
    }
    // It becomes a subject, or a line of a log.
    plain(&line)
}

/// The rest, a line each.
pub(crate) fn lines(news: &News, sites_count: usize) -> Vec<String> {
    let mut lines = Vec::new();
    if let [site] = news.sites.as_slice()
        && site.name != site.url
    {
        lines.push(site.url.clone());
    }
    let told = [
        ("Since", news.since.map(|since| time(news, since))),
        ("Reason", reason(news)),
        ("What it means", news.meaning.clone()),
        ("What to try", news.remedy.clone()),
        ("Detail", news.detail.clone()),
        ("Last good check", news.last_good_at.map(moment)),
        ("More", news.link.clone()),
    ];
    for (name, text) in told {
        lines.extend(text.map(|text| format!("{name}: {text}")));
    }
    if sites_count > 1 {
        let sites = news.sites.iter().take(LISTED_MAX);
        lines.extend(sites.map(|site| listed(site, news)));
        let listed = news.sites.len().min(LISTED_MAX);
        if sites_count > listed {
            lines.push(format!("… and {} more", sites_count - listed));
        }
    }
    lines.iter().map(|line| plain(line)).collect()
}

fn listed(site: &Site, news: &News) -> String {
    let mut line = if site.name == site.url {
        format!("- {}", site.url)
    } else {
        format!("- {} ({})", site.name, site.url)
    };
    if let (None, Some(since), Some(until)) = (news.until, site.since, site.until) {
        line = format!("{line}, up again after {}", span(since, until));
    }
    line
}

/// Websites of which this alert tells beginning and end, while others of it are still down: no other alert
/// tells their end.
fn up_again(news: &News) -> impl Iterator<Item = &Site> {
    let sites = news.sites.iter().filter(|_| news.until.is_none());
    sites.filter(|site| site.until.is_some())
}

fn time(news: &News, since: Timestamp) -> String {
    match news.until {
        Some(until) => format!(
            "{}, until {}: {}",
            moment(since),
            moment(until),
            span(since, until)
        ),
        None => moment(since),
    }
}

fn reason(news: &News) -> Option<String> {
    let reason = news.reason.as_ref()?;
    let mut text = reason.clone();
    if let Some(phase) = &news.phase {
        text = format!("{text}, in the phase {phase}");
    }
    if let Some(address) = &news.address {
        text = format!("{text}, {address}");
    }
    Some(text)
}

/// A time as people read it: to the second, in UTC.
pub fn moment(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// How long something took, by its two largest units: "2 h 5 min".
pub fn span(since: Timestamp, until: Timestamp) -> String {
    let seconds = (until.as_second() - since.as_second()).max(0);
    let minutes = seconds / SECONDS_A_MINUTE;
    let hours = minutes / MINUTES_AN_HOUR;
    let days = hours / HOURS_A_DAY;
    let two = |large: i64, name: &str, small: i64, small_name: &str| {
        if small == 0 {
            format!("{large} {name}")
        } else {
            format!("{large} {name} {small} {small_name}")
        }
    };
    if days > 0 {
        two(days, "d", hours % HOURS_A_DAY, "h")
    } else if hours > 0 {
        two(hours, "h", minutes % MINUTES_AN_HOUR, "min")
    } else if minutes > 0 {
        two(minutes, "min", seconds % SECONDS_A_MINUTE, "s")
    } else {
        format!("{seconds} s")
    }
}

fn plain(text: &str) -> String {
    text.replace(char::is_control, " ")
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::alert::Alert;

    fn site(name: &str) -> Site {
        Site {
            name: name.to_owned(),
            url: format!("https://{name}/"),
            ..Site::default()
        }
    }

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn one_site_is_named_and_many_are_counted() {
        let mut news = News {
            what: "connect\ntimed out".to_owned(),
            address: Some("203.0.113.7".to_owned()),
            sites: vec![site("a")],
            ..News::default()
        };
        let alert = Alert::new(Uuid::nil(), news.clone());
        assert_eq!(alert.headline, "a: connect timed out");
        news.sites = (0..41).map(|number| site(&number.to_string())).collect();
        let alert = Alert::new(Uuid::nil(), news);
        assert_eq!(alert.headline, "41 sites: connect timed out, 203.0.113.7");
        let lines = alert.lines();
        assert_eq!(lines.len(), LISTED_MAX + 1);
        assert_eq!(lines[0], "- 0 (https://0/)");
        assert_eq!(lines[LISTED_MAX], "… and 21 more");
    }

    #[test]
    fn websites_that_join_a_cause_are_told_as_more() {
        let mut news = News {
            what: "connect timed out".to_owned(),
            address: Some("203.0.113.7".to_owned()),
            sites: vec![site("a"), site("b")],
            told_before: 41,
            ..News::default()
        };
        let headline = |news: &News| Alert::new(Uuid::nil(), news.clone()).headline;
        assert_eq!(
            headline(&news),
            "2 more sites: connect timed out, 203.0.113.7 (43 so far)"
        );
        news.sites.pop();
        assert_eq!(
            headline(&news),
            "a, too: connect timed out, 203.0.113.7 (42 so far)"
        );
    }

    #[test]
    fn who_is_up_again_before_the_others_are_told_is_told_as_that() {
        let mut back = site("b");
        back.since = Some(time("2026-11-26T03:12:00Z"));
        back.until = Some(time("2026-11-26T03:12:20Z"));
        let mut news = News {
            what: "status 500".to_owned(),
            sites: vec![site("a"), back.clone()],
            ..News::default()
        };
        let alert = Alert::new(Uuid::nil(), news.clone());
        assert_eq!(alert.headline, "2 sites: status 500; 1 of them up again");
        let expected = ["- a (https://a/)", "- b (https://b/), up again after 20 s"];
        assert_eq!(alert.lines(), expected);

        news.what = "up again after 20 s: status 500; 1 still down".to_owned();
        (news.until, news.sites) = (back.until, vec![back.clone(), back]);
        let end = Alert::new(Uuid::nil(), news);
        assert_eq!(
            end.headline,
            "2 sites: up again after 20 s: status 500; 1 still down"
        );
        assert_eq!(end.lines()[1], "- b (https://b/)", "all of them are");
    }

    #[test]
    fn a_span_has_its_two_largest_units() {
        let since = time("2026-11-26T03:12:00Z");
        for (until, words) in [
            ("2026-11-26T03:12:20Z", "20 s"),
            ("2026-11-26T03:15:00Z", "3 min"),
            ("2026-11-26T05:17:09Z", "2 h 5 min"),
            ("2026-11-29T04:12:00Z", "3 d 1 h"),
            ("2026-11-26T03:11:00Z", "0 s"),
        ] {
            assert_eq!(span(since, time(until)), words);
        }
    }

    #[test]
    fn all_that_is_known_is_told() {
        let news = News {
            what: "up again after 20 s".to_owned(),
            sites: vec![site("a")],
            since: Some(time("2026-11-26T03:12:00Z")),
            until: Some(time("2026-11-26T03:12:20Z")),
            reason: Some("connect_timeout".to_owned()),
            phase: Some("connect".to_owned()),
            last_good_at: Some(time("2026-11-26T03:11:00Z")),
            link: Some("https://status.test/incidents/17".to_owned()),
            ..News::default()
        };
        let lines = Alert::new(Uuid::nil(), news).lines();
        assert_eq!(
            lines,
            [
                "https://a/",
                "Since: 2026-11-26 03:12:00 UTC, until 2026-11-26 03:12:20 UTC: 20 s",
                "Reason: connect_timeout, in the phase connect",
                "Last good check: 2026-11-26 03:11:00 UTC",
                "More: https://status.test/incidents/17",
            ]
        );
    }
}
