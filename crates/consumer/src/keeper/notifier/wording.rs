//! In which words it is told. Pure: no I/O, no clock.

use std::{
    collections::{BTreeMap, HashMap},
    net::IpAddr,
};

use messages::FailureReason;
use notify::{News, Site, span};

use super::pending::{Incident, Pending};

/// Websites went down for one cause. Some may be up again by now: then this tells both.
pub(super) fn began(rows: &[Pending]) -> News {
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

/// Incidents that are open for long: by the key that their beginning and their end have.
pub(super) fn reminded(rows: &[Pending]) -> News {
    let mut news = about(rows, sites_as_told(rows));
    if let Some(told) = &rows[0].told {
        news.key.clone_from(&told.news.key);
    }
    news.kind.clone_from(&rows[0].kind);
    news.until = None;
    news.what = format!("still down: {}", news.what);
    news
}

/// Websites are up again that were told together.
pub(super) fn ended(rows: &[Pending]) -> Option<News> {
    let told = rows.first()?.told.as_ref()?;
    let mut news = about(rows, sites_as_told(rows));
    "up".clone_into(&mut news.kind);
    news.key.clone_from(&told.news.key);
    (news.meaning, news.remedy, news.detail) = (None, None, None);
    let reason = std::mem::take(&mut news.what);
    news.what = match (news.since, news.until) {
        (Some(since), Some(until)) => format!("up again after {}: {reason}", span(since, until)),
        _ => format!("up again: {reason}"),
    };
    news.is_over = told.open == 0;
    if !news.is_over {
        news.what = format!("{}; {} still down", news.what, told.open);
    }
    Some(news)
}

/// What is no incident's: as it was written, with all that say the same.
pub(super) fn other(rows: &[Pending]) -> Option<News> {
    let mut news = rows.first()?.news.clone()?;
    news.sites = rows
        .iter()
        .flat_map(|row| match &row.news {
            Some(news) if !news.sites.is_empty() => news.sites.clone(),
            _ => row.site.iter().cloned().collect(),
        })
        .collect();
    label_as_told(rows, &mut news.sites);
    news.kind.clone_from(&rows[0].kind);
    if news.key.is_empty() {
        news.key.clone_from(&rows[0].subject);
    }
    if let Some(told) = &rows[0].told {
        news.key.clone_from(&told.news.key);
        news.is_over = told.open == 0;
        if !news.is_over {
            news.what = format!("{}; {} not yet", news.what, told.open);
        }
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

/// By the labels that they began with, whatever they are called now.
fn sites_as_told(rows: &[Pending]) -> Vec<Site> {
    let mut sites = sites(rows);
    label_as_told(rows, &mut sites);
    sites
}

fn label_as_told(rows: &[Pending], sites: &mut [Site]) {
    let before = rows.iter().filter_map(|row| row.told.as_ref());
    let before: BTreeMap<_, _> = before.map(|told| (told.alert_id, &told.news)).collect();
    let before = before.values().flat_map(|news| &news.sites);
    let before: HashMap<_, _> = before
        .map(|site| ((site.incident, &*site.url), site))
        .collect();
    for site in sites {
        if let Some(before) = before.get(&(site.incident, &*site.url)) {
            site.name.clone_from(&before.name);
            site.group.clone_from(&before.group);
        }
    }
}

/// Why, in a few words.
pub(super) fn what(incident: &Incident) -> String {
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
pub(super) fn address(incident: &Incident) -> Option<IpAddr> {
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
pub(super) fn link(news: &News, status_url: Option<&str>) -> Option<String> {
    let url = status_url?;
    Some(match news.sites.iter().find_map(|site| site.incident) {
        Some(id) => format!("{url}/incidents/{id}"),
        None => format!("{url}/"),
    })
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn down(detail: &str) -> Pending {
        Pending {
            id: 1,
            alert_id: Uuid::nil(),
            receiver: "ops".to_owned(),
            kind: "down".to_owned(),
            subject: "incident 17".to_owned(),
            age: 0.0,
            news: None,
            incident: Some(Incident {
                id: 17,
                last_good_at: Some("2026-11-26T03:11:00Z".parse().unwrap()),
                error_code: 599,
                reason: Some("connect_timeout".to_owned()),
                phase: Some("connect".to_owned()),
                detail: Some(detail.to_owned()),
                ..Incident::default()
            }),
            site: Some(Site::default()),
            is_end: false,
            told: None,
        }
    }

    #[test]
    fn of_one_website_all_is_told_and_of_several_what_they_have_in_common() {
        let alone = began(&[down("what it said")]);
        let advice = FailureReason::ConnectTimeout.advice();
        assert_eq!(
            (&*alone.key, &*alone.what),
            ("incident 17", "connect timed out")
        );
        assert_eq!(alone.reason.as_deref(), Some("connect_timeout"));
        assert_eq!(alone.phase.as_deref(), Some("connect"));
        assert_eq!(alone.error_code, Some(599));
        assert_eq!(alone.meaning.as_deref(), Some(advice.meaning));
        assert_eq!(alone.remedy.as_deref(), Some(advice.remedy));
        assert_eq!(alone.detail.as_deref(), Some("what it said"));
        assert!(alone.last_good_at.is_some());
        let both = began(&[down("what it said"), down("what the other said")]);
        let common = News {
            detail: None,
            last_good_at: None,
            sites: vec![Site::default(); 2],
            ..alone
        };
        assert_eq!(both, common);
    }

    #[test]
    fn news_with_websites_of_their_own_tell_these() {
        let site = |name: &str| Site {
            name: name.to_owned(),
            ..Site::default()
        };
        let row = |sites| Pending {
            news: Some(News {
                sites,
                ..News::default()
            }),
            site: Some(site("the row's")),
            ..down("")
        };
        let own = row(vec![site("a"), site("b")]);
        let sites = other(&[own, row(Vec::new())]).unwrap().sites;
        let names: Vec<_> = sites.iter().map(|site| &*site.name).collect();
        assert_eq!(names, ["a", "b", "the row's"]);
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
