//! A real schema registry (Apicurio), which speaks Confluent's API and keeps its schemas in memory.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result};
use rustix::process::Signal;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::jars::registry_jars;
use crate::java::java;
use crate::ports::free_port;
use crate::process::{Daemon, DaemonSettings, Lifetime, Server, in_new_session};

/// Three seconds on an idle machine.
const READY_MAX: Duration = Duration::from_secs(90);
const STOP_MAX: Duration = Duration::from_secs(10);
/// Where Confluent's API is.
const API: &str = "/apis/ccompat/v7";
/// Its program, among the jars.
const RUNNER: &str = "-runner.jar";
const HEAP: [&str; 2] = ["-Xms64m", "-Xmx256m"];

/// A schema registry that this process controls.
#[derive(Debug)]
pub struct SchemaRegistry {
    daemon: Daemon,
    port: u16,
    folder: TempDir,
}

impl SchemaRegistry {
    /// Starts a registry that ends with this process.
    pub async fn throwaway() -> Result<Self> {
        let mut registry = Self::stopped()?;
        registry.start().await?;
        Ok(registry)
    }

    /// One that is not running yet, whose address is known.
    pub fn stopped() -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("websites-monitor-registry-")
            .tempdir()
            .context("making a folder for the schema registry")?;
        let path = folder.path().to_path_buf();
        let daemon = Daemon::new(DaemonSettings {
            name: "The schema registry",
            marker: path.clone(),
            folder: path.clone(),
            lifetime: Lifetime::Guarded,
            stop_signal: Signal::TERM,
            stop_max: STOP_MAX,
            ready_max: READY_MAX,
            temporary_folder: Some(path),
        });
        Ok(Self {
            daemon,
            port: free_port()?,
            folder,
        })
    }

    /// Starts it, on the port of last time and without the schemas of last time, and waits until it
    /// answers.
    pub async fn start(&mut self) -> Result<()> {
        let jars = registry_jars().await?;
        let mut command = in_new_session(&java());
        command
            .args(HEAP)
            .args(["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"])
            // By this its process is known.
            .arg(format!("-Djava.io.tmpdir={}", self.folder.path().display()))
            .arg("-jar")
            .arg(runner(&jars)?)
            .env("QUARKUS_HTTP_HOST", "127.0.0.1")
            .env("QUARKUS_HTTP_PORT", self.port.to_string())
            .current_dir(self.folder.path());
        self.daemon.spawn(&mut command)?;
        let port = self.port;
        self.daemon
            .until_ready(async || answers(port).await.unwrap_or(false))
            .await
    }

    /// `SCHEMA_REGISTRY_URL`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}{API}", self.port)
    }
}

/// The jar that is to be run.
fn runner(jars: &Path) -> Result<PathBuf> {
    let entries = fs::read_dir(jars).with_context(|| format!("reading {}", jars.display()))?;
    let mut paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    paths
        .find(|path| path.to_string_lossy().ends_with(RUNNER))
        .with_context(|| format!("{} holds no {RUNNER}", jars.display()))
}

async fn answers(port: u16) -> Result<bool> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    let request = format!("GET {API}/subjects HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer.contains(" 200 "))
}

impl Server for SchemaRegistry {
    fn daemon(&self) -> &Daemon {
        &self.daemon
    }

    fn daemon_mut(&mut self) -> &mut Daemon {
        &mut self.daemon
    }
}
