//! The commands of the Makefile, as a user gives them.

use std::{
    fs::{self, Permissions},
    io,
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::Path,
    process::{Command, Stdio},
};

use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::TempDir;

use crate::support::{Service, bare, program};

/// A folder for a stack of the test's own, which PostgreSQL's account can reach.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o711)).unwrap();
    folder
}

/// `make …` with that folder's stack, over the programs that `make test` has built.
fn make(arguments: &[&str], folder: &Path) -> Command {
    let mut command = Command::new("make");
    command
        .args(arguments)
        .arg("PROFILE=dev")
        .current_dir(format!("{}/..", env!("CARGO_MANIFEST_DIR")))
        .env("DEVSTACK_HOME", folder.join("stack"));
    command
}

/// What a command says that ends by itself, its errors too.
fn output(mut command: Command) -> String {
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8(said).unwrap();
    assert!(output.status.success(), "{command:?}: {said}");
    said
}

/// The command lines of the processes that have to do with the folder.
fn processes(folder: &Path) -> Vec<String> {
    let folder = folder.display().to_string();
    fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| fs::read(entry.ok()?.path().join("cmdline")).ok())
        .map(|line| String::from_utf8_lossy(&line).replace('\0', " "))
        .filter(|line| line.contains(&folder))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn make_run_shows_checks_ends_clean_on_ctrl_c_and_leaves_rows_to_look_at() {
    let home = folder();
    let targets = home.path().join("urls.csv");
    fs::write(&targets, "url,regexp\nhttp://127.0.0.1:1/,well\n").unwrap();
    let mut command = make(&["run"], home.path());
    command
        .env("URLS_FILE", &targets)
        .env("WEBSITES_CHECK_INTERVAL", "1")
        .env("PG_URI", "postgres://u:secret@pg.example.com/d")
        .process_group(0);
    let mut run = Service::spawn("make run", command, tempfile::tempdir().unwrap());
    run.await_line(&["monitor", "127.0.0.1:1", "connection refused"])
        .await;
    run.await_line(&["consumer", "Stored"]).await;
    let group = Pid::from_raw(i32::try_from(run.id()).unwrap()).unwrap();
    kill_process_group(group, Signal::INT).unwrap();
    run.exit().await;
    let nothing = Vec::<String>::new();
    assert_eq!(processes(home.path()), nothing, "nothing is left running");
    let said = run.log().join("\n");
    for part in [
        "PostgreSQL  local, 127.0.0.1:",
        "/websites; not used here: PG_URI of the environment",
        "every 1 s (WEBSITES_CHECK_INTERVAL of the environment)",
        "Rows        make rows LOCAL=1",
    ] {
        assert!(said.contains(part), "{part:?} in:\n{said}");
    }
    assert!(!said.contains("secret"), "{said}");

    let rows = output(make(&["rows"], home.path()));
    assert!(rows.contains("http://127.0.0.1:1/ "), "{rows}");
    assert!(rows.contains("connect_refused"), "{rows}");
    let none = output(make(&["rows", "DEMO=1"], home.path()));
    assert!(none.contains("There is no row yet"), "{none}");
    assert_eq!(processes(home.path()), nothing, "PostgreSQL was stopped");
    let stopped = output(make(&["stack-stop"], home.path()));
    assert!(!stopped.contains("Finished"), "it built: {stopped}");
    for said in [said, rows, none, stopped] {
        assert!(!said.contains("Compiling"), "it built anew: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_alone_says_what_it_takes_from_where_and_no_secret() {
    let folder = folder();
    let home = folder.path().join("stack");
    let devstack = |arguments: &[&str]| {
        let mut command = bare("devstack");
        command
            .args(arguments)
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .env("DEVSTACK_HOME", &home)
            .env("LOG_LEVEL", "ERROR")
            .current_dir(folder.path());
        command
    };
    let env_file = "BOOTSTRAP_SERVERS=127.0.0.1:1\nSECURITY_PROTOCOL=PLAINTEXT\n\
                    TOPIC_NAME=results\nHTTP_LISTEN=127.0.0.1:0\n";
    fs::write(folder.path().join(".env"), env_file).unwrap();
    let start = |command| Service::spawn("devstack", command, tempfile::tempdir().unwrap());
    let kafka =
        "Kafka       127.0.0.1:1 (BOOTSTRAP_SERVERS of .env), topic results (TOPIC_NAME of .env)";
    let others = "Settings    LOG_LEVEL of the environment; HTTP_LISTEN, SECURITY_PROTOCOL of .env";

    let mut consumer = start(devstack(&["exec", "consumer"]));
    consumer.await_line(&[others]).await;
    consumer.kill();
    let said = consumer.log();
    assert_eq!(said[0], kafka);
    let local = "PostgreSQL  local, as PG_URI is not set: 127.0.0.1:";
    assert!(said[1].starts_with(local), "{said:?}");
    output(devstack(&["down"]));

    let env_file = format!("{env_file}PG_URI=postgres://u:se%40cret@127.0.0.1:1/results\n");
    fs::write(folder.path().join(".env"), env_file).unwrap();
    let mut consumer = start(devstack(&["exec", "consumer"]));
    consumer.await_line(&[others]).await;
    consumer.kill();
    let said = consumer.log();
    assert_eq!(
        said[..2],
        [kafka, "PostgreSQL  127.0.0.1:1/results (PG_URI of .env)"]
    );
    assert!(!said.join("\n").contains("cret"), "{said:?}");
    assert_eq!(processes(&home), Vec::<String>::new());
}

#[test]
fn a_command_whose_output_nobody_reads_ends_without_a_word() {
    let (unread, closed) = io::pipe().unwrap();
    drop(unread);
    let mut command = Command::new(program("monitor"));
    command
        .args(["check", "http://127.0.0.1:1/"])
        .stdout(closed);
    let ended = command.stderr(Stdio::piped()).output().unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    // What a shell says of `yes | head`, too.
    assert_eq!((ended.status.code(), said.as_str()), (Some(141), ""));
}
