//! Prometheus' own Alertmanager, as Debian has it.

use std::{
    fs,
    process::{Child, Command, Stdio},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tempfile::TempDir;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use crate::{Alert, News, Outcome, Receivers, Site};

const PATIENCE: Duration = Duration::from_mins(1);
/// How often it is asked again.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);

/// A running Alertmanager. It is killed when the test lets it go.
struct Alertmanager {
    process: Child,
    url: String,
    _folder: TempDir,
}

impl Alertmanager {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let configuration = folder.path().join("alertmanager.yml");
        fs::write(
            &configuration,
            "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n",
        )
        .unwrap();
        let port = devstack::free_port().unwrap();
        let process = Command::new("prometheus-alertmanager")
            .arg(format!("--config.file={}", configuration.display()))
            .arg(format!("--storage.path={}", folder.path().display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .arg("--cluster.listen-address=")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("prometheus-alertmanager is installed: `make test` does it");
        let alertmanager = Self {
            process,
            url: format!("http://127.0.0.1:{port}"),
            _folder: folder,
        };
        let ready = format!("{}/-/ready", alertmanager.url);
        let waited = timeout(PATIENCE, async {
            while !client()
                .get(&ready)
                .send()
                .await
                .is_ok_and(|it| it.status().is_success())
            {
                sleep(LOOK_INTERVAL).await;
            }
        });
        waited.await.expect("it is ready");
        alertmanager
    }

    /// The alerts that are open there, by their websites, or by what else they are about.
    async fn open(&self) -> Vec<String> {
        let url = format!("{}/api/v2/alerts", self.url);
        let answer = client().get(&url).send().await.unwrap();
        let alerts: Vec<Value> = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        let about = alerts.iter().map(|alert| {
            let labels = &alert["labels"];
            let website = labels["website"].as_str();
            website.or(labels["about"].as_str()).unwrap().to_owned()
        });
        let mut about: Vec<_> = about.collect();
        about.sort();
        about
    }
}

impl Drop for Alertmanager {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn client() -> reqwest::Client {
    let tls = crate::trust::tls(Vec::new()).unwrap();
    let builder = reqwest::Client::builder().tls_backend_preconfigured(tls);
    builder.build().unwrap()
}

fn alert(names: &[&str], is_over: bool) -> Alert {
    let now = Timestamp::now();
    let since = now - SignedDuration::from_mins(5);
    let sites = names.iter().map(|name| Site {
        name: (*name).to_owned(),
        url: format!("https://{name}/"),
        since: Some(since),
        until: is_over.then_some(now),
        ..Site::default()
    });
    let news = News {
        kind: if is_over { "up" } else { "down" }.to_owned(),
        key: "incident 1".to_owned(),
        what: "connect timed out".to_owned(),
        is_over,
        sites: sites.collect(),
        ..News::default()
    };
    Alert::new(Uuid::nil(), news)
}

#[tokio::test]
async fn each_website_is_an_alert_of_its_own_and_ends_by_itself() {
    let alertmanager = Alertmanager::start().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("alerts.toml");
    let url = &alertmanager.url;
    fs::write(
        &path,
        format!("[[receiver]]\nname = \"am\"\ntype = \"alertmanager\"\nurl = \"{url}\""),
    )
    .unwrap();
    let receivers = Receivers::read(&path, &|_| None).unwrap();
    let receiver = receivers.named("am").unwrap();
    let down = alert(&["a", "b"], false);
    for _ in 0..2 {
        // A repeat changes nothing.
        assert_eq!(receiver.send(&down).await, Outcome::Sent);
    }
    assert_eq!(alertmanager.open().await, ["https://a/", "https://b/"]);
    assert_eq!(receiver.send(&alert(&["a"], true)).await, Outcome::Sent);
    let waited = timeout(PATIENCE, async {
        while alertmanager.open().await != ["https://b/"] {
            sleep(LOOK_INTERVAL).await;
        }
    });
    waited.await.expect("the end of the one is understood");

    // Of a monitor, no website is told.
    let silent = |kind: &str, is_over: bool| {
        let news = News {
            kind: kind.to_owned(),
            key: "silence 7".to_owned(),
            what: "nothing comes from the monitor at paris".to_owned(),
            is_over,
            until: is_over.then(Timestamp::now),
            ..News::default()
        };
        Alert::new(Uuid::nil(), news)
    };
    assert_eq!(receiver.send(&silent("silent", false)).await, Outcome::Sent);
    assert_eq!(alertmanager.open().await, ["https://b/", "silence 7"]);
    assert_eq!(receiver.send(&silent("heard", true)).await, Outcome::Sent);
    let waited = timeout(PATIENCE, async {
        while alertmanager.open().await != ["https://b/"] {
            sleep(LOOK_INTERVAL).await;
        }
    });
    waited.await.expect("that it is heard again is understood");
}
