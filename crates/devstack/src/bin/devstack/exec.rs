//! `devstack exec`: one service alone, in the foreground.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use devstack::{Dataset, Lifetime, Stack, home, lock};

use crate::service::Service;
use crate::settings::Settings;
use crate::taken;

/// Settings of which there is a line of their own.
const SAID: [&str; 4] = ["BOOTSTRAP_SERVERS", "TOPIC_NAME", "PG_URI", "PG_URI_FILE"];

/// A server that is started for one service stays for the next.
const GOES_ON: &str = "`make stack-stop` ends it";

/// Becomes the service, so that signals go straight to it. What it needs and nobody has set, it
/// finds on the local stack, of which that part is started where it does not run.
pub(crate) async fn exec(service: Service) -> Result<ExitCode> {
    let settings = Settings::read()?;
    let program = service.program()?;
    let home = home()?;
    let mut command = Command::new(&program);
    use_kafka(&mut command, &settings, &home).await?;
    if service == Service::Consumer {
        use_postgres(&mut command, &settings, &home).await?;
    }
    let is_set = |name| settings.get(name).is_some();
    if service == Service::Monitor && !is_set("STATE_DIR") && !is_set("SPOOL_DIR") {
        command.env("STATE_DIR", Dataset::Own.state(&home));
    }
    taken::say_others(&settings, &service.settings(), &SAID);
    Err(command.exec()).with_context(|| format!("starting {}", program.display()))
}

async fn use_kafka(command: &mut Command, settings: &Settings, home: &Path) -> Result<()> {
    let topic = settings.get("TOPIC_NAME");
    if let Some(bootstrap) = settings.get("BOOTSTRAP_SERVERS") {
        taken::line("Kafka", taken::kafka(&bootstrap, topic.as_ref()));
        return Ok(());
    }
    let _lock = lock(home).await?;
    let mut stack = Stack::in_home(home, Lifetime::Lasting)?;
    stack.start_kafka(Dataset::Own).await?;
    let bootstrap = stack.kafka.bootstrap();
    let topic = if let Some(topic) = &topic {
        format!("{} ({topic})", topic.value)
    } else {
        command.env("TOPIC_NAME", Dataset::Own.topic());
        Dataset::Own.topic().to_owned()
    };
    taken::line(
        "Kafka",
        format_args!(
            "local, as BOOTSTRAP_SERVERS is not set: {bootstrap}, topic {topic}; {GOES_ON}"
        ),
    );
    // However another Kafka is spoken to, this one is spoken to like this.
    command.env("SECURITY_PROTOCOL", "PLAINTEXT");
    command.env("BOOTSTRAP_SERVERS", bootstrap);
    Ok(())
}

async fn use_postgres(command: &mut Command, settings: &Settings, home: &Path) -> Result<()> {
    if let Some(uri) = settings.get("PG_URI") {
        taken::line("PostgreSQL", taken::postgres(&uri));
        return Ok(());
    }
    if let Some(file) = settings.get("PG_URI_FILE") {
        taken::line("PostgreSQL", format_args!("what {file} says"));
        return Ok(());
    }
    let _lock = lock(home).await?;
    let mut stack = Stack::in_home(home, Lifetime::Lasting)?;
    stack.start_postgres(Dataset::Own).await?;
    let uri = stack.postgres.uri();
    taken::line(
        "PostgreSQL",
        format_args!(
            "local, as PG_URI is not set: {}; {GOES_ON}",
            taken::address(&uri).unwrap_or_default()
        ),
    );
    command.env("PG_URI", uri);
    Ok(())
}
