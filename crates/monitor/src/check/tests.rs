//! Real sites on loopback, checked as the command checks them.

use std::time::Duration;

use messages::{CheckResult, FailureReason, Origin, Record};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::{answer, once::check_once, text::text, wrap::WIDTH};
use crate::{
    clock::now,
    probe::Story,
    settings::CheckSettings,
    targets::target_of,
    testing::{down, missed, up},
};

const PAGE: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 24\r\n\
                    Connection: close\r\n\r\n<p>All systems are well.";
const BROKEN: &str = "HTTP/1.1 500 Oh\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// A page over which a search with backreferences would take for ever.
const RUNAWAY: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 40\r\n\
                       Connection: close\r\n\r\naaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// A site that gives one answer to whoever asks.
async fn site(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    url
}

async fn check(settings: &[(&str, &str)]) -> Checked {
    let mut reader = service::settings::Reader::from_pairs(&[("MONITOR_LOCATION", "here")]);
    let read = CheckSettings::read(&mut reader);
    let read = reader.finish(read).unwrap();
    let target = target_of(settings.iter().copied(), &read.variables).unwrap();
    let (result, story) = check_once(read, target).await.unwrap();
    Checked { result, story }
}

/// A result, with how it came about.
struct Checked {
    result: CheckResult,
    story: Story,
}

impl std::ops::Deref for Checked {
    type Target = CheckResult;

    fn deref(&self) -> &CheckResult {
        &self.result
    }
}

impl From<CheckResult> for Checked {
    fn from(result: CheckResult) -> Self {
        let story = Story::default();
        Self { result, story }
    }
}

/// What is printed where there are no colours, times and addresses masked.
fn plain(checked: &Checked) -> String {
    let coloured = text(checked, &checked.story, now());
    let plain = anstream::adapter::strip_str(&coloured).to_string();
    assert_ne!(plain, coloured, "no colours");
    for line in plain.lines() {
        assert!(line.chars().count() <= WIDTH, "{line:?} is too long");
    }
    let times = regex::Regex::new(r" +[\d.]+ ms( +█+| \([a-z_\d., ]+\))?").unwrap();
    let ports = regex::Regex::new(r"127\.0\.0\.1:\d+").unwrap();
    let masked = times.replace_all(&plain, " TIME");
    ports.replace_all(&masked, "ADDRESS").into_owned()
}

#[tokio::test]
async fn a_site_that_is_up_is_shown_with_phases_facts_and_match() {
    let url = site(PAGE).await;
    let result = check(&[("url", &url), ("regexp", r"systems are \w+")]).await;
    let expected = "\
http://ADDRESS/
up

  connect TIME
  first_byte TIME
  body TIME
  whole TIME

  address      ADDRESS
  answer       200 OK, HTTP/1.1
  page         24 bytes
  pattern      found: <p>All »systems are well«.

  headers      content-type: text/html
               content-length: 24
";
    assert_eq!(plain(&result), expected);
}

#[tokio::test]
async fn each_hop_is_shown_with_its_answer_and_the_last_one_with_its_headers() {
    let end = site(PAGE).await;
    let redirect = format!(
        "HTTP/1.1 301 Moved\r\nLocation: {end}\r\nServer: old\r\nContent-Length: 0\r\n\
         Connection: close\r\n\r\n"
    );
    let url = site(redirect.leak()).await;
    let checked = check(&[("url", &url), ("redirects", "1"), ("must_match", "are")]).await;
    let expected = "\
http://ADDRESS/
up

  connect TIME
  first_byte TIME
  body TIME
  whole TIME

  hop 1        http://ADDRESS/
               301 Moved Permanently, HTTP/1.1
 TIME
  hop 2        http://ADDRESS/
               200 OK, HTTP/1.1
 TIME

  address      ADDRESS
  redirects    1 followed
  answer       200 OK, HTTP/1.1
  page         24 bytes
  must match   <p>All systems »are« well.

  headers      content-type: text/html
               content-length: 24
";
    assert_eq!(plain(&checked), expected);
    // Where it ends before, its headers are the last.
    let checked = check(&[("url", &url)]).await;
    assert!(plain(&checked).contains("headers      server: old"));
}

#[tokio::test]
async fn a_site_that_is_down_is_shown_with_what_to_try() {
    let url = site(BROKEN).await;
    let shown = plain(&check(&[("url", &url)]).await);
    for part in [
        "down: status not expected (status_unexpected)",
        "answer       500 Internal Server Error, HTTP/1.1",
        "it means     The site answered, with a status",
        "try this     From 500 on look into the site's log",
    ] {
        assert!(shown.contains(part), "{part:?} in\n{shown}");
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://u:secret@{}/", listener.local_addr().unwrap());
    drop(listener);
    let shown = plain(&check(&[("url", &url)]).await);
    assert!(shown.contains("down: connection refused"), "{shown}");
    assert!(shown.contains("nothing listens on this port"), "{shown}");
    assert!(shown.contains("connect TIME failed"), "{shown}");
    assert!(!shown.contains("secret"), "{shown}");
}

#[tokio::test]
async fn the_options_decide_as_a_row_would() {
    let url = site(BROKEN).await;
    let result = check(&[("url", &url), ("expected_status", "500")]).await;
    assert_eq!(result.failure(), None);
    let result = check(&[("url", &url), ("retries", "1")]).await;
    assert_eq!(result.probe().unwrap().attempt, 2);
    assert!(plain(&result).contains("attempt      2"));
    let url = site(PAGE).await;
    let result = check(&[("url", &url), ("must_match", "tickets")]).await;
    let reason = result.failure().unwrap().reason;
    assert_eq!(reason, FailureReason::PatternNotFound);
}

#[tokio::test]
async fn the_record_is_what_the_service_would_publish() {
    let url = site(PAGE).await;
    let result = check(&[("url", &url), ("name", "Well"), ("interval", "5s")]).await;
    let json = result.to_json();
    assert!(!json.contains(&b'\n'));
    let value: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(value["url"], url.as_str());
    assert_eq!(value["location"], "here");
    assert_eq!(value["interval"], 5.0);
    assert_eq!(value["target"]["name"], "Well");
    assert_eq!(value["outcome"], "up");
    let origin = Origin {
        topic: "checks",
        partition: 0,
        offset: 0,
        timestamp_ms: None,
    };
    assert!(Record::read(&json, &origin).is_ok());
}

#[tokio::test]
async fn a_check_that_nobody_could_make_is_no_failure_of_the_site() {
    let url = site(RUNAWAY).await;
    let result = check(&[("url", &url), ("must_match", r"(a*)*\1!")]).await;
    let shown = plain(&result);
    assert!(
        shown.contains("missed: the monitor could not look"),
        "{shown}"
    );
    let status = |result: &CheckResult| answer(result.kind()).map_err(|status| status.0);
    assert_eq!(status(&result), Err(3));
    assert_eq!(status(&down(&url, FailureReason::DnsTimeout)), Err(1));
    assert_eq!(status(&up(&url)), Ok(()));
}

#[test]
fn every_reason_fits_the_terminal() {
    for reason in FailureReason::ALL {
        let shown = plain(&down("https://a.example/", *reason).into());
        assert!(shown.contains(reason.as_str()), "{shown}");
    }
    let long = format!("https://a.example/{}", "x".repeat(500));
    plain(&down(&long, FailureReason::BadRedirect).into());
    let shown = plain(&missed("https://a.example/", "the \x1b[2Jclock stepped").into());
    assert!(
        shown.contains("missed: the monitor could not look"),
        "{shown}"
    );
    assert!(!shown.contains('\x1b'), "{shown}");
}

#[test]
fn a_certificate_is_shown_with_its_days() {
    let mut result = down("https://a.example/", FailureReason::TlsExpired);
    let messages::Outcome::Down { probe, .. } = &mut result.outcome else {
        panic!("not down");
    };
    let now = now();
    let mut shown = |not_after| {
        probe.certificate = Some(messages::Certificate {
            not_after,
            issuer: "CN=An authority".into(),
            subject: "CN=a.example".into(),
        });
        let outcome = messages::Outcome::Missed {
            probe: Some(probe.clone()),
            failure: messages::Failure::new(FailureReason::TlsExpired, None, ""),
        };
        let result = CheckResult {
            outcome,
            ..missed("https://a.example/", "")
        };
        anstream::adapter::strip_str(&text(&result, &Story::default(), now)).to_string()
    };
    let hour = Duration::from_hours(1);
    assert!(shown(now + hour * 49).contains("2 days left"));
    assert!(shown(now - hour * 49).contains("ended 2 days ago"));
    assert!(shown(now + hour).contains("less than a day left"));
    for part in ["made for     CN=a.example", "signed by    CN=An authority"] {
        assert!(shown(now + hour).contains(part), "{part}");
    }
}
