//! Sites that ask not to be looked at.

use super::*;

/// A site with this answer for its robots.txt, and pages that are well; counts who asks for which.
async fn site(robots: &'static str) -> (String, [Arc<AtomicUsize>; 2]) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked: [Arc<AtomicUsize>; 2] = Default::default();
    let counts = asked.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let counts = counts.clone();
            tokio::spawn(async move {
                let mut request = vec![0; 10_000];
                let length = stream.read(&mut request).await.unwrap_or_default();
                let is_robots = request[..length].starts_with(b"GET /robots.txt ");
                counts[usize::from(!is_robots)].fetch_add(1, Ordering::SeqCst);
                let answer = if is_robots { robots } else { "200 OK\n\nwell" };
                if answer.is_empty() {
                    return;
                }
                let (status, body) = answer.split_once("\n\n").unwrap();
                let answer = format!(
                    "HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\
                     Connection: close\r\n\r\n{body}",
                    body.len()
                );
                stream.write_all(answer.as_bytes()).await.ok();
            });
        }
    });
    (url, asked)
}

async fn check(urls: &[String], obeys: bool) -> Vec<CheckResult> {
    let settings = ProberSettings {
        obeys_robots: obeys,
        ..settings(10, 10)
    };
    let stage = start_with(settings, &Health::default());
    for url in urls {
        let due = Due {
            target: target(url),
            scheduled_at: now(),
            interval: INTERVAL,
            arrival: Arrival::CameDue,
        };
        stage.due.send(due).await.unwrap();
    }
    let mut results = stage.finish().await;
    results.sort_by_key(|result| result.check.url.clone());
    results
}

const RULES: &str =
    "200 OK\n\nUser-agent: somebody-else\nDisallow: /\n\nUser-agent: *\nDisallow: /b\n";

#[tokio::test]
async fn what_a_site_forbids_is_skipped_and_its_rules_are_fetched_once() {
    let (url, asked) = site(RULES).await;
    let urls = ["/a", "/b?c=1", "/bb", "/c"].map(|path| format!("{url}{path}"));
    let kinds =
        |results: &[CheckResult]| -> Vec<_> { results.iter().map(CheckResult::kind).collect() };
    let results = check(&urls, true).await;
    assert_eq!(
        kinds(&results),
        [
            OutcomeKind::Up,
            OutcomeKind::Skipped,
            OutcomeKind::Skipped,
            OutcomeKind::Up
        ]
    );
    let failure = results[1].failure().unwrap();
    assert_eq!(failure.reason, FailureReason::RobotsDisallowed);
    assert_eq!(results[1].probe(), None);
    let counts = asked.each_ref().map(|it| it.load(Ordering::SeqCst));
    assert_eq!(counts, [1, 2], "robots.txt once, and two pages");
    let results = check(&urls, false).await;
    assert_eq!(kinds(&results), [OutcomeKind::Up; 4]);
    assert_eq!(asked[0].load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn rules_that_cannot_be_had_are_no_failure_of_the_site() {
    for robots in [
        "404 Not Found\n\nUser-agent: *\nDisallow: /",
        "500 Internal Server Error\n\nUser-agent: *\nDisallow: /",
        "200 OK\n\n",
        // It hangs up.
        "",
    ] {
        let (url, asked) = site(robots).await;
        let urls = [format!("{url}/a"), format!("{url}/b")];
        for result in check(&urls, true).await {
            assert_eq!(result.kind(), OutcomeKind::Up, "{robots:?}: {result:?}");
        }
        assert_eq!(asked[0].load(Ordering::SeqCst), 1, "{robots:?}");
    }
}
