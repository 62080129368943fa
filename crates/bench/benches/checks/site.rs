//! The sites that are asked, in a process of their own, so that their time is nobody else's.

mod serve;

use std::{
    fs,
    io::stdin,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{Arc, atomic::Ordering},
};

use anyhow::{Context, Result};
use devstack::Authority;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    net::TcpListener,
    process::{ChildStdout, Command},
    task::spawn_blocking,
};
use tokio_rustls::TlsAcceptor;

use self::serve::{Pages, serve};
use crate::watched::Watched;

/// The word that makes this program the sites.
pub(crate) const ROLE: &str = "as-sites";

/// The process of the sites.
pub(crate) struct Sites {
    process: Watched,
    answers: Lines<BufReader<ChildStdout>>,
    tls_port: u16,
    plain_port: u16,
    /// Whom their certificates are from.
    pub(crate) ca_file: PathBuf,
}

impl Sites {
    /// Starts it.
    pub(crate) async fn start(folder: &Path) -> Result<Self> {
        let program = std::env::current_exe()?;
        let mut command = Command::new(&program);
        command.arg(ROLE).arg(folder).stdout(Stdio::piped());
        let mut process = Watched::start(&mut command, &program)?;
        let stdout = process.child.stdout.take().context("no output")?;
        let mut answers = BufReader::new(stdout).lines();
        let mut next = async || answers.next_line().await?.context("the sites have ended");
        let (tls_port, plain_port) = (next().await?.parse()?, next().await?.parse()?);
        Ok(Self {
            process,
            answers,
            tls_port,
            plain_port,
            ca_file: ca_file(folder),
        })
    }

    /// A page of 10 kB over TLS.
    pub(crate) fn page(&self, number: usize) -> String {
        format!("https://127.0.0.1:{}/page/{number}", self.tls_port)
    }

    /// A site that misbehaves so, on a host of its own.
    pub(crate) fn hostile(&self, behaviour: &str, number: usize) -> String {
        let part = |number: usize| u8::try_from(number).unwrap_or(u8::MAX);
        let host = Ipv4Addr::new(127, 9, part(number / 250), part(number % 250 + 1));
        format!("http://{host}:{}/{behaviour}/{number}", self.plain_port)
    }

    /// Pages that were given so far.
    pub(crate) async fn pages(&mut self) -> Result<u64> {
        let stdin = self.process.child.stdin.as_mut().context("no input")?;
        stdin.write_all(b"\n").await?;
        let answer = self.answers.next_line().await?;
        Ok(answer.context("the sites have ended")?.parse()?)
    }
}

/// Serves until its standard input ends; each line of it is a question for the number of pages.
pub(crate) async fn run(folder: &Path) -> Result<()> {
    let authority = Authority::new("Bench")?;
    fs::write(ca_file(folder), authority.pem())?;
    let config = authority.server()?.server_config()?;
    let pages = Arc::new(Pages::new()?);
    let tls = TcpListener::bind("127.0.0.1:0").await?;
    let plain = TcpListener::bind("0.0.0.0:0").await?;
    println!(
        "{}\n{}",
        tls.local_addr()?.port(),
        plain.local_addr()?.port()
    );
    let acceptor = TlsAcceptor::from(Arc::new(config));
    tokio::spawn(serve(tls, Some(acceptor), Arc::clone(&pages)));
    tokio::spawn(serve(plain, None, Arc::clone(&pages)));
    let answering = spawn_blocking(move || -> Result<()> {
        for question in stdin().lines() {
            question?;
            println!("{}", pages.given.load(Ordering::Relaxed));
        }
        Ok(())
    });
    answering.await?
}

fn ca_file(folder: &Path) -> PathBuf {
    folder.join("ca.pem")
}
