//! What was told: of each incident its beginning and its end, each once, to whom it concerns.

use std::collections::{BTreeMap, HashMap};

use anyhow::Result;
use tokio_postgres::Client;
use uuid::Uuid;

use super::{expected::Expected, findings::Findings};
use crate::receiver::Taken;

const INCIDENTS: &str = "SELECT id, website_id, opened_by, closed_by IS NOT NULL FROM incidents";
/// The last column: it is held back, or was until a moment ago.
const OUTBOX: &str = "SELECT incident_id, receiver, kind, alert_id, withheld, \
    not_before > created_at + interval '1 second' AND not_before > now() - interval '2 minutes' \
    FROM outbox WHERE incident_id IS NOT NULL";
const ALERTS: &str = "SELECT id, sent_at IS NOT NULL FROM alerts";
/// Changes of a website that flaps (docs/alerts.md).
const FLAPPING_CHANGES_MIN: usize = 6;
/// An alert names no more websites than these.
const SITES_MAX: usize = 50;
const FLAPPING: &str = "flapping";
const NOT_TOLD: &str = "its beginning was not told";

/// An incident, as it concerns those who are told.
struct Incident {
    website: i64,
    receiver: &'static str,
    is_over: bool,
}

/// A row of the outbox.
#[derive(Debug)]
struct Entry {
    receiver: String,
    alert: Option<Uuid>,
    withheld: Option<String>,
    is_held: bool,
}

/// All that there is to compare.
struct Told<'a> {
    incidents: BTreeMap<i64, Incident>,
    /// By incident and kind.
    outbox: HashMap<(i64, String), Vec<Entry>>,
    /// How often each website went down or up.
    changes: HashMap<i64, usize>,
    /// By the alert's id, the first that was taken of it, and its place among all.
    taken: HashMap<Uuid, (usize, &'a Taken)>,
}

/// Compares the outbox with the incidents, and what receivers took with the outbox.
pub(super) async fn compare(
    client: &Client,
    expected: &Expected,
    taken: &[Taken],
    findings: &mut Findings,
) -> Result<()> {
    let mut told = Told {
        incidents: BTreeMap::new(),
        outbox: HashMap::new(),
        changes: HashMap::new(),
        taken: HashMap::new(),
    };
    for row in client.query(INCIDENTS, &[]).await? {
        let (id, website, is_over) = (row.get(0), row.get(1), row.get(3));
        *told.changes.entry(website).or_default() += 1 + usize::from(is_over);
        let receiver = expected.settings(row.get(2)).receiver();
        let incident = Incident {
            website,
            receiver,
            is_over,
        };
        told.incidents.insert(id, incident);
    }
    for row in client.query(OUTBOX, &[]).await? {
        findings.compared("entries of the outbox");
        let entry = Entry {
            receiver: row.get(1),
            alert: row.get(3),
            withheld: row.get(4),
            is_held: row.get(5),
        };
        let key = (row.get(0), row.get(2));
        told.outbox.entry(key).or_default().push(entry);
    }
    compare_alerts(client, taken, &mut told, findings).await?;
    for (&id, incident) in &told.incidents {
        told.look_at(id, incident, findings);
    }
    Ok(())
}

/// Each alert was taken, always with the same words, and nothing else was.
async fn compare_alerts<'a>(
    client: &Client,
    taken: &'a [Taken],
    told: &mut Told<'a>,
    findings: &mut Findings,
) -> Result<()> {
    for (place, it) in taken.iter().enumerate() {
        let (_, first) = told.taken.entry(it.id).or_insert((place, it));
        if first.body != it.body || first.receiver != it.receiver {
            let what = format!("{}: {} and {}", it.id, first.body, it.body);
            findings.add("an alert says something else when it is told again", what);
        }
    }
    let mut strangers = told.taken.clone();
    for row in client.query(ALERTS, &[]).await? {
        findings.compared("alerts");
        let (id, is_sent): (Uuid, bool) = (row.get(0), row.get(1));
        match (strangers.remove(&id), is_sent) {
            (Some(_), true) => {}
            (Some(_), false) => {
                findings.add("an alert was taken and would be told again", id.to_string());
            }
            (None, _) => findings.add("an alert was not told", id.to_string()),
        }
    }
    for (id, (_, it)) in strangers {
        findings.add(
            "an alert that is none was told",
            format!("{id}: {}", it.body),
        );
    }
    let again = taken.len() - told.taken.len();
    let again_name = "alerts that were taken again, by the same id";
    findings.compared.insert(again_name, again as u64);
    Ok(())
}

impl Told<'_> {
    fn look_at(&self, id: i64, incident: &Incident, findings: &mut Findings) {
        let mut wrong = |what: &str, entry: &dyn std::fmt::Debug| {
            findings.add(
                "an incident was not told as it should",
                format!("incident {id}: {what}: {entry:?}"),
            );
        };
        let entries = |kind: &str| self.outbox.get(&(id, kind.to_owned()));
        let (down, up) = (entries("down"), entries("up"));
        let Some([down]) = down.map(Vec::as_slice) else {
            return wrong("its beginning is to be told once", &down);
        };
        if down.receiver != incident.receiver {
            wrong("it concerns somebody else", down);
        }
        if !self.is_settled(id, incident, down) {
            wrong("its beginning was not told", down);
        }
        match (up.map(Vec::as_slice), incident.is_over) {
            (None, false) => {}
            (Some([up]), true) => {
                let is_settled = match &up.withheld {
                    Some(why) => why == NOT_TOLD && down.withheld.is_some(),
                    // It waits for its beginning.
                    None if up.alert.is_none() => down.is_held && down.alert.is_none(),
                    None => self.is_taken(id, up) && self.place(down) <= self.place(up),
                };
                if !is_settled || up.receiver != down.receiver {
                    wrong("its end was not told, or before its beginning", up);
                }
            }
            (up, _) => wrong("its end is to be told once when it is over", &up),
        }
    }

    fn is_settled(&self, id: i64, incident: &Incident, down: &Entry) -> bool {
        let changes = self.changes.get(&incident.website).copied();
        let flaps = changes.unwrap_or(0) >= FLAPPING_CHANGES_MIN;
        match &down.withheld {
            Some(why) => why == FLAPPING && flaps,
            None if down.alert.is_none() => down.is_held && flaps,
            None => self.is_taken(id, down),
        }
    }

    /// Whether an entry's alert was taken, and names the incident.
    fn is_taken(&self, id: i64, entry: &Entry) -> bool {
        let taken = entry.alert.and_then(|alert| self.taken.get(&alert));
        taken.is_some_and(|(_, taken)| {
            let named = taken.incidents();
            taken.receiver == entry.receiver && (named.len() >= SITES_MAX || named.contains(&id))
        })
    }

    /// When an entry's alert was taken first, among all.
    fn place(&self, entry: &Entry) -> Option<usize> {
        let taken = entry.alert.and_then(|alert| self.taken.get(&alert));
        taken.map(|(place, _)| *place)
    }
}
