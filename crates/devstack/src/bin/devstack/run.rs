//! `devstack run`: the local stack and both services in one terminal, until Ctrl-C.

mod alerts;
mod guide;
mod plan;
mod running;
mod terminal;

use std::fs::File;
use std::path::Path;
use std::process::{ExitCode, ExitStatus};
use std::time::Duration;

use anyhow::Result;
use devstack::{Dataset, Lifetime, Server, Sites, Stack, exit_code, home, lock, say};
use rustix::process::Signal;
use tokio::time::timeout;

use crate::interrupt::Interrupts;
use crate::service::Service;
use crate::settings::Settings;
use alerts::Alerts;
use plan::Plan;
use running::RunningService;

/// A service gives up draining on its own well before this.
const DRAIN_MAX: Duration = Duration::from_secs(40);

pub(crate) async fn run(dataset: Dataset) -> Result<ExitCode> {
    let mut interrupts = Interrupts::new()?;
    let settings = Settings::read()?;
    let home = home()?;
    // Taken first, since another command may just be ending a server of its own.
    let lock = lock(&home).await?;
    let mut stack = Stack::in_home(&home, Lifetime::Guarded)?;
    let ours = Ours::of(&mut stack);
    let ran = tokio::select! {
        started = start(&mut stack, &home, dataset, lock) => match started {
            Ok(()) => run_on(&stack, &home, dataset, &settings, &mut interrupts).await,
            Err(error) => Err(error),
        },
        _ = interrupts.next() => Ok(ExitCode::SUCCESS),
    };
    let stopped = ours.stop(&mut stack).await;
    let code = ran?;
    stopped?;
    guide::say_what_stays(&settings, &mut stack, &home, dataset);
    Ok(code)
}

/// Which servers we start and therefore stop.
struct Ours {
    kafka: bool,
    postgres: bool,
}

impl Ours {
    fn of(stack: &mut Stack) -> Self {
        Self {
            kafka: !stack.kafka.is_running(),
            postgres: !stack.postgres.is_running(),
        }
    }

    async fn stop(&self, stack: &mut Stack) -> Result<()> {
        if !self.kafka && !self.postgres {
            say("Kafka and PostgreSQL ran before and go on: `make stack-stop` ends them");
            return Ok(());
        }
        say("Stopping the local servers…");
        let kafka = if self.kafka {
            stack.kafka.stop().await
        } else {
            Ok(())
        };
        let postgres = if self.postgres {
            stack.postgres.stop().await
        } else {
            Ok(())
        };
        kafka.and(postgres)
    }
}

/// Starts what is missing; the lock is for this alone.
async fn start(stack: &mut Stack, home: &Path, dataset: Dataset, _lock: File) -> Result<()> {
    say("Starting Kafka and PostgreSQL…");
    stack.start(dataset).await?;
    stack.write_settings(home)?;
    Ok(())
}

async fn run_on(
    stack: &Stack,
    home: &Path,
    dataset: Dataset,
    settings: &Settings,
    interrupts: &mut Interrupts,
) -> Result<ExitCode> {
    let sites = match dataset {
        Dataset::Demo => Some(Sites::start(&home.join("sites")).await?),
        Dataset::Own => None,
    };
    let mut plan = Plan::new(settings, stack, home, dataset, sites.as_ref())?;
    let alerts = match dataset {
        Dataset::Demo => Some(Alerts::start(&home.join("sites")).await?),
        Dataset::Own => None,
    };
    if let Some(alerts) = &alerts {
        plan.tell(settings, &alerts.file);
    }
    guide::say_what_is_taken(settings, &plan, stack, dataset, sites.as_ref());
    let mut consumer = RunningService::start(Service::Consumer, &plan.consumer)?;
    let mut monitor = match RunningService::start(Service::Monitor, &plan.monitor) {
        Ok(monitor) => monitor,
        Err(error) => {
            consumer.signal(Signal::TERM)?;
            consumer.ended().await?;
            return Err(error);
        }
    };
    let died = tokio::select! {
        status = monitor.ended() => Some((Service::Monitor, status?)),
        status = consumer.ended() => Some((Service::Consumer, status?)),
        _ = interrupts.next() => None,
    };
    match died {
        Some((service, status)) => {
            let name = service.name();
            say(format_args!(
                "The {name} ended ({status}); shutting down the rest"
            ));
        }
        None => {
            say("Draining, the monitor first; Ctrl-C again ends both at once");
        }
    }
    let mut worst = died.map_or(0, |(_, status)| exit_code(status).max(1));
    let mut patience = Patience {
        interrupts,
        exhausted: false,
    };
    // The monitor first, so that the consumer stores its last results.
    for service in [&mut monitor, &mut consumer] {
        if died.is_none_or(|(died, _)| died != service.service) {
            let status = patience.drain(service).await?;
            worst = worst.max(exit_code(status));
        }
    }
    Ok(ExitCode::from(worst))
}

/// How long the person is ready to wait: until the next Ctrl-C, which is for both services.
struct Patience<'a> {
    interrupts: &'a mut Interrupts,
    exhausted: bool,
}

impl Patience<'_> {
    /// Tells a service to end and waits for it; Ctrl-C or too long a wait ends it by force.
    async fn drain(&mut self, service: &mut RunningService) -> Result<ExitStatus> {
        let name = service.service.name();
        if !self.exhausted {
            service.signal(Signal::TERM)?;
            tokio::select! {
                ended = timeout(DRAIN_MAX, service.ended()) => match ended {
                    Ok(status) => {
                        let status = status?;
                        if !status.success() {
                            say(format_args!("The {name} did not drain: {status}"));
                        }
                        return Ok(status);
                    }
                    Err(_) => say(format_args!("The {name} did not end within {DRAIN_MAX:?}")),
                },
                _ = self.interrupts.next() => self.exhausted = true,
            }
        }
        say(format_args!("Killing the {name}"));
        service.signal(Signal::KILL)?;
        service.ended().await
    }
}
