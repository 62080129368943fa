//! Under systemd: what it is told, through the socket that it gives.

use std::{
    fs,
    io::{BufRead, BufReader},
    os::{
        fd::OwnedFd,
        unix::{
            fs::MetadataExt,
            net::{UnixDatagram, UnixStream},
        },
    },
    path::Path,
    sync::mpsc,
    thread,
    time::Duration,
};

use crate::support::{Database, PATIENCE, Service, ServiceSettings, Topic, bare};

/// What is told, as systemd would read it: at once, since whoever finds no room for another word waits.
struct Ear {
    told: mpsc::Receiver<String>,
}

impl Ear {
    fn at(path: &Path) -> Self {
        let socket = UnixDatagram::bind(path).unwrap();
        let (sender, told) = mpsc::channel();
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(length) = socket.recv(&mut bytes) {
                let text = String::from_utf8_lossy(&bytes[..length]).into_owned();
                if sender.send(text).is_err() {
                    return;
                }
            }
        });
        Self { told }
    }

    /// Waits until this is told, and returns what was told before.
    fn hear(&self, wanted: &str) -> Vec<String> {
        let mut heard = Vec::new();
        loop {
            match self.told.recv_timeout(PATIENCE) {
                Ok(text) if text.contains(wanted) => return heard,
                Ok(text) => heard.push(text),
                Err(error) => panic!("{wanted} in {heard:?}: {error}"),
            }
        }
    }
}

/// As a unit with `WatchdogSec=1` has it.
fn supervised(settings: ServiceSettings, socket: &Path) -> ServiceSettings {
    let patience = Duration::from_secs(1).as_micros();
    settings
        .set("NOTIFY_SOCKET", socket.display())
        .set("WATCHDOG_USEC", patience)
}

#[tokio::test(flavor = "multi_thread")]
async fn systemd_hears_that_a_service_runs_lives_lacks_and_drains() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("notify");
    let ear = Ear::at(&socket);
    let targets = folder.path().join("urls.csv");
    fs::write(&targets, "url\nhttp://127.0.0.1:9/\n").unwrap();
    let topic = Topic::create(1).await;
    let settings = ServiceSettings::monitor(&topic, &targets);
    // Nobody listens at this port.
    let without_kafka = settings.clone().set("BOOTSTRAP_SERVERS", "127.0.0.1:9");
    let mut monitor = Service::start("monitor", &[], &supervised(without_kafka, &socket));
    ear.hear("READY=1");
    ear.hear("STATUS=Kafka: ");
    ear.hear("WATCHDOG=1");
    monitor.kill();

    let mut monitor = Service::start("monitor", &[], &supervised(settings, &socket));
    ear.hear("STATUS=ready");
    ear.hear("WATCHDOG=1");
    assert_eq!(monitor.terminate().await, Some(0));
    ear.hear("STOPPING=1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_with_bad_settings_is_never_said_to_run() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("notify");
    let ear = Ear::at(&socket);
    let (topic, database) = (Topic::create(1).await, Database::create().await);
    let settings = supervised(ServiceSettings::consumer(&topic, &database), &socket);
    let bad = settings.clone().set("WORKERS", "many");
    let mut consumer = Service::start("consumer", &[], &bad);
    assert_eq!(consumer.exit().await.code(), Some(2));
    // What comes next is the first word.
    let marker = UnixDatagram::unbound().unwrap();
    marker.send_to(b"nothing was told", &socket).unwrap();
    assert_eq!(ear.hear("nothing was told"), [""; 0]);

    let mut consumer = Service::start("consumer", &[], &settings);
    ear.hear("READY=1");
    ear.hear("STATUS=ready");
    assert_eq!(consumer.terminate().await, Some(0));
    ear.hear("STOPPING=1");
}

/// What `monitor run` says with these variables, at its standard error as the journal would have it; it ends by
/// itself, since the last of them makes no sense.
fn said_to_the_journal(variables: &[(&str, &str)], is_named: bool) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let (ours, theirs) = UnixStream::pair().unwrap();
    let theirs = fs::File::from(OwnedFd::from(theirs));
    let stream = theirs.metadata().unwrap();
    let inode = stream.ino() + u64::from(!is_named);
    let mut command = bare("monitor");
    command
        .args(["run"])
        .env("JOURNAL_STREAM", format!("{}:{inode}", stream.dev()))
        .envs(variables.iter().copied())
        .current_dir(folder.path())
        .stderr(theirs);
    let mut process = command.spawn().unwrap();
    // It holds the other end of the stream.
    drop(command);
    let lines = BufReader::new(ours).lines().map(Result::unwrap).collect();
    assert_eq!(process.wait().unwrap().code(), Some(2));
    lines
}

#[test]
fn the_journal_has_each_lines_level_and_the_time_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let targets = folder.path().join("urls.csv");
    fs::write(&targets, "url\nnonsense\n").unwrap();
    let targets = targets.to_str().unwrap();
    let settings = [
        ("BOOTSTRAP_SERVERS", "127.0.0.1:9"),
        ("SECURITY_PROTOCOL", "PLAINTEXT"),
        ("TOPIC_NAME", "nobody-reads-it"),
        ("HTTP_LISTEN", "127.0.0.1:0"),
        ("URLS_FILE", targets),
        // It is not used, which is a warning.
        ("HTTPS_PROXY", "http://127.0.0.1:9"),
    ];
    let lines = said_to_the_journal(&settings, true);
    println!("{lines:?}");
    assert!(lines.iter().any(|it| it.starts_with("<4>WARN    ")));
    assert!(lines.iter().any(|it| it.starts_with("<3>monitor: ")));
    assert!(lines.iter().all(|it| it.starts_with('<')));
    // Objects, too.
    let lines = said_to_the_journal(&[&settings[..], &[("LOG_FORMAT", "json")]].concat(), true);
    println!("{lines:?}");
    assert!(lines.iter().any(|it| it.starts_with("<4>{")));
    // Where a shell has left the variable of another stream.
    let lines = said_to_the_journal(&settings, false);
    println!("{lines:?}");
    assert!(lines.iter().all(|it| !it.starts_with('<')));
}
