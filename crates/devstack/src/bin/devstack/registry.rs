//! `devstack registry`: a schema registry in this terminal, to try Avro with.

use std::process::ExitCode;

use anyhow::Result;
use devstack::{SchemaRegistry, Server, say};

use crate::interrupt::Interrupts;

/// Runs until it is asked to end.
pub(crate) async fn registry() -> Result<ExitCode> {
    let mut interrupts = Interrupts::new()?;
    let mut registry = tokio::select! {
        started = SchemaRegistry::throwaway() => started?,
        _ = interrupts.next() => return Ok(ExitCode::SUCCESS),
    };
    say(format_args!(
        "A schema registry, until Ctrl-C. For both services: \
         VALUE_FORMAT=avro SCHEMA_REGISTRY_URL={}",
        registry.url()
    ));
    interrupts.next().await;
    registry.stop().await?;
    Ok(ExitCode::SUCCESS)
}
