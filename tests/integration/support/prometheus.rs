//! Debian's Prometheus and Alertmanager, and what they say.

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::Value;

use super::{Service, ask, eventually};

/// A running Prometheus. It ends with the test.
pub(crate) struct Prometheus {
    port: u16,
    _service: Service,
}

/// What a query found: each series' labels, and its value.
pub(crate) type Found = Vec<(Value, f64)>;

impl Prometheus {
    /// One with this configuration, once it answers.
    pub(crate) async fn start(configuration: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let port = devstack::free_port().expect("a port");
        let file = folder.path().join("prometheus.yml");
        fs::write(&file, configuration).expect("the configuration is written");
        let mut command = Command::new("prometheus");
        command
            .arg(format!("--config.file={}", file.display()))
            .arg(format!(
                "--storage.tsdb.path={}",
                folder.path().join("data").display()
            ))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .arg("--log.level=warn");
        let service = Service::spawn("prometheus", command, folder);
        let prometheus = Self {
            port,
            _service: service,
        };
        eventually("Prometheus is ready", async || {
            let ready = std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
                && ask(port, "/-/ready").contains(" 200 ");
            ready.then_some(())
        })
        .await;
        prometheus
    }

    /// What an expression finds now.
    pub(crate) fn query(&self, expression: &str) -> Found {
        let answer = ask(
            self.port,
            &format!("/api/v1/query?query={}", encoded(expression)),
        );
        let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
        let body: Value = serde_json::from_str(body).expect("JSON");
        assert_eq!(body["status"], "success", "{expression}: {body}");
        let result = body["data"]["result"].as_array().expect("series");
        let found = result.iter().map(|series| {
            let value = series["value"][1].as_str().expect("a value");
            (series["metric"].clone(), value.parse().expect("a number"))
        });
        found.collect()
    }

    /// Waits until an expression finds what is wanted.
    pub(crate) async fn await_found(
        &self,
        expression: &str,
        is_wanted: impl Fn(&Found) -> bool,
    ) -> Found {
        eventually(expression, async || {
            Some(self.query(expression)).filter(&is_wanted)
        })
        .await
    }
}

/// A running Alertmanager. It ends with the test.
pub(crate) struct Alertmanager {
    port: u16,
    _service: Service,
}

impl Alertmanager {
    /// One with this file; who asks it waits until it answers.
    pub(crate) fn start(file: &Path) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let port = devstack::free_port().expect("a port");
        let mut command = Command::new("prometheus-alertmanager");
        command
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.path={}", folder.path().display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .arg("--cluster.listen-address=");
        Self {
            port,
            _service: Service::spawn("alertmanager", command, folder),
        }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Waits until it was told of an alert for exactly these instances.
    pub(crate) async fn await_told(&self, alert: &str, of: &[String]) {
        let filter = encoded(&format!("alertname=\"{alert}\""));
        let path = format!("/api/v2/alerts?filter={filter}");
        eventually(&format!("{alert} of {of:?}"), async || {
            std::net::TcpStream::connect(("127.0.0.1", self.port)).ok()?;
            let answer = ask(self.port, &path);
            let (_, body) = answer.split_once("\r\n\r\n")?;
            let told: Vec<Value> = serde_json::from_str(body).ok()?;
            let instance = |alert: &Value| Some(alert["labels"]["instance"].as_str()?.to_owned());
            let mut told: Vec<_> = told.iter().filter_map(instance).collect();
            told.sort();
            (told == of).then_some(())
        })
        .await;
    }
}

/// The instances of which something was found, in order.
pub(crate) fn instances(found: &Found) -> Vec<String> {
    let mut instances: Vec<_> = found
        .iter()
        .map(|(labels, _)| labels["instance"].as_str().unwrap_or_default().to_owned())
        .collect();
    instances.sort();
    instances
}

/// Runs a tool of Prometheus' in a folder over some input, and fails with its words where it does.
pub(crate) fn run_tool(program: &str, arguments: &[&str], folder: &Path, input: &str) {
    let mut process = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{program} does not start ({error}): use `make test`"));
    let mut stdin = process.stdin.take().expect("a pipe");
    // A tool that reads nothing may have ended.
    stdin.write_all(input.as_bytes()).ok();
    drop(stdin);
    let output = process.wait_with_output().expect("it ends");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(output.status.success(), "{program} {arguments:?}: {said}");
}

fn encoded(text: &str) -> String {
    let bytes = text.bytes().map(|byte| match byte {
        byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    });
    bytes.collect()
}
