//! Reports defects.

use std::{
    panic,
    sync::Once,
    thread,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use sentry::{
    ClientOptions, Hub, Level,
    integrations::{
        backtrace::ProcessStacktraceIntegration, panic::PanicIntegration, tracing::ErrorLayer,
    },
};
use tracing::{Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{Layer, registry::LookupSpan};

use super::{quota::Quota, settings::DefectSettings, transport::Sender, withheld::Withheld};

/// How many defects are told in a minute; Sentry itself says how many were not.
const DEFECTS_A_MINUTE_MAX: u32 = 60;
/// How long the end of the process waits until the last defect is told: both services have to be out in time.
const FLUSH_TIMEOUT: Duration = Duration::from_millis(500);

/// Reports defects to a Sentry, from its making on until the process ends.
pub struct Reporter(ErrorLayer);

impl Reporter {
    /// Begins with panics; `None` where nobody is to be told.
    pub(crate) fn start(settings: DefectSettings, name: &str) -> anyhow::Result<Option<Self>> {
        let Some(options) = options(settings, name).context("preparing for SENTRY_DSN")? else {
            return Ok(None);
        };
        // Dropping it would end the reporting; the process ends without that, and flushes.
        std::mem::forget(sentry::init(options));
        report_panics();
        Ok(Some(Self(ErrorLayer::new())))
    }

    /// What reports errors of the log.
    pub(crate) fn into_layer<S>(self) -> impl Layer<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        self.0.with_filter(LevelFilter::ERROR)
    }
}

/// The client of the settings' Sentry, for a program of this name.
pub(super) fn options(
    settings: DefectSettings,
    name: &str,
) -> anyhow::Result<Option<ClientOptions>> {
    let Some(dsn) = settings.dsn else {
        return Ok(None);
    };
    let withheld = Withheld::of(&settings.secrets);
    let quota = Quota::of(DEFECTS_A_MINUTE_MAX, Instant::now());
    let mut options = ClientOptions::new()
        .release(format!("websites-{name}@{}", env!("CARGO_PKG_VERSION")))
        .environment(settings.environment)
        .default_integrations(false)
        .add_integration(ProcessStacktraceIntegration)
        .max_breadcrumbs(0)
        .transport(Sender::new()?)
        .before_send(move |mut event| {
            withheld.mask(&mut event);
            quota.takes(Instant::now()).then_some(event)
        });
    options.dsn = Some(dsn);
    Ok(Some(options))
}

/// Reports panics, beside what is done about them otherwise. The library's own hook would hold up the thread until
/// the Sentry has answered: a defect of one probe is nothing that others should wait for.
pub(super) fn report_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let others = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            others(info);
            sentry::capture_event(PanicIntegration::new().event_from_panic_info(info));
            // The end of this one is the process's, at once.
            if thread::current().name() == Some("main") {
                flush();
            }
        }));
    });
}

/// Reports that a service ends in failure.
pub(crate) fn report_end(name: &str, error: &anyhow::Error) {
    sentry::capture_message(&format!("{name} ends: {error:#}"), Level::Fatal);
}

/// Waits until all is told, for a bounded time. Nothing is waited for where nothing is left to tell.
pub(crate) fn flush() {
    if let Some(client) = Hub::main().client() {
        client.flush(Some(FLUSH_TIMEOUT));
    }
}
