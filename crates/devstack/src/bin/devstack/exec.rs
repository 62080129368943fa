//! `devstack exec`: one service alone, in the foreground.

use std::collections::HashMap;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use devstack::{Lifetime, Stack, home, lock, say};

use crate::service::Service;
use crate::settings::Settings;

/// Becomes the service, so that signals go straight to it. What it needs and nobody has set, it
/// finds on the local stack, which is started where it does not run.
pub(crate) async fn exec(service: Service) -> Result<ExitCode> {
    let settings = Settings::read()?;
    let needed: &[&str] = match service {
        Service::Monitor => &["BOOTSTRAP_SERVERS"],
        Service::Consumer => &["BOOTSTRAP_SERVERS", "PG_URI"],
    };
    let program = service.program()?;
    let mut command = Command::new(&program);
    if needed.iter().any(|name| settings.get(name).is_none()) {
        let stack: HashMap<_, _> = local_stack().await?.into_iter().collect();
        let mut use_local = |name: &'static str| {
            if let Some(value) = stack.get(name) {
                command.env(name, value);
            }
        };
        if settings.get("BOOTSTRAP_SERVERS").is_none() {
            use_local("BOOTSTRAP_SERVERS");
            // However another Kafka is spoken to, this one is spoken to like this.
            use_local("SECURITY_PROTOCOL");
            if settings.get("TOPIC_NAME").is_none() {
                use_local("TOPIC_NAME");
            }
        }
        if settings.get("PG_URI").is_none() {
            use_local("PG_URI");
        }
    }
    Err(command.exec()).with_context(|| format!("starting {}", program.display()))
}

async fn local_stack() -> Result<[(&'static str, String); 4]> {
    let home = home()?;
    let _lock = lock(&home).await?;
    let mut stack = Stack::in_home(&home, Lifetime::Lasting)?;
    stack.start().await?;
    stack.write_settings(&home)?;
    say("On the local Kafka and PostgreSQL, which go on afterwards: `make stack-stop` ends them");
    Ok(stack.settings())
}
