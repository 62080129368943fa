//! A website of a test's own: a socket that answers each request with what the test wants.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;
use messages::DueTimes;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// What the site answers.
#[derive(Clone)]
pub(crate) enum Answer {
    /// These bytes.
    Bytes(Arc<[u8]>),
    /// These bytes, this much later.
    Late(Duration, Arc<[u8]>),
}

impl Answer {
    /// A page.
    pub(crate) fn page(text: &str) -> Self {
        Self::status("200 OK", text)
    }

    /// A page with another status.
    pub(crate) fn status(status: &str, text: &str) -> Self {
        let head = format!("HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\n");
        let bytes = format!(
            "{head}Content-Length: {}\r\nConnection: close\r\n\r\n{text}",
            text.len()
        );
        Self::Bytes(bytes.into_bytes().into())
    }

    /// The same, this much later.
    pub(crate) fn later(self, delay: Duration) -> Self {
        match self {
            Self::Bytes(bytes) | Self::Late(_, bytes) => Self::Late(delay, bytes),
        }
    }
}

/// A url that begins so, of which no check comes due within half of its interval from now: the check of the slot
/// under way is the only one that a test sees, and has time.
pub(crate) fn url_not_due_soon(start: &str, interval: Duration) -> String {
    let now = Timestamp::now();
    let is_quiet = |url: &String| {
        let mut due = DueTimes::new(url, interval).within(now..now + interval / 2);
        due.next().is_none()
    };
    let mut urls = (0..).map(|number| format!("{start}{number}"));
    urls.find(is_quiet).expect("every second one is")
}

/// A site that counts its visitors. It ends with the test.
pub(crate) struct Site {
    pub(crate) url: String,
    answer: Arc<Mutex<Answer>>,
    requests: Arc<AtomicUsize>,
    server: tokio::task::JoinHandle<()>,
}

impl Site {
    pub(crate) async fn start(answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/", listener.local_addr().expect("an address"));
        let requests = Arc::new(AtomicUsize::new(0));
        let answer = Arc::new(Mutex::new(answer));
        let (counter, now) = (Arc::clone(&requests), Arc::clone(&answer));
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let answer = now.lock().expect("nobody panics").clone();
                tokio::spawn(serve(stream, answer, Arc::clone(&counter)));
            }
        });
        Self {
            url,
            answer,
            requests,
            server,
        }
    }

    /// Answers otherwise from now on.
    pub(crate) fn change(&self, answer: Answer) {
        *self.answer.lock().expect("nobody panics") = answer;
    }

    /// Requests so far.
    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(mut stream: TcpStream, answer: Answer, requests: Arc<AtomicUsize>) {
    let mut request = Vec::new();
    while !request.windows(4).any(|bytes| bytes == b"\r\n\r\n") {
        match stream.read_buf(&mut request).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
    }
    requests.fetch_add(1, Ordering::Relaxed);
    let bytes = match answer {
        Answer::Bytes(bytes) => bytes,
        Answer::Late(delay, bytes) => {
            tokio::time::sleep(delay).await;
            bytes
        }
    };
    // A visitor who left early is the test's own doing.
    stream.write_all(&bytes).await.ok();
}
