//! Prometheus' Alertmanager, by version 2 of its API: it groups, routes, silences and resolves.
//!
//! It forgets an alert after some minutes unless told when it ends, since Prometheus tells it again
//! each minute. We tell once: so an alert that is open ends far away, and its end is told when it
//! comes, by the same labels.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::{
    alert::Alert,
    file::Fields,
    http::{Endpoint, Post},
    news::Site,
    outcome::Outcome,
};

const PATH: &str = "/api/v2/alerts";
/// Websites of one post, of some 2 KB each: proxies in front of it often take no more than 1 MB.
const POST_SITES_MAX: usize = 250;
/// How long all posts of one alert may take together.
const POSTS_TIMEOUT: Duration = Duration::from_secs(45);
/// When something ends whose end is not told yet.
const OPEN: Duration = Duration::from_hours(24 * 30);
/// How long what has no end is shown.
const SHOWN: Duration = Duration::from_hours(1);

/// An Alertmanager.
#[derive(Debug)]
pub(crate) struct Alertmanager {
    endpoint: Endpoint,
}

impl Alertmanager {
    /// Reads one.
    pub(crate) fn read(fields: &mut Fields<'_, '_>) -> Option<Self> {
        let endpoint = Endpoint::read(fields, "\"http://127.0.0.1:9093\"", PATH)?;
        Some(Self { endpoint })
    }

    /// Tells it once: an alert of its own for each website. What it has taken when a post fails is told
    /// again with the rest, which changes nothing there.
    pub(crate) async fn send(&self, alert: &Alert) -> Outcome {
        let posts = async {
            for body in bodies(alert, Timestamp::now()) {
                match self.endpoint.post(Post::json(alert.id, &body)).await {
                    Outcome::Sent => {}
                    refused => return refused,
                }
            }
            Outcome::Sent
        };
        let late = || Outcome::Failed(format!("not all was taken within {POSTS_TIMEOUT:?}"));
        timeout(POSTS_TIMEOUT, posts)
            .await
            .unwrap_or_else(|_| late())
    }
}

/// What is posted, one after the other.
fn bodies(alert: &Alert, now: Timestamp) -> Vec<Value> {
    if alert.news.sites.is_empty() {
        return vec![json!([entry(alert, None, now)])];
    }
    let posts = alert.news.sites.chunks(POST_SITES_MAX);
    let body = |sites: &[Site]| sites.iter().map(|it| entry(alert, Some(it), now)).collect();
    posts.map(body).collect()
}

fn entry(alert: &Alert, site: Option<&Site>, now: Timestamp) -> Value {
    let news = &alert.news;
    let (name, open) = name(&news.kind);
    let mut labels = json!({"alertname": name, "monitor": "websites-monitor"});
    let mut annotations = json!({
        "summary": alert.headline,
        "description": alert.lines().join("\n"),
        "alert_id": alert.id,
    });
    match site {
        Some(site) => {
            labels["website"] = json!(site.url);
            annotations["name"] = json!(site.name);
            if let Some(group) = &site.group {
                labels["group"] = json!(group);
            }
        }
        None => labels["about"] = json!(news.key),
    }
    let since = site
        .and_then(|site| site.since)
        .or(news.since)
        .unwrap_or(now);
    // Of those that were told together, some may be well before the others.
    let is_over = news.is_over || site.is_some_and(|site| site.until.is_some());
    let ends = if is_over {
        site.and_then(|site| site.until)
            .or(news.until)
            .unwrap_or(now)
            .max(since)
    } else {
        now.saturating_add(open).unwrap_or(Timestamp::MAX)
    };
    json!({
        "labels": labels,
        "annotations": annotations,
        "startsAt": since,
        "endsAt": ends,
        "generatorURL": news.link.as_deref().unwrap_or_default(),
    })
}

/// What it is called there, the same for its end, and how long it is shown when no end comes.
fn name(kind: &str) -> (&str, Duration) {
    match kind {
        "down" | "up" | "reminder" => ("WebsiteDown", OPEN),
        "silent" | "heard" => ("LocationSilent", OPEN),
        "network" | "network_over" => ("MonitorNetworkOut", OPEN),
        "flapping" => ("WebsiteFlapping", SHOWN),
        "certificate" => ("WebsiteCertificateEnds", SHOWN),
        "burn" | "burn_over" => ("WebsiteErrorBudgetBurns", OPEN),
        "dead_letters" => ("MonitorDeadLetters", SHOWN),
        "test" => ("MonitorTest", SHOWN),
        other => (other, SHOWN),
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::news::News;

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn alert(kind: &str, is_over: bool) -> Alert {
        let site = Site {
            name: "a".to_owned(),
            url: "https://a/".to_owned(),
            since: Some(time("2026-11-26T03:12:00Z")),
            until: is_over.then(|| time("2026-11-26T03:20:00Z")),
            ..Site::default()
        };
        let news = News {
            kind: kind.to_owned(),
            is_over,
            sites: vec![site],
            ..News::default()
        };
        Alert::new(Uuid::nil(), news)
    }

    #[test]
    fn an_end_has_the_labels_of_its_beginning() {
        let now = time("2026-11-26T03:21:00Z");
        let body = |alert: &Alert| bodies(alert, now).remove(0);
        let (down, up) = (body(&alert("down", false)), body(&alert("up", true)));
        assert_eq!(down[0]["labels"], up[0]["labels"]);
        assert_eq!(down[0]["startsAt"], "2026-11-26T03:12:00Z");
        assert_eq!(down[0]["endsAt"], "2026-12-26T03:21:00Z");
        assert_eq!(up[0]["endsAt"], "2026-11-26T03:20:00Z");
        let mut part = alert("up", true);
        part.news.is_over = false;
        assert_eq!(body(&part)[0]["endsAt"], up[0]["endsAt"]);
    }

    #[test]
    fn no_website_is_left_out_and_no_post_is_too_large() {
        let mut many = alert("down", false);
        let site = many.news.sites.remove(0);
        let names = (0..1000).map(|number| Site {
            url: format!("https://{number}.{}.test/", "x".repeat(100)),
            ..site.clone()
        });
        many.news.sites = names.collect();
        let many = Alert::new(many.id, many.news);
        let posts = bodies(&many, time("2026-11-26T03:21:00Z"));
        let told = posts.iter().flat_map(|post| post.as_array().unwrap());
        assert_eq!(told.count(), 1000);
        let largest = posts.iter().map(|post| post.to_string().len()).max();
        assert!(largest.unwrap() < 1_000_000, "{largest:?}");
    }
}
