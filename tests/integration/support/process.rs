//! A service as its user runs it: a process with an environment, a log and signals.

use std::{
    env,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex},
    thread::{self, JoinHandle},
};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{Database, Topic, eventually};

/// The settings of one service.
#[derive(Clone, Default)]
pub(crate) struct ServiceSettings {
    variables: Vec<(String, String)>,
}

impl ServiceSettings {
    /// A monitor that reads `targets`, every second unless set otherwise.
    pub(crate) fn monitor(topic: &Topic, targets: &Path) -> Self {
        Self::default()
            .topic(topic)
            .set("URLS_FILE", targets.display())
            .set("WEBSITES_CHECK_INTERVAL", 1)
            .set("HTTP_LISTEN", "127.0.0.1:0")
    }

    /// A consumer.
    pub(crate) fn consumer(topic: &Topic, database: &Database) -> Self {
        Self::default()
            .topic(topic)
            .set("PG_URI", &database.uri)
            .set("CONSUMER_GROUP", &topic.name)
            .set("HTTP_LISTEN", "127.0.0.1:0")
    }

    fn topic(self, topic: &Topic) -> Self {
        self.set("BOOTSTRAP_SERVERS", &topic.bootstrap)
            .set("SECURITY_PROTOCOL", "PLAINTEXT")
            .set("TOPIC_NAME", &topic.name)
    }

    /// Sets a variable, again where it was set before.
    pub(crate) fn set(mut self, name: &str, value: impl ToString) -> Self {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.into(), value.to_string()));
        self
    }
}

/// A running service. It is killed when the test lets it go.
pub(crate) struct Service {
    name: String,
    process: Child,
    log: Arc<Mutex<Vec<String>>>,
    /// They end when nobody can print any more.
    readers: [JoinHandle<()>; 2],
    /// Where it runs: an empty folder, so that no `.env` of a developer's gets in.
    _folder: TempDir,
}

impl Service {
    /// Starts `monitor` or `consumer`, with an argument perhaps.
    pub(crate) fn start(name: &str, arguments: &[&str], settings: &ServiceSettings) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let command = Self::command(name, arguments, settings, &folder);
        Self::spawn(name, command, folder)
    }

    /// Runs a command of `monitor` or `consumer` to its end: its exit status, what it printed, and
    /// what it said beside it.
    pub(crate) async fn run(
        name: &str,
        arguments: &[&str],
        settings: &ServiceSettings,
    ) -> (Option<i32>, String, String) {
        let folder = tempfile::tempdir().expect("a folder");
        let mut command = Self::command(name, arguments, settings, &folder);
        let output = tokio::task::spawn_blocking(move || command.output()).await;
        let output = output.expect("no panic").expect("the program runs");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        let code = output.status.code();
        (code, text(output.stdout), text(output.stderr))
    }

    pub(super) fn command(
        name: &str,
        arguments: &[&str],
        settings: &ServiceSettings,
        folder: &TempDir,
    ) -> Command {
        let mut command = bare(name);
        command
            .args(arguments)
            .envs(env::var_os("PATH").map(|path| ("PATH", path)))
            .env("RUST_BACKTRACE", "1")
            .envs(settings.variables.iter().map(|(name, value)| (name, value)))
            .current_dir(folder.path());
        command
    }

    /// Starts any command and keeps what it prints.
    pub(crate) fn spawn(name: &str, mut command: Command, folder: TempDir) -> Self {
        let mut process = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{name} does not start: {error}"));
        let log = Arc::new(Mutex::new(Vec::new()));
        let readers = [
            follow(process.stdout.take().expect("a pipe"), &log),
            follow(process.stderr.take().expect("a pipe"), &log),
        ];
        Self {
            name: name.into(),
            process,
            log,
            readers,
            _folder: folder,
        }
    }

    /// All that it has printed.
    pub(crate) fn log(&self) -> Vec<String> {
        self.log.lock().expect("no reader panics").clone()
    }

    /// Waits for a line that holds all of these, and returns it.
    pub(crate) async fn await_line(&self, parts: &[&str]) -> String {
        let what = format!("{} logs {parts:?}", self.name);
        let found = || {
            self.log()
                .into_iter()
                .find(|line| parts.iter().all(|it| line.contains(it)))
        };
        eventually(&what, async || found()).await
    }

    /// Where its HTTP server is.
    pub(crate) async fn http_address(&self) -> String {
        let before = if self.name == "monitor" {
            " http="
        } else {
            "HTTP on http://"
        };
        let line = self.await_line(&[before]).await;
        let (_, address) = line.split_once(before).expect("an address");
        let address = address.split_whitespace().next().expect("an address");
        address.to_owned()
    }

    /// What its HTTP server answers, head and body.
    pub(crate) async fn get(&self, path: &str) -> String {
        let address = self.http_address().await;
        let mut stream = TcpStream::connect(&address).await.expect("a connection");
        let request = format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n");
        let sent = stream.write_all(request.as_bytes()).await;
        sent.expect("the request is taken");
        let mut answer = String::new();
        let read = stream.read_to_string(&mut answer).await;
        read.expect("an answer");
        answer
    }

    /// Waits until its HTTP server answers with all of these, and returns the answer: what is logged is not yet
    /// shown there.
    pub(crate) async fn await_answer(&self, path: &str, parts: &[&str]) -> String {
        let what = format!("{path} of {} says {parts:?}", self.name);
        eventually(&what, async || {
            let answer = self.get(path).await;
            parts.iter().all(|it| answer.contains(it)).then_some(answer)
        })
        .await
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.process.id()).expect("a pid")).expect("a pid");
        kill_process(pid, signal).expect("the process is there");
    }

    /// SIGKILL, and waits until it is gone.
    pub(crate) fn kill(&mut self) {
        self.process.kill().expect("the process is there");
        self.process.wait().expect("the process is ours");
    }

    /// Waits until it has ended.
    pub(crate) async fn exit(&mut self) -> ExitStatus {
        let what = format!("{} ends", self.name);
        let process = &mut self.process;
        let readers = &self.readers;
        let mut ended = || {
            let status = process.try_wait().expect("the process is ours");
            // Its last lines are read, too.
            status.filter(|_| readers.iter().all(JoinHandle::is_finished))
        };
        let deadline = tokio::time::Instant::now() + super::PATIENCE;
        loop {
            if let Some(status) = ended() {
                return status;
            }
            assert!(
                tokio::time::Instant::now() < deadline,
                "waited in vain: {what}"
            );
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    /// SIGTERM, then its exit status.
    pub(crate) async fn terminate(&mut self) -> Option<i32> {
        self.signal(Signal::TERM);
        self.exit().await.code()
    }

    /// The most memory that it has held, in KiB.
    pub(crate) fn memory_peak_kib(&self) -> u64 {
        let path = format!("/proc/{}/status", self.process.id());
        let status = std::fs::read_to_string(path).expect("the process is there");
        let line = status
            .lines()
            .find(|line| line.starts_with("VmHWM:"))
            .expect("a peak");
        line.split_whitespace()
            .nth(1)
            .and_then(|kib| kib.parse().ok())
            .expect("a number")
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It has ended already in most tests.
        self.process.kill().ok();
        self.process.wait().ok();
        if thread::panicking() {
            for line in self.log() {
                println!("{} | {line}", self.name);
            }
        }
    }
}

fn follow(
    pipe: impl std::io::Read + Send + 'static,
    log: &Arc<Mutex<Vec<String>>>,
) -> JoinHandle<()> {
    let log = Arc::clone(log);
    thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            log.lock().expect("no reader panics").push(line);
        }
    })
}

/// A command of a program of the workspace whose environment is empty, but for where `make coverage` counts.
pub(crate) fn bare(name: &str) -> Command {
    const COUNTERS: &str = "LLVM_PROFILE_FILE";
    let mut command = Command::new(program(name));
    command
        .env_clear()
        .envs(env::var_os(COUNTERS).map(|file| (COUNTERS, file)));
    command
}

/// A program of the workspace, built beside this one by `make test`.
pub(crate) fn program(name: &str) -> PathBuf {
    let here = env::current_exe().expect("our own path");
    let path = here
        .ancestors()
        .nth(2)
        .expect("target/<profile>/deps")
        .join(name);
    assert!(
        path.is_file(),
        "{} is not built: use `make test`, or `cargo build` first",
        path.display()
    );
    path
}
