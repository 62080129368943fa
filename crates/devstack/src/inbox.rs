//! A receiver of alerts on the loopback address: takes what is posted, and can misbehave.

use std::collections::VecDeque;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Whoever takes longer than this to post is let go.
const REQUEST_MAX: Duration = Duration::from_secs(10);
const REQUEST_BYTES_MAX: usize = 1 << 20;
/// What is posted waits here until somebody looks; then whoever posts waits.
const POSTED_MAX: usize = 1000;
/// How long a connection is kept without an answer, unless the other side gives up before.
const HANG_MAX: Duration = Duration::from_mins(10);

/// What it answers to a post; 200 unless told otherwise.
#[derive(Clone, Debug)]
pub enum Answer {
    /// A status, and perhaps a line of the head.
    Status(u16, &'static str),
    /// A status, and the head of what was posted said back, as many servers do.
    Echo(u16),
    /// Nothing at all.
    Silence,
}

/// What was posted.
#[derive(Clone, Debug)]
pub struct Posted {
    /// The request's lines, names of headers in small letters.
    pub head: Vec<String>,
    /// What it carried.
    pub body: String,
    /// What it is answered.
    pub answer: Answer,
}

impl Posted {
    /// The value of a header; its name in small letters.
    pub fn header(&self, name: &str) -> Option<&str> {
        let values = self.head.iter().filter_map(|line| line.split_once(": "));
        values
            .into_iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    }
}

/// The server. It ends when this is dropped.
#[derive(Debug)]
pub struct Inbox {
    address: SocketAddr,
    answers: Arc<Mutex<VecDeque<Answer>>>,
    posted: mpsc::Receiver<Posted>,
    _server: JoinSet<()>,
}

impl Inbox {
    /// Starts one on a free port.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.context("listening for alerts")?;
        let address = listener.local_addr().context("asking for our own port")?;
        let answers = Arc::default();
        let (sender, posted) = mpsc::channel(POSTED_MAX);
        let mut server = JoinSet::new();
        server.spawn(serve(listener, Arc::clone(&answers), sender));
        Ok(Self {
            address,
            answers,
            posted,
            _server: server,
        })
    }

    /// Where to post.
    pub fn url(&self) -> String {
        format!("http://{}/alerts", self.address)
    }

    /// Answers the next post so, that is not spoken for yet.
    pub fn answer(&self, answer: Answer) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.push_back(answer);
    }

    /// Waits for the next post.
    pub async fn next(&mut self) -> Option<Posted> {
        self.posted.recv().await
    }
}

async fn serve(
    listener: TcpListener,
    answers: Arc<Mutex<VecDeque<Answer>>>,
    posted: mpsc::Sender<Posted>,
) {
    let mut visitors = JoinSet::new();
    loop {
        // A connection that broke before it was accepted is no reason to serve nobody else.
        if let Ok((stream, _)) = listener.accept().await {
            let (answers, posted) = (Arc::clone(&answers), posted.clone());
            // What goes wrong with a visitor is the visitor's to report.
            visitors.spawn(async move { receive(stream, &answers, &posted).await.ok() });
        }
        while visitors.try_join_next().is_some() {}
    }
}

async fn receive(
    mut stream: TcpStream,
    answers: &Mutex<VecDeque<Answer>>,
    posted: &mpsc::Sender<Posted>,
) -> io::Result<()> {
    let (head, body) = timeout(REQUEST_MAX, read(&mut stream)).await??;
    let answer = {
        let mut answers = answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.pop_front().unwrap_or(Answer::Status(200, ""))
    };
    let said_back = head.join("\r\n");
    let request = Posted {
        head,
        body,
        answer: answer.clone(),
    };
    if posted.send(request).await.is_err() {
        // Nobody looks any more: we are being dropped.
        return Ok(());
    }
    match answer {
        Answer::Status(status, "") => say(&mut stream, status, "", "").await,
        Answer::Status(status, line) => say(&mut stream, status, &format!("{line}\r\n"), "").await,
        Answer::Echo(status) => say(&mut stream, status, "", &said_back).await,
        Answer::Silence => {
            // When the other side leaves, neither is there a wait.
            let mut nowhere = tokio::io::sink();
            let silence = tokio::io::copy(&mut stream, &mut nowhere);
            timeout(HANG_MAX, silence).await??;
            Ok(())
        }
    }
}

async fn say(stream: &mut TcpStream, status: u16, lines: &str, body: &str) -> io::Result<()> {
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 {status} As told\r\n{lines}Connection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await
}

/// The request's lines, and what it carried.
async fn read(stream: &mut TcpStream) -> io::Result<(Vec<String>, String)> {
    const END: &[u8] = b"\r\n\r\n";
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(END.len()).position(|it| it == END) {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let head: Vec<_> = head.lines().map(small_name).collect();
            let length = head.iter().find_map(|line| {
                let length = line.strip_prefix("content-length: ")?;
                length.parse::<usize>().ok()
            });
            let begin = end + END.len();
            if bytes.len() >= begin + length.unwrap_or(0) {
                let body = String::from_utf8_lossy(&bytes[begin..]).into_owned();
                return Ok((head, body));
            }
        }
        if bytes.len() > REQUEST_BYTES_MAX || stream.read_buf(&mut bytes).await? == 0 {
            return Err(io::ErrorKind::InvalidData.into());
        }
    }
}

fn small_name(line: &str) -> String {
    match line.split_once(": ") {
        Some((name, value)) => format!("{}: {value}", name.to_ascii_lowercase()),
        None => line.to_owned(),
    }
}
