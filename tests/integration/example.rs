//! The example of all settings, from the file to the rows.

use std::{
    fs, io,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use devstack::Sites;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::support::{Database, Service, ServiceSettings, Topic, url_not_due_soon};

/// Of the example's first target.
const PAGE_INTERVAL: Duration = Duration::from_mins(5);

/// A site that gives its answers in their order, the last one again and again, and notes what it was asked.
struct Site {
    port: u16,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Site {
    async fn start(answers: &'static [&'static str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        tokio::spawn(async move {
            let last = answers.last();
            for answer in answers.iter().chain(last.into_iter().cycle()) {
                let (mut stream, _) = listener.accept().await.unwrap();
                let request = read(&mut stream).await.unwrap();
                seen.lock().unwrap().push(request);
                let head = "Connection: close\r\nContent-Type: text/html";
                let answer = format!("HTTP/1.1 {}", answer.replace("HEAD", head));
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        Self { port, requests }
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

/// Reads a request with its body.
async fn read(stream: &mut TcpStream) -> io::Result<String> {
    let mut request = String::new();
    while !request.ends_with("\r\n\r\n") {
        request.push(stream.read_u8().await?.into());
    }
    let lower = request.to_lowercase();
    let length = lower
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    stream.read_exact(&mut body).await?;
    Ok(lower + &String::from_utf8(body).unwrap())
}

/// The example's sites, as they are on this machine.
struct Example {
    page: Site,
    /// Its check is tried again a second later, for which there is no time at its interval's end.
    page_url: String,
    interface: Site,
    samples: Sites,
}

impl Example {
    async fn start(folder: &Path) -> Self {
        // The first attempt fails, the second is sent on to the page.
        let page = Site::start(&[
            "503 Busy\r\nHEAD\r\n\r\n",
            "302 Found\r\nLocation: /tutorials\r\nHEAD\r\n\r\n",
            "200 OK\r\nHEAD\r\n\r\n<h1>Python</h1><h2>All Tutorial Topics</h2>",
        ])
        .await;
        let page_url = format!("http://localhost:{}/", page.port);
        Self {
            page,
            page_url: url_not_due_soon(&page_url, PAGE_INTERVAL),
            interface: Site::start(&["409 Conflict\r\nHEAD\r\n\r\nI am well"]).await,
            samples: Sites::start(folder).await.unwrap(),
        }
    }

    /// Where the example's third target is: its certificate is not trusted.
    fn untrusted(&self) -> &str {
        let samples = self.samples.all();
        let site = samples.iter().find(|site| site.name == "self-signed");
        &site.unwrap().url
    }

    /// The example's urls, and what stands for them. The first is a name with two families of
    /// addresses, of which the target takes the one that there is.
    fn urls(&self) -> [(&'static str, String); 3] {
        let interface = format!("http://127.0.0.1:{}/", self.interface.port);
        [
            ("https://realpython.com", self.page_url.clone()),
            ("https://httpbin.org/anything", interface),
            ("https://expired.badssl.com", self.untrusted().into()),
        ]
    }

    fn assert_asked(&self) {
        let pages = self.page.requests();
        assert!(pages.len() >= 3, "{pages:?}");
        for request in &pages {
            assert!(request.starts_with("get /"), "{request}");
            assert!(request.contains("accept-language: en\r\n"), "{request}");
        }
        let interfaces = self.interface.requests();
        assert!(!interfaces.is_empty());
        for request in &interfaces {
            assert!(request.starts_with("post / "), "{request}");
            assert!(
                request.contains("content-type: application/json\r\n"),
                "{request}"
            );
            assert!(
                request.contains("x-request-from: websites-monitor\r\n"),
                "{request}"
            );
            assert!(
                request.ends_with(r#"{"question": "are you well?"}"#),
                "{request}"
            );
        }
    }
}

/// What the websites and their rows must hold. The third is checked where it is enabled.
fn expected(example: &Example, is_third_enabled: bool) -> Vec<Value> {
    let [page, interface, untrusted] = example.urls().map(|(_, url)| url);
    let mut rows = vec![
        json!({
            "url": page, "regexp": "All Tutorial \\w+", "outcome": "up", "error_code": 200,
            "match": "matched", "matched_text": "All Tutorial Topics", "interval": PAGE_INTERVAL.as_secs(),
            "attempt": 2, "redirects": 1, "has_certificate": false,
            "target": {
                "name": "Tutorials", "group": "web", "tags": ["python", "public"],
                "description": "The start page, as readers see it", "down_after": 3, "up_after": 2,
                "slow_after": 2, "cert_days": 21, "alerts": ["web-team"],
                "maintenance": "Sun 02:00 2h Europe/Amsterdam", "slo": 99.9,
            },
        }),
        json!({
            "url": interface, "regexp": "", "outcome": "up", "error_code": 409,
            "match": "not_evaluated", "matched_text": "", "interval": 90,
            "attempt": 1, "redirects": 0, "has_certificate": false,
            "target": {"name": "Interface", "group": "api", "slow_after": 0.5, "slo": 99.5},
        }),
    ];
    if is_third_enabled {
        rows.push(json!({
            "url": untrusted, "regexp": "", "outcome": "up", "error_code": 200,
            "match": "not_evaluated", "matched_text": "", "interval": 3600,
            "attempt": 1, "redirects": 0, "has_certificate": true, "target": null,
        }));
    }
    rows
}

/// The rows, with what their websites say of themselves.
const ROWS: &str = "SELECT jsonb_build_object('url', url, 'regexp', results.regexp, 'outcome', outcome, \
    'error_code', error_code, 'match', match, 'matched_text', matched_text, \
    'interval', \"interval\", 'attempt', attempt, 'redirects', redirects, \
    'has_certificate', certificate_not_after IS NOT NULL, 'target', target)::text \
    FROM results JOIN websites USING (url)";

async fn assert_rows(database: &Database, expected: &[Value]) {
    for row in expected {
        // The database compares numbers by their value, whatever their digits.
        let text = row.to_string().replace('\'', "''");
        let found =
            format!("SELECT count(*) FROM ({ROWS}) AS rows (row) WHERE row::jsonb = '{text}'");
        let rows = database.rows(ROWS).await;
        let rows: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        let count = database.value::<i64>(&found).await;
        assert!(count > 0, "{row:#}\nis not among\n{}", rows.join("\n"));
    }
}

/// The example in this format, after its third target is enabled, perhaps.
async fn follow(name: &str, provider: &str, is_third_enabled: bool) {
    let folder = tempfile::tempdir().unwrap();
    let example = Example::start(folder.path()).await;
    let shipped = format!("{}/../data/{name}", env!("CARGO_MANIFEST_DIR"));
    let mut text = fs::read_to_string(shipped).unwrap();
    for (url, here) in example.urls() {
        assert!(text.contains(url), "{url} in the example");
        text = text.replace(url, &here);
    }
    if is_third_enabled {
        text = text.replace("\"enabled\": false", "\"enabled\": true");
    }
    let targets = folder.path().join(name);
    fs::write(&targets, text).unwrap();

    let (topic, database) = (Topic::create(2).await, Database::create().await);
    let settings = ServiceSettings::monitor(&topic, &targets).set("URLS_PROVIDER_TYPE", provider);
    let mut monitor = Service::start("monitor", &[], &settings);
    let settings = ServiceSettings::consumer(&topic, &database);
    let mut consumer = Service::start("consumer", &[], &settings);
    let expected = expected(&example, is_third_enabled);
    let count = expected.len();
    let stored = format!("SELECT count(DISTINCT website_id) >= {count} FROM metrics");
    database.await_true(&stored).await;
    assert_eq!(monitor.terminate().await, Some(0));
    assert_eq!(consumer.terminate().await, Some(0));

    assert_rows(&database, &expected).await;
    let websites = database.value::<i64>("SELECT count(*) FROM websites").await;
    assert_eq!(websites, count as i64, "none that is not enabled");
    example.assert_asked();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_example_of_all_settings_says_in_csv_stands_in_the_rows() {
    follow("urls-all-settings.csv", "CsvUrlsProvider", false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_example_of_all_settings_says_in_json_stands_in_the_rows() {
    follow("urls-all-settings.json", "JsonUrlsProvider", true).await;
}
