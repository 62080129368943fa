//! What the log is told of a database that gives no answer.

use std::{
    io,
    sync::{Arc, Mutex},
};

use axum::http::StatusCode;
use tracing::subscriber::set_default;

use super::fixture::Fixture;

/// What is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// How often a line holds these words.
    fn count(&self, words: &str) -> usize {
        let bytes = self.0.lock().unwrap().clone();
        let text = String::from_utf8(bytes).unwrap();
        text.lines().filter(|line| line.contains(words)).count()
    }
}

#[tokio::test]
async fn each_outage_and_its_end_are_logged_once_whatever_is_asked() {
    let fixture = Fixture::new().await;
    fixture.website(1, "https://a.test/", "{}").await;
    fixture.up(1, "default", 9).await;
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone());
    let _guard = set_default(subscriber.finish());
    let paths = [
        "/api/v1/websites",
        "/api/v1/websites/1",
        "/api/v1/websites/1/availability",
        "/incidents",
        "/feed.atom",
        "/probe?target=https://a.test/",
    ];
    for (before, path) in paths.into_iter().enumerate() {
        let (out, back) = ("gets no answer", "gets answers again");
        fixture.execute("ALTER TABLE websites RENAME TO gone").await;
        for _ in 0..2 {
            let status = fixture.get(path).await.status;
            assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
        }
        assert_eq!(
            (log.count(out), log.count(back)),
            (before + 1, before),
            "{path}"
        );
        fixture.execute("ALTER TABLE gone RENAME TO websites").await;
        for _ in 0..2 {
            assert_eq!(fixture.get(path).await.status, StatusCode::OK, "{path}");
        }
        assert_eq!(log.count(back), before + 1, "{path}");
    }
}
