//! Sites that misbehave, a row each: what the site does, and what is said of it.
//!
//! What is said is one line: outcome and code, then the match; or the reason and the phase.

mod answers;
mod frames;
mod hops;
mod http2;
mod names;
mod pages;
mod sockets;

use tokio::task::JoinSet;

use super::*;

/// What a site does once it has read a request.
#[derive(Clone)]
enum Step {
    Send(Vec<u8>),
    /// Byte by byte.
    Trickle(Vec<u8>),
    /// Again and again, until the probe hangs up.
    Repeat(Vec<u8>),
    Hang,
    Reset,
}

fn send(bytes: impl AsRef<[u8]>) -> Step {
    Step::Send(bytes.as_ref().to_vec())
}

/// Where a row's site is.
#[derive(Clone)]
enum Place {
    /// A site that takes these steps for every request, and then closes.
    Steps(Vec<Step>),
    /// A site with an answer for each path. `ECHO` in it becomes the request; after `HANG` at its end
    /// nothing comes, and the connection stays.
    Paths(Vec<(&'static str, String)>),
    /// One that stands already.
    Url(String),
}

/// A site, and what is expected of its probe.
struct Row {
    name: &'static str,
    place: Place,
    regexp: &'static str,
    settings: ProbeSettings,
    expected: &'static str,
}

impl Row {
    fn new(name: &'static str, place: Place, expected: &'static str) -> Self {
        Self {
            name,
            place,
            regexp: "hello",
            settings: settings(),
            expected,
        }
    }

    fn sought(self, regexp: &'static str) -> Self {
        Self { regexp, ..self }
    }

    fn with(self, settings: ProbeSettings) -> Self {
        Self { settings, ..self }
    }

    /// For a site that hangs.
    fn impatient(mut self) -> Self {
        self.settings.total_timeout = PATIENCE;
        self
    }

    /// Starts the site, and gives the probe that tells what is not as expected, if anything is.
    async fn start(self) -> impl Future<Output = Option<String>> {
        let url = self.place.start().await;
        let instruments = Instruments::new(self.settings).unwrap();
        async move {
            let outcome = probe_by(&instruments, &url, self.regexp).await;
            complaint(self.name, self.expected, &outcome)
        }
    }
}

impl Place {
    async fn start(self) -> String {
        let answering = match self {
            Self::Url(url) => return url,
            answering => answering,
        };
        serve(move |mut stream| {
            let answering = answering.clone();
            async move {
                let request = read_request(&mut stream).await?;
                answering.answer(stream, &request).await
            }
        })
        .await
    }

    async fn answer(self, mut stream: TcpStream, request: &str) -> io::Result<()> {
        match self {
            Self::Steps(steps) => take(steps, stream).await,
            Self::Paths(paths) => {
                let asked = request.split(' ').nth(1).unwrap_or_default();
                let answer = paths.into_iter().find(|(path, _)| *path == asked);
                let (_, answer) = answer.unwrap_or(("", "HTTP/1.1 404 X\r\n\r\n".into()));
                let answer = answer.replace("ECHO", request);
                let start = answer.strip_suffix("HANG");
                stream
                    .write_all(start.unwrap_or(&answer).as_bytes())
                    .await?;
                if start.is_some() {
                    return hang(stream).await;
                }
                Ok(())
            }
            Self::Url(_) => Ok(()),
        }
    }
}

async fn take(steps: Vec<Step>, mut stream: TcpStream) -> io::Result<()> {
    for step in steps {
        match step {
            Step::Send(bytes) => stream.write_all(&bytes).await?,
            Step::Trickle(bytes) => write_slowly(&mut stream, &bytes).await?,
            Step::Repeat(bytes) => loop {
                stream.write_all(&bytes).await?;
            },
            Step::Hang => return hang(stream).await,
            Step::Reset => {
                reset(stream);
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Probes all sites at the same time, and fails with all that is not as expected.
fn judge(rows: impl IntoIterator<Item = Row>) -> impl Future<Output = ()> {
    judge_all(rows.into_iter().collect())
}

async fn judge_all(rows: Vec<Row>) {
    // All are ready before the first is asked, so that none waits for another's start.
    let mut ready = Vec::new();
    for row in rows {
        ready.push(row.start().await);
    }
    let mut probes: JoinSet<_> = ready.into_iter().collect();
    let mut complaints = Vec::new();
    while let Some(complaint) = probes.join_next().await {
        complaints.extend(complaint.unwrap());
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

fn complaint(name: &str, expected: &str, outcome: &Outcome) -> Option<String> {
    let told = told(outcome);
    (told != expected).then(|| format!("{name}: expected {expected:?}, was {told:?}: {outcome:?}"))
}

/// An outcome in one line.
fn told(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Up { response, .. } => {
            let status = response.status;
            match &response.matched {
                Match::Matched(text) => format!("up {status} matched {text}"),
                Match::NotMatched => format!("up {status} not_matched"),
                Match::NotEvaluated => format!("up {status} not_evaluated"),
            }
        }
        Outcome::Down {
            response, failure, ..
        } => {
            let status = response.as_ref().map(|response| response.status);
            let code = status.map_or(failure.reason.error_code(), i32::from);
            let phase = failure.phase.map(|phase| format!(" in {}", phase.as_str()));
            let reason = failure.reason.as_str();
            format!("down {code} {reason}{}", phase.unwrap_or_default())
        }
        other => format!("{other:?}"),
    }
}
