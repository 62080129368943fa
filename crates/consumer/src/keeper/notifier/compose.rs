//! What is told together. Pure: no I/O, no clock.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use notify::{Alert, News};
use uuid::Uuid;

use super::{
    causes::Cause,
    pending::{Incident, Pending},
    wording::{address, began, ended, link, other, reminded, what},
};

/// How long websites that join a cause wait for each other, since it was last told.
const JOIN_WAIT: Duration = Duration::from_mins(5);

/// What becomes one alert.
#[derive(Debug)]
pub(super) struct Gathered {
    pub(super) receiver: String,
    pub(super) alert: Alert,
    /// The rows of the outbox that it tells.
    pub(super) rows: Vec<i64>,
    /// The incidents that began for one cause.
    pub(super) incidents: Vec<i64>,
    /// The first alert of the same cause, where these websites joined it.
    pub(super) first_id: Option<Uuid>,
}

/// What is told together: by whom it is heard, of which kind, and what makes it one.
type Together = (String, &'static str, String);

/// Makes alerts of what waits. Those that are too young to have met all of their kind go on waiting.
pub(super) fn compose(
    pending: Vec<Pending>,
    causes: &[Cause],
    group_wait_seconds: f64,
    status_url: Option<&str>,
) -> Vec<Gathered> {
    let mut groups: BTreeMap<Together, Vec<Pending>> = BTreeMap::new();
    let mut ends = HashMap::new();
    for row in pending {
        match together(&row) {
            Some(together) => groups.entry(together).or_default().push(row),
            // It ends what is not told yet: told with it, or after it.
            None => {
                ends.insert((row.receiver.clone(), row.subject.clone()), row.id);
            }
        }
    }
    let gathered = groups.into_iter().filter_map(|(together, rows)| {
        let cause = causes.iter().find(|cause| is_of(&together, cause));
        let is_old = rows.iter().any(|row| row.age >= group_wait_seconds);
        let is_ripe = is_old && cause.is_none_or(|it| it.age >= JOIN_WAIT.as_secs_f64());
        is_ripe.then(|| gathered(&rows, &ends, cause, status_url))?
    });
    gathered.collect()
}

fn gathered(
    rows: &[Pending],
    ends: &HashMap<(String, String), i64>,
    cause: Option<&Cause>,
    status_url: Option<&str>,
) -> Option<Gathered> {
    let first = rows.first()?;
    let mut told: Vec<_> = rows.iter().map(|row| row.id).collect();
    let over = rows.iter();
    told.extend(over.filter_map(|row| ends.get(&(row.receiver.clone(), row.subject.clone()))));
    let is_beginning = first.kind == "down";
    let mut news = news(rows)?;
    if let Some(cause) = cause {
        news.key.clone_from(&cause.key);
        news.told_before = cause.told;
    }
    if news.link.is_none() {
        news.link = link(&news, status_url);
    }
    let incidents = rows.iter().filter(|_| is_beginning);
    let incidents = incidents.filter_map(|row| Some(row.incident.as_ref()?.id));
    Some(Gathered {
        receiver: first.receiver.clone(),
        incidents: incidents.collect(),
        alert: Alert::new(first.alert_id, news),
        rows: told,
        first_id: cause.map(|cause| cause.first_id),
    })
}

/// What is told of rows that are told together.
fn news(rows: &[Pending]) -> Option<News> {
    let first = rows.first()?;
    match first.kind.as_str() {
        "down" => Some(began(rows)),
        "up" => ended(rows),
        _ if first.incident.is_some() => Some(reminded(rows)),
        _ => other(rows),
    }
}

/// What a row is told together with; nothing for an end whose beginning is not told yet.
fn together(row: &Pending) -> Option<Together> {
    let receiver = row.receiver.clone();
    if row.is_end {
        let key = &row.told.as_ref()?.news.key;
        return Some((receiver, "end", format!("{} {key}", row.kind)));
    }
    Some(match (row.kind.as_str(), &row.incident) {
        ("down", Some(incident)) => (receiver, "down", reason_and_address(incident)),
        // With those with which it was told to be down.
        (kind, Some(incident)) => {
            let why = match &row.told {
                Some(told) => told.news.key.clone(),
                None => reason_and_address(incident),
            };
            (receiver, "incident", format!("{kind} {why}"))
        }
        (kind, None) => {
            let what = row.news.as_ref().map(|news| &news.what);
            (receiver, "other", format!("{kind} {}", what?))
        }
    })
}

/// What makes several incidents one.
fn reason_and_address(incident: &Incident) -> String {
    let address = address(incident).map(|address| address.to_string());
    one_cause(&what(incident), address.as_deref())
}

fn one_cause(what: &str, address: Option<&str>) -> String {
    format!("{what} {}", address.unwrap_or_default())
}

/// Whether websites that go down join a cause that was told.
fn is_of((receiver, kind, why): &Together, cause: &Cause) -> bool {
    *kind == "down"
        && *receiver == cause.receiver
        && *why == one_cause(&cause.what, cause.address.as_deref())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use notify::Site;

    use super::{super::pending::Told, *};

    const WAIT: f64 = 30.0;
    const JOINED_WAIT: f64 = 300.0;

    fn down(id: i64, age: f64, reason: &str, address: &str) -> Pending {
        let started_at = Some("2026-11-26T03:12:00Z".parse().unwrap());
        Pending {
            id,
            alert_id: Uuid::nil(),
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
            is_end: false,
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
            is_end: true,
            ..of.clone()
        };
        over(row)
    }

    fn told_by(pending: Vec<Pending>, causes: &[Cause]) -> Vec<(String, Vec<i64>)> {
        let gathered = compose(pending, causes, WAIT, Some("https://status.test"));
        let told = gathered.into_iter().map(|it| (it.alert.headline, it.rows));
        told.collect()
    }

    fn told(pending: Vec<Pending>) -> Vec<(String, Vec<i64>)> {
        told_by(pending, &[])
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
    fn websites_that_join_a_cause_are_told_together_and_by_its_key() {
        let mut cause = Cause {
            receiver: "ops".to_owned(),
            first_id: Uuid::max(),
            key: "incident 1".to_owned(),
            what: "connect timed out".to_owned(),
            address: Some("203.0.113.7".to_owned()),
            age: JOINED_WAIT - 1.0,
            told: 41,
        };
        let rows = || {
            vec![
                down(50, WAIT, "connect_timeout", "203.0.113.7"),
                down(51, WAIT, "connect_timeout", "203.0.113.7"),
                down(52, WAIT, "connect_timeout", "203.0.113.8"),
            ]
        };
        let other = ("site 52: connect timed out".to_owned(), vec![52]);
        assert_eq!(
            told_by(rows(), std::slice::from_ref(&cause)),
            std::slice::from_ref(&other)
        );
        cause.age = JOINED_WAIT;
        let joined = "2 more sites: connect timed out, 203.0.113.7 (43 so far)".to_owned();
        let expected = [(joined, vec![50, 51]), other];
        assert_eq!(told_by(rows(), std::slice::from_ref(&cause)), expected);
        let gathered = compose(rows(), std::slice::from_ref(&cause), WAIT, None);
        assert_eq!(
            (&*gathered[0].alert.news.key, gathered[0].first_id),
            ("incident 1", Some(Uuid::max()))
        );
        cause.receiver = "others".to_owned();
        let first = "2 sites: connect timed out, 203.0.113.7";
        assert_eq!(told_by(rows(), &[cause])[0].0, first);
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
    fn a_reminder_says_that_it_is_still_so() {
        let reminder = Pending {
            kind: "reminder".to_owned(),
            ..down(1, WAIT, "connect_timeout", "203.0.113.7")
        };
        assert_eq!(
            told(vec![reminder]),
            [("site 1: still down: connect timed out".to_owned(), vec![1])]
        );
    }

    #[test]
    fn an_end_has_the_key_of_its_beginning_and_waits_for_it() {
        let first = down(1, WAIT, "connect_timeout", "203.0.113.7");
        let began = compose(vec![first.clone()], &[], WAIT, None).remove(0);
        assert_eq!(began.incidents, [1]);
        let news = Arc::new(began.alert.news);
        let mut end = up(2, &first);
        assert!(
            told(vec![end.clone()]).is_empty(),
            "its beginning is not told"
        );
        end.told = Some(Told {
            alert_id: Uuid::nil(),
            first_id: Uuid::nil(),
            news: news.clone(),
            open: 3,
        });
        let told_end = |end: &Pending| {
            let ended = compose(vec![end.clone()], &[], WAIT, Some("https://s.test")).remove(0);
            assert!(ended.incidents.is_empty(), "they began before");
            ended.alert
        };
        let part = told_end(&end);
        assert_eq!((&part.news.key, part.news.is_over), (&news.key, false));
        assert_eq!(part.news.link.unwrap(), "https://s.test/incidents/1");
        assert_eq!(
            part.headline,
            "site 1: up again after 20 s: connect timed out; 3 still down"
        );
        end.told.as_mut().unwrap().open = 0;
        let last = told_end(&end);
        assert!(last.news.is_over);
        assert_eq!(
            last.headline,
            "site 1: up again after 20 s: connect timed out"
        );
    }

    #[test]
    fn ends_of_what_was_told_together_are_told_together() {
        let row = |id, kind: &str, what: &str| Pending {
            incident: None,
            kind: kind.to_owned(),
            subject: format!("burn {id}"),
            news: Some(News {
                what: what.to_owned(),
                is_over: kind == "burn_over",
                ..News::default()
            }),
            is_end: kind == "burn_over",
            ..down(id, WAIT, "", "")
        };
        let began = vec![row(1, "burn", "burns"), row(2, "burn", "burns")];
        let gathered = compose(began, &[], WAIT, None);
        assert_eq!(gathered.len(), 1);
        let news = Arc::new(gathered[0].alert.news.clone());
        assert_eq!(news.key, "burn 1");
        let end = |id, open| {
            let mut end = row(id, "burn_over", "burns no more");
            end.told = Some(Told {
                alert_id: Uuid::nil(),
                first_id: Uuid::nil(),
                news: news.clone(),
                open,
            });
            end
        };
        let both = compose(vec![end(2, 0), end(1, 0)], &[], WAIT, None);
        assert_eq!(both.len(), 1);
        let alert = &both[0].alert;
        assert_eq!(
            (&*alert.news.key, &*alert.headline, alert.news.is_over),
            ("burn 1", "2 sites: burns no more", true)
        );
        let one = compose(vec![end(2, 1)], &[], WAIT, None).remove(0).alert;
        assert_eq!(one.headline, "site 2: burns no more; 1 not yet");
        assert!(!one.news.is_over);
    }
}
