//! `devstack with`: a command, the tests say, on a stack that exists for it alone.

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::{Context, Result};
use devstack::{Stack, exit_code};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, Command};

use crate::interrupt::Interrupts;

pub(crate) async fn with(command: &[OsString]) -> Result<ExitCode> {
    let mut interrupts = Interrupts::new()?;
    let mut stack = tokio::select! {
        stack = Stack::throwaway() => stack?,
        // What had started is dropped, and so killed.
        signal = interrupts.next() => return Ok(ended_by(signal)),
    };
    let ran = run_on(&stack, command, &mut interrupts).await;
    stack.stop().await?;
    ran
}

async fn run_on(
    stack: &Stack,
    command: &[OsString],
    interrupts: &mut Interrupts,
) -> Result<ExitCode> {
    let (program, arguments) = command
        .split_first()
        .context("a command is needed after --")?;
    let mut child = Command::new(program)
        .args(arguments)
        .env("DEVSTACK_BOOTSTRAP_SERVERS", stack.kafka.bootstrap())
        .env("DEVSTACK_PG_URI", stack.postgres.uri())
        // A group of its own gets each signal once, from us, with all that it has started.
        .process_group(0)
        .spawn()
        .with_context(|| format!("starting {}", program.display()))?;
    let mut interrupted = false;
    loop {
        tokio::select! {
            status = child.wait() => {
                return Ok(ExitCode::from(exit_code(status.context("waiting for the command")?)));
            }
            signal = interrupts.next() => {
                pass_on(&child, if interrupted { Signal::KILL } else { signal });
                interrupted = true;
            }
        }
    }
}

fn pass_on(child: &Child, signal: Signal) {
    let pid = child
        .id()
        .and_then(|pid| i32::try_from(pid).ok())
        .and_then(Pid::from_raw);
    if let Some(group) = pid {
        // A group that is gone meanwhile needs no signal.
        kill_process_group(group, signal).ok();
    }
}

/// The exit status that a shell gives a command which a signal ended.
fn ended_by(signal: Signal) -> ExitCode {
    ExitCode::from(u8::try_from(128 + signal.as_raw()).unwrap_or(1))
}
