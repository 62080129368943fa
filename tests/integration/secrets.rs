//! A target's secrets are sent to its site, and stand nowhere else.

use std::{fs, path::Path};

use crate::support::{Answer, Service, ServiceSettings, Site, Topic, eventually};

/// The secrets of a header, of a body, and of the url's credentials.
const SECRETS: [&str; 3] = ["s3cr3t-of-a-header", "s3cr3t-of-a-body", "s3cr3t-of-a-url"];

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_of_a_target_is_logged_published_or_shown() {
    let [in_header, in_body, in_url] = SECRETS;
    let site = Site::start(Answer::page("Hello")).await;
    let closed = devstack::free_port().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let targets = folder.path().join("urls.csv");
    let with_credentials = |url: &str| url.replace("http://", &format!("http://user:{in_url}@"));
    // One that answers, one that refuses, one that is no url, each with all secrets.
    let urls = [
        site.url.clone(),
        with_credentials(&format!("http://127.0.0.1:{closed}/")),
        with_credentials("http://host:port/"),
    ];
    let row = |url: &String| {
        format!("{url},POST,Authorization: Bearer ${{TOKEN}} | X-Key: {in_header},{in_body}\n")
    };
    let rows: String = urls.iter().map(row).collect();
    fs::write(&targets, format!("url,method,headers,body\n{rows}")).unwrap();

    commands_show_none(&urls[1], &targets).await;
    for level in ["DEBUG", "TRACE"] {
        let topic = Topic::create(1).await;
        let settings = ServiceSettings::monitor(&topic, &targets)
            .set("LOG_LEVEL", level)
            .set("TOKEN", in_header);
        let mut monitor = Service::start("monitor", &[], &settings);
        monitor.await_line(&["Checking"]).await;
        eventually("both are checked", async || {
            let numbers = monitor.get("/metrics").await;
            let series = [
                "monitor_checks_total{outcome=\"up\"} ",
                "monitor_failures_total{reason=\"connect_refused\"} ",
            ];
            let is_counted = |series: &&str| {
                numbers.contains(*series) && !numbers.contains(&format!("{series}0"))
            };
            series.iter().all(is_counted).then_some(())
        })
        .await;
        let pages = [monitor.get("/metrics").await, monitor.get("/readyz").await].concat();
        assert_eq!(monitor.terminate().await, Some(0));
        let log = monitor.log().join("\n");
        let mut records = topic.read();
        assert!(records.len() >= 2, "{records:?}");
        for record in &mut records {
            // The url is the target's identity, and stands in its record as it is.
            record["url"] = "".into();
        }
        let records = serde_json::to_string(&records).unwrap();
        for (place, text) in [("log", &log), ("pages", &pages), ("records", &records)] {
            for secret in SECRETS {
                assert!(!text.contains(secret), "{secret} in the {place}:\n{text}");
            }
        }
    }
}

/// What the list, and one check by hand, print.
async fn commands_show_none(url: &str, targets: &Path) {
    let [in_header, in_body, _] = SECRETS;
    let settings = ServiceSettings::default()
        .set("URLS_FILE", targets.display())
        .set("TOKEN", in_header);
    let header = format!("X-Key: {in_header}");
    let check = [
        "check",
        url,
        "--method",
        "POST",
        "--headers",
        &header,
        "--body",
        in_body,
    ];
    for (arguments, status) in [
        (&["targets"][..], 2),
        (&["targets", "--json"], 2),
        (&check, 1),
    ] {
        let (code, printed, said) = Service::run("monitor", arguments, &settings).await;
        assert_eq!(code, Some(status), "{printed}{said}");
        for secret in SECRETS {
            let text = format!("{printed}{said}");
            assert!(!text.contains(secret), "{secret} by {arguments:?}:\n{text}");
        }
    }
}
