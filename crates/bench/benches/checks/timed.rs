//! Sites that let each phase of a visit last for a while that differs, and that note by their own clock
//! how long it was. With their name server, in a process of their own.

mod names;
mod serve;
mod visit;

use std::{
    env, fs,
    io::stdin,
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
};

use anyhow::{Context, Result, ensure};
use devstack::Authority;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    net::{TcpListener, UdpSocket},
    process::{ChildStdout, Command},
    task::spawn_blocking,
};

pub(crate) use self::{names::NAME_SERVER, visit::Visit};
use self::{
    names::{DOMAIN, answer_names},
    serve::serve,
    visit::{Visits, read},
};
use crate::watched::Watched;

/// The word that makes this program these sites.
pub(crate) const ROLE: &str = "as-timed-sites";

/// They go before others: what they take a time for must not wait until they get to run.
const NICENESS: &str = "-15";

/// Their process.
pub(crate) struct TimedSites {
    process: Watched,
    answers: Lines<BufReader<ChildStdout>>,
    port: u16,
    folder: PathBuf,
}

impl TimedSites {
    /// Starts it. Needs root: a name server has the port 53.
    pub(crate) async fn start(folder: &Path) -> Result<Self> {
        let program = env::current_exe()?;
        let mut command = Command::new("/usr/bin/nice");
        command.args(["-n", NICENESS]).arg(&program);
        command.arg(ROLE).arg(folder).stdout(Stdio::piped());
        let mut process = Watched::start(&mut command, &program)?;
        let stdout = process.child.stdout.take().context("no output")?;
        let mut answers = BufReader::new(stdout).lines();
        let port = answers.next_line().await?.context("the sites have ended")?;
        Ok(Self {
            process,
            answers,
            port: port.parse()?,
            folder: folder.to_owned(),
        })
    }

    /// Whom their certificate is from.
    pub(crate) fn ca_file(&self) -> PathBuf {
        ca_file(&self.folder)
    }

    /// A site of its own name.
    pub(crate) fn url(&self, number: usize) -> String {
        format!("https://{number}.{DOMAIN}:{}/", self.port)
    }

    /// All visits so far.
    pub(crate) async fn visits(&mut self) -> Result<Vec<Visit>> {
        let stdin = self.process.child.stdin.as_mut().context("no input")?;
        stdin.write_all(b"\n").await?;
        let answer = self.answers.next_line().await?;
        ensure!(answer.is_some(), "the sites have ended");
        read(&visits_file(&self.folder))
    }
}

/// Serves until its standard input ends; with each line of it, the visits so far are written to a file.
pub(crate) async fn run(folder: &Path) -> Result<()> {
    let authority = Authority::new("Bench")?;
    fs::write(ca_file(folder), authority.pem())?;
    let identity = authority.server_at(&format!("*.{DOMAIN}"))?;
    let tls = identity.server_config()?;
    let visits = Arc::new(Visits::default());
    let names = UdpSocket::bind((NAME_SERVER, 53)).await;
    let names = names.context("a name server on the port 53 (root is needed)")?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?.port());
    tokio::spawn(answer_names(Arc::new(names), Arc::clone(&visits)));
    tokio::spawn(serve(listener, Arc::new(tls), Arc::clone(&visits)));
    let file = visits_file(folder);
    let answering = spawn_blocking(move || -> Result<()> {
        for question in stdin().lines() {
            question?;
            visits.write(&file)?;
            println!("written");
        }
        Ok(())
    });
    answering.await?
}

fn ca_file(folder: &Path) -> PathBuf {
    folder.join("timed-ca.pem")
}

fn visits_file(folder: &Path) -> PathBuf {
    folder.join("visits")
}
