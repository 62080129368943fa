//! Slack's incoming webhooks, and whatever takes the same (Mattermost, Rocket.Chat).

use serde_json::json;

use crate::{
    alert::Alert,
    file::Fields,
    http::{Endpoint, Post},
    outcome::Outcome,
};

/// Colours of the bar beside the text: trouble, and its end.
const RED: &str = "#c62828";
const GREEN: &str = "#2e7d32";

/// A channel of Slack.
#[derive(Debug)]
pub(crate) struct Slack {
    endpoint: Endpoint,
}

impl Slack {
    /// Reads one.
    pub(crate) fn read(fields: &mut Fields<'_, '_>) -> Option<Self> {
        let endpoint = Endpoint::read(fields, "\"${SLACK_URL}\"", "")?;
        Some(Self { endpoint })
    }

    /// Tells it once.
    pub(crate) async fn send(&self, alert: &Alert) -> Outcome {
        self.endpoint.post(Post::json(alert.id, &body(alert))).await
    }
}

fn body(alert: &Alert) -> serde_json::Value {
    // Green is also that of some, while others are still down.
    let is_good = alert.news.is_over || alert.news.kind == "up";
    let colour = if is_good { GREEN } else { RED };
    let lines: Vec<_> = alert.lines().iter().map(|line| escaped(line)).collect();
    json!({
        "text": format!("*{}*", escaped(&alert.headline)),
        "attachments": [{
            "color": colour,
            "fallback": alert.headline,
            "text": lines.join("\n"),
            "mrkdwn_in": [],
        }],
    })
}

/// Nothing that a website says becomes a mention or a link with another face.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn nobody_is_called_by_what_a_website_says() {
        let mut alert = Alert::test(Uuid::nil(), Timestamp::UNIX_EPOCH);
        alert.headline = "<!channel> & co".to_owned();
        let body = body(&alert);
        assert_eq!(body["text"], "*&lt;!channel&gt; &amp; co*");
        assert_eq!(body["attachments"][0]["color"], RED);
    }
}
