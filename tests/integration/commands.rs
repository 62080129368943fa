//! `make run` as a user runs it.

use std::{fs, process::Command};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::support::Service;

#[tokio::test(flavor = "multi_thread")]
async fn make_run_shows_checks_and_ends_clean_on_ctrl_c() {
    use std::os::unix::process::CommandExt;

    let home = tempfile::tempdir().unwrap();
    let root = format!("{}/..", env!("CARGO_MANIFEST_DIR"));
    let targets = home.path().join("urls.csv");
    fs::write(&targets, "url,regexp\nhttp://127.0.0.1:1/,well\n").unwrap();
    let mut command = Command::new("make");
    command
        .args(["run", "PROFILE=dev"])
        .current_dir(&root)
        .env("DEVSTACK_HOME", home.path().join("stack"))
        .env("URLS_FILE", &targets)
        .env("WEBSITES_CHECK_INTERVAL", "1")
        .process_group(0);
    let mut run = Service::spawn("make run", command, tempfile::tempdir().unwrap());
    run.await_line(&["monitor", "127.0.0.1:1", "connect_refused"])
        .await;
    run.await_line(&["consumer", "stored"]).await;
    let group = Pid::from_raw(i32::try_from(run.id()).unwrap()).unwrap();
    kill_process_group(group, Signal::INT).unwrap();
    run.exit().await;
    let folder = home.path().display().to_string();
    let left: Vec<String> = fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| fs::read(entry.ok()?.path().join("cmdline")).ok())
        .map(|line| String::from_utf8_lossy(&line).replace('\0', " "))
        .filter(|line| line.contains(&folder))
        .collect();
    assert_eq!(left, Vec::<String>::new(), "nothing is left running");
}
