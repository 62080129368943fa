//! Receivers that speak HTTP, and misbehave.

use std::{fs, time::Duration};

use devstack::{Answer, Inbox};
use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use crate::{Alert, Outcome, Receivers};

/// Sends an alert to an inbox by a receiver of these fields.
async fn send(inbox: &Inbox, fields: &str) -> Outcome {
    let alert = Alert::test(Uuid::nil(), Timestamp::UNIX_EPOCH);
    send_alert(inbox, fields, &alert).await
}

async fn send_alert(inbox: &Inbox, fields: &str, alert: &Alert) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("alerts.toml");
    let url = inbox.url();
    let text = format!("[[receiver]]\nname = \"x\"\nurl = \"{url}?topsecret\"\n{fields}");
    fs::write(&path, text).unwrap();
    let key = |_: &str| Some("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned());
    let receivers = Receivers::read(&path, &key).unwrap();
    receivers.named("x").unwrap().send(alert).await
}

#[tokio::test]
async fn a_webhook_is_signed_and_named() {
    let mut inbox = Inbox::start().await.unwrap();
    let fields = "type = \"webhook\"\nsecret = \"${KEY}\"\nheaders = { X-Team = \"web\" }";
    assert_eq!(send(&inbox, fields).await, Outcome::Sent);
    let posted = inbox.next().await.unwrap();
    let nil = Uuid::nil().to_string();
    for name in ["idempotency-key", "webhook-id"] {
        assert_eq!(posted.header(name), Some(nil.as_str()));
    }
    assert_eq!(posted.header("x-team"), Some("web"));
    assert!(
        posted
            .header("webhook-signature")
            .unwrap()
            .starts_with("v1,")
    );
    let body: Value = serde_json::from_str(&posted.body).unwrap();
    assert_eq!(body["headline"], "example.org: a test: alerts arrive here");
    assert!(
        body["text"]
            .as_str()
            .unwrap()
            .starts_with("https://example.org/\n")
    );
}

#[tokio::test]
async fn a_template_that_fails_on_an_alert_is_said_and_sends_nothing() {
    let mut inbox = Inbox::start().await.unwrap();
    // It was good for the alert that it was tried on.
    let template = "{% if key == 'test' %}1{% else %}{{ nobody }}{% endif %}";
    let fields = format!("type = \"webhook\"\ntemplate = \"{template}\"");
    let mut alert = Alert::test(Uuid::nil(), Timestamp::UNIX_EPOCH);
    alert.news.key = "incident 7".to_owned();
    let Outcome::Failed(story) = send_alert(&inbox, &fields, &alert).await else {
        panic!("there was nothing to send");
    };
    assert!(
        story.starts_with("its template ") && story.contains("undefined value"),
        "{story}"
    );
    assert_eq!(send(&inbox, &fields).await, Outcome::Sent);
    assert_eq!(inbox.next().await.unwrap().body, "1", "it is the first");
}

#[tokio::test]
async fn what_it_answers_is_understood_and_its_url_never_told() {
    let inbox = Inbox::start().await.unwrap();
    let later = |seconds| Outcome::Later {
        wait: Duration::from_secs(seconds),
        story: String::new(),
    };
    let failed = Outcome::Failed(String::new());
    for (status, line, expected) in [
        (204, "", Outcome::Sent),
        (302, "Location: /elsewhere", failed.clone()),
        (404, "", failed.clone()),
        (429, "Retry-After: 7", later(7)),
        (429, "", later(30)),
        (503, "Retry-After: 8", later(8)),
        (503, "", failed),
    ] {
        inbox.answer(Answer::Status(status, line));
        let mut outcome = send(&inbox, "type = \"slack\"").await;
        match &mut outcome {
            Outcome::Sent => {}
            Outcome::SentToSome(story) | Outcome::Later { story, .. } | Outcome::Failed(story) => {
                assert!(
                    story.starts_with(&format!("127.0.0.1 answered {status}")),
                    "{story}"
                );
                assert!(!story.contains("topsecret"), "{story}");
                story.clear();
            }
        }
        assert_eq!(outcome, expected, "{status} {line}");
    }
}

#[tokio::test]
async fn what_it_says_back_is_told_without_url_and_headers() {
    let inbox = Inbox::start().await.unwrap();
    inbox.answer(Answer::Echo(404));
    let fields = "type = \"webhook\"\nheaders = { Authorization = \"Bearer ${TOKEN}\" }";
    let Outcome::Failed(story) = send(&inbox, fields).await else {
        panic!("it was refused");
    };
    assert!(
        story.contains("answered 404 Not Found: POST ***"),
        "{story}"
    );
    for secret in ["topsecret", "/alerts", "whsec_"] {
        assert!(!story.contains(secret), "{story}");
    }
}

#[tokio::test]
async fn who_hangs_is_given_up_in_time_and_who_is_gone_is_said() {
    let inbox = Inbox::start().await.unwrap();
    inbox.answer(Answer::Silence);
    let outcome = send(&inbox, "type = \"webhook\"").await;
    assert_eq!(
        outcome,
        Outcome::Failed("127.0.0.1: no answer within 10 s: operation timed out".to_owned())
    );
}
