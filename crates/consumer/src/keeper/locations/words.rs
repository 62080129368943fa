//! How it is told.

use jiff::Timestamp;
use notify::{moment, span};
use serde_json::{Value, json};

use crate::keeper::telling::Notice;

/// How a location is called.
fn title(location: &str) -> String {
    match location {
        "" => "the monitor without a location".to_owned(),
        name => format!("the monitor at {name}"),
    }
}

/// A time when a location was silent.
#[derive(Clone, Debug)]
pub(super) struct Silence {
    pub(super) id: i64,
    pub(super) location: String,
    pub(super) started_at: Timestamp,
    pub(super) ended_at: Option<Timestamp>,
    /// It is expected no more.
    pub(super) is_forgotten: bool,
}

impl Silence {
    /// In a line.
    pub(super) fn what(&self) -> String {
        let title = title(&self.location);
        match self.ended_at {
            None => format!(
                "nothing comes from {title} since {}",
                moment(self.started_at)
            ),
            Some(_) if self.is_forgotten => {
                format!("{title} has been silent for a week and is expected no more")
            }
            Some(at) => format!(
                "{title} is heard again, after {}",
                span(self.started_at, at)
            ),
        }
    }

    pub(super) fn notice(&self) -> Notice {
        let subject = format!("silence {}", self.id);
        let is_over = self.ended_at.is_some();
        let mut content = json!({
            "kind": if is_over { "heard" } else { "silent" },
            "key": subject,
            "what": self.what(),
            "is_over": is_over,
            "since": self.started_at,
            "until": self.ended_at,
        });
        if !is_over {
            content["meaning"] = json!(
                "Nobody looks from there, or what is seen does not reach Kafka: how its websites are is not known."
            );
            content["remedy"] = json!(
                "See whether that monitor runs and reaches Kafka: its log and its /readyz say it."
            );
        }
        notice(subject, content)
    }
}

/// A time when a monitor's own network was out.
#[derive(Clone, Debug)]
pub(super) struct Outage {
    pub(super) id: i64,
    pub(super) location: String,
    pub(super) started_at: Timestamp,
    pub(super) ended_at: Option<Timestamp>,
    pub(super) failed: i64,
    pub(super) checked: i64,
}

impl Outage {
    /// In a line.
    pub(super) fn what(&self) -> String {
        let title = title(&self.location);
        match self.ended_at {
            None => format!(
                "the network of {title} is out: {} of {} sites fail there, and no witness answers",
                self.failed, self.checked
            ),
            Some(at) => {
                let took = span(self.started_at, at);
                format!("the network of {title} was out for {took}")
            }
        }
    }

    pub(super) fn notice(&self) -> Notice {
        let subject = format!("outage {}", self.id);
        let is_over = self.ended_at.is_some();
        let content = json!({
            "kind": if is_over { "network_over" } else { "network" },
            "key": subject,
            "what": self.what(),
            "is_over": is_over,
            "since": self.started_at,
            "until": self.ended_at,
            "meaning": "These failures are the monitor's own: no website is called down for them.",
        });
        notice(subject, content)
    }
}

fn notice(subject: String, content: Value) -> Notice {
    Notice {
        subject,
        website_id: None,
        content,
    }
}
