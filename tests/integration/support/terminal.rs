//! A program of ours as a person runs it.

use std::process::{Command, Stdio};

use super::{Service, ServiceSettings};

impl Service {
    /// Runs a command to its end on a terminal: its exit status, and what stands there then.
    pub(crate) async fn run_on_terminal(
        name: &str,
        arguments: &[&str],
        settings: &ServiceSettings,
    ) -> (Option<i32>, String) {
        let folder = tempfile::tempdir().expect("a folder");
        let command = Self::command(name, arguments, settings, &folder);
        let words = [command.get_program()]
            .into_iter()
            .chain(command.get_args());
        let words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
        let variables = command.get_envs();
        let mut terminal = Command::new("script");
        terminal
            .args(["--quiet", "--return", "--command", &words.join(" ")])
            .arg("/dev/null")
            .env_clear()
            .envs(variables.filter_map(|(name, value)| Some((name, value?))))
            .current_dir(folder.path())
            .stdin(Stdio::null());
        let output = tokio::task::spawn_blocking(move || terminal.output()).await;
        let output = output.expect("no panic").expect("there is `script`");
        let said = String::from_utf8(output.stdout).expect("text");
        (output.status.code(), said)
    }
}
