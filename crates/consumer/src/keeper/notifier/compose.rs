//! What is told together, and in which words. Pure: no I/O, no clock.

use std::{collections::BTreeMap, net::IpAddr};

use messages::FailureReason;
use notify::{Alert, News, Site, span};

use super::pending::{Incident, Pending};

/// What becomes one alert.
#[derive(Debug)]
pub(super) struct Gathered {
    pub(super) receiver: String,
    pub(super) alert: Alert,
    /// The rows of the outbox that it tells.
    pub(super) rows: Vec<i64>,
    /// The incidents that began for one cause.
    pub(super) incidents: Vec<i64>,
}

/// What is told together: by whom it is heard, of which kind, and what makes it one.
type Together = (String, &'static str, String);

/// Makes alerts of what waits. Those that are too young to have met all of their kind go on waiting.
pub(super) fn compose(
    pending: Vec<Pending>,
    group_wait_seconds: f64,
    status_url: Option<&str>,
) -> Vec<Gathered> {
    let mut groups: BTreeMap<Together, Vec<Pending>> = BTreeMap::new();
    let mut ends = BTreeMap::new();
    for row in pending {
        match together(&row) {
            Some(together) => groups.entry(together).or_default().push(row),
            // It ends what is not told yet: told with it, or after it.
            None => {
                ends.insert((row.receiver.clone(), row.subject.clone()), row.id);
            }
        }
    }
    let ripe = groups
        .into_values()
        .filter(|rows| rows.iter().any(|row| row.age >= group_wait_seconds));
    let gathered = ripe.filter_map(|rows| {
        let mut told: Vec<_> = rows.iter().map(|row| row.id).collect();
        let over = rows.iter();
        told.extend(over.filter_map(|row| ends.get(&(row.receiver.clone(), row.subject.clone()))));
        let first = rows.first()?;
        let mut news = match first.kind.as_str() {
            "down" => began(&rows),
            "up" => ended(&rows)?,
            _ if first.incident.is_some() => reminded(&rows),
            _ => other(&rows)?,
        };
        if news.link.is_none() {
            news.link = link(&news, status_url);
        }
        Some(Gathered {
            receiver: first.receiver.clone(),
            incidents: match first.kind.as_str() {
                "down" => rows
                    .iter()
                    .filter_map(|row| Some(row.incident.as_ref()?.id))
                    .collect(),
                _ => Vec::new(),
            },
            alert: Alert::new(first.alert_id, news),
            rows: told,
        })
    });
    gathered.collect()
}

/// What a row is told together with; nothing for an end whose beginning is not told yet.
fn together(row: &Pending) -> Option<Together> {
    let receiver = row.receiver.clone();
    Some(match (row.kind.as_str(), &row.incident) {
        ("up", _) => (receiver, "up", row.told.as_ref()?.news.key.clone()),
        ("down", Some(incident)) => (receiver, "down", cause(incident)),
        (_, Some(incident)) => (
            receiver,
            "incident",
            format!("{} {}", row.kind, cause(incident)),
        ),
        (kind, None) => {
            let what = row.news.as_ref().map(|news| &news.what);
            (receiver, "other", format!("{kind} {}", what?))
        }
    })
}

/// Reason and address: what makes several incidents one.
fn cause(incident: &Incident) -> String {
    let address = address(incident).map(|address| address.to_string());
    format!("{} {}", what(incident), address.unwrap_or_default())
}

/// Websites went down for one cause. Some may be up again by now: then this tells both.
fn began(rows: &[Pending]) -> News {
    let sites = sites(rows);
    let is_over = sites.iter().all(|site| site.until.is_some());
    let mut news = about(rows, sites);
    if let (true, Some(since), Some(until)) = (is_over, news.since, news.until) {
        news.is_over = true;
        news.what = format!("was down for {}: {}", span(since, until), news.what);
    } else {
        news.until = None;
    }
    "down".clone_into(&mut news.kind);
    news
}

/// Incidents that are open for long.
fn reminded(rows: &[Pending]) -> News {
    let mut news = about(rows, sites(rows));
    news.kind.clone_from(&rows[0].kind);
    news.until = None;
    news.what = format!("still down: {}", news.what);
    news
}

/// Websites are up again that were told together.
fn ended(rows: &[Pending]) -> Option<News> {
    let told = rows.first()?.told.as_ref()?;
    let mut sites = sites(rows);
    for site in &mut sites {
        // By the labels that it began with, whatever it is called now.
        if let Some(before) = told
            .news
            .sites
            .iter()
            .find(|it| it.incident == site.incident)
        {
            site.name.clone_from(&before.name);
            site.group.clone_from(&before.group);
        }
    }
    let mut news = about(rows, sites);
    "up".clone_into(&mut news.kind);
    news.key.clone_from(&told.news.key);
    news.is_over = true;
    (news.meaning, news.remedy, news.detail) = (None, None, None);
    let reason = std::mem::take(&mut news.what);
    news.what = match (news.since, news.until) {
        (Some(since), Some(until)) => format!("up again after {}: {reason}", span(since, until)),
        _ => format!("up again: {reason}"),
    };
    if told.open > 0 {
        news.what = format!("{}; {} still down", news.what, told.open);
    }
    Some(news)
}

/// What is no incident's: as it was written, with all that say the same.
fn other(rows: &[Pending]) -> Option<News> {
    let mut news = rows.first()?.news.clone()?;
    news.sites = rows
        .iter()
        .flat_map(|row| match &row.news {
            Some(news) if !news.sites.is_empty() => news.sites.clone(),
            _ => row.site.iter().cloned().collect(),
        })
        .collect();
    news.kind.clone_from(&rows[0].kind);
    if news.key.is_empty() {
        news.key.clone_from(&rows[0].subject);
    }
    Some(news)
}

/// What incidents have in common.
fn about(rows: &[Pending], sites: Vec<Site>) -> News {
    let first = rows.iter().find_map(|row| row.incident.as_ref());
    let incident = first.cloned().unwrap_or_default();
    let alone = rows.len() == 1;
    let reason = incident
        .reason
        .as_deref()
        .and_then(|reason| reason.parse().ok());
    let advice = reason.map(FailureReason::advice);
    News {
        key: format!("incident {}", incident.id),
        what: what(&incident),
        since: sites.iter().filter_map(|site| site.since).min(),
        until: sites.iter().filter_map(|site| site.until).max(),
        address: address(&incident).map(|address| address.to_string()),
        reason: incident.reason,
        phase: incident.phase,
        error_code: Some(incident.error_code),
        meaning: advice.map(|advice| advice.meaning.to_owned()),
        remedy: advice.map(|advice| advice.remedy.to_owned()),
        detail: incident.detail.filter(|_| alone),
        last_good_at: incident.last_good_at.filter(|_| alone),
        sites,
        ..News::default()
    }
}

fn sites(rows: &[Pending]) -> Vec<Site> {
    rows.iter().filter_map(|row| row.site.clone()).collect()
}

/// Why, in a few words.
fn what(incident: &Incident) -> String {
    match incident.reason.as_deref().map(str::parse) {
        Some(Ok(FailureReason::StatusUnexpected)) => format!("status {}", incident.error_code),
        Some(Ok(reason)) => FailureReason::advice(reason).short.to_owned(),
        // A word of a newer monitor, or a record of the original.
        _ => match &incident.reason {
            Some(reason) => reason.replace('_', " "),
            None => format!("error code {}", incident.error_code),
        },
    }
}

/// The address that was talked to, or that nobody answered at.
fn address(incident: &Incident) -> Option<IpAddr> {
    let of = |text: &str| {
        let text = text.trim_matches(|char| matches!(char, '(' | ')' | ',' | ';' | '"'));
        let socket = text.trim_end_matches(':').parse::<std::net::SocketAddr>();
        socket
            .map(|socket| socket.ip())
            .or_else(|_| text.trim_end_matches(':').parse())
            .ok()
    };
    let talked_to = incident.remote_address.as_deref().and_then(of);
    talked_to.or_else(|| incident.detail.as_deref()?.split_whitespace().find_map(of))
}

/// The page of the first incident.
fn link(news: &News, status_url: Option<&str>) -> Option<String> {
    let url = status_url?;
    Some(match news.sites.iter().find_map(|site| site.incident) {
        Some(id) => format!("{url}/incidents/{id}"),
        None => format!("{url}/"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAIT: f64 = 30.0;

    fn down(id: i64, age: f64, reason: &str, address: &str) -> Pending {
        let started_at = Some("2026-11-26T03:12:00Z".parse().unwrap());
        Pending {
            id,
            alert_id: uuid::Uuid::nil(),
            receiver: "ops".to_owned(),
            kind: "down".to_owned(),
            subject: format!("incident {id}"),
            age,
            news: None,
            incident: Some(Incident {
                id,
                started_at,
                reason: Some(reason.to_owned()),
                remote_address: Some(format!("{address}:443")),
                error_code: 503,
                ..Incident::default()
            }),
            site: Some(Site {
                name: format!("site {id}"),
                url: format!("https://{id}.test/"),
                incident: Some(id),
                since: started_at,
                ..Site::default()
            }),
            told: None,
        }
    }

    fn over(mut row: Pending) -> Pending {
        let ended_at = Some("2026-11-26T03:12:20Z".parse().unwrap());
        row.incident.as_mut().unwrap().ended_at = ended_at;
        row.site.as_mut().unwrap().until = ended_at;
        row
    }

    fn up(id: i64, of: &Pending) -> Pending {
        let row = Pending {
            id,
            kind: "up".to_owned(),
            ..of.clone()
        };
        over(row)
    }

    fn told(pending: Vec<Pending>) -> Vec<(String, Vec<i64>)> {
        let gathered = compose(pending, WAIT, Some("https://status.test"));
        let told = gathered.into_iter().map(|it| (it.alert.headline, it.rows));
        told.collect()
    }

    #[test]
    fn one_cause_is_one_alert_once_its_first_is_old_enough() {
        let mut rows: Vec<_> = (1..=41)
            .map(|id| down(id, 1.0, "connect_timeout", "203.0.113.7"))
            .collect();
        assert!(told(rows.clone()).is_empty(), "all are young");
        rows[0].age = WAIT;
        rows.push(down(42, WAIT, "status_unexpected", "203.0.113.7"));
        rows.push(down(43, 1.0, "connect_timeout", "203.0.113.8"));
        assert_eq!(
            told(rows),
            [
                (
                    "41 sites: connect timed out, 203.0.113.7".to_owned(),
                    (1..=41).collect()
                ),
                ("site 42: status 503".to_owned(), vec![42]),
            ]
        );
    }

    #[test]
    fn what_is_over_before_it_is_told_is_told_once() {
        let first = over(down(1, WAIT, "connect_timeout", "203.0.113.7"));
        let end = up(2, &first);
        assert_eq!(
            told(vec![first, end]),
            [(
                "site 1: was down for 20 s: connect timed out".to_owned(),
                vec![1, 2]
            )]
        );
    }

    #[test]
    fn an_end_has_the_key_of_its_beginning_and_waits_for_it() {
        let first = down(1, WAIT, "connect_timeout", "203.0.113.7");
        let news = compose(vec![first.clone()], WAIT, None)
            .remove(0)
            .alert
            .news;
        let mut end = up(2, &first);
        assert!(
            told(vec![end.clone()]).is_empty(),
            "its beginning is not told"
        );
        end.told = Some(super::super::pending::Told {
            news: news.clone(),
            open: 3,
        });
        let gathered = compose(vec![end.clone()], WAIT, Some("https://s.test")).remove(0);
        assert_eq!(gathered.alert.news.key, news.key);
        assert_eq!(
            gathered.alert.news.link.unwrap(),
            "https://s.test/incidents/1"
        );
        assert_eq!(
            told(vec![end]),
            [(
                "site 1: up again after 20 s: connect timed out; 3 still down".to_owned(),
                vec![2]
            )]
        );
    }

    #[test]
    fn an_address_is_found_where_no_connection_was_made() {
        let of = |detail: &str| {
            address(&Incident {
                detail: Some(detail.to_owned()),
                ..Incident::default()
            })
            .map(|address| address.to_string())
        };
        let detail = "203.0.113.7:443 did not answer within 10 s (CONNECT_TIMEOUT)";
        assert_eq!(of(detail).unwrap(), "203.0.113.7");
        let detail = "connecting to [2001:db8::1]:443: Connection refused";
        assert_eq!(of(detail).unwrap(), "2001:db8::1");
        assert_eq!(of("no address at all"), None);
    }
}
