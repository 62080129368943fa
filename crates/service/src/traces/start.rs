//! What tells of traces, made of its settings.

use std::sync::Arc;

use anyhow::Context;
use opentelemetry::KeyValue;
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::{Resource, trace::SpanExporter as _};
use secrecy::ExposeSecret;

use super::{
    collector::Collector,
    exporter::{Exporter, Said, Work},
    queue::{TraceNumbers, queue},
    settings::TraceSettings,
    tracer::Tracer,
};
use crate::{
    health::Health,
    outward::{self, ASK_TIMEOUT},
};

/// Where `service` leaves spans, and who brings them to the collector. Without settings nothing is told.
///
/// # Errors
///
/// Only when no client can be made from the settings.
pub fn start(
    settings: Option<&TraceSettings>,
    service: &'static str,
    numbers: TraceNumbers,
    health: &Health,
) -> anyhow::Result<(Tracer, Exporter)> {
    let Some(settings) = settings else {
        return Ok((Tracer::default(), Exporter::default()));
    };
    let client = outward::client(settings.authority.as_deref())?;
    let collector = Arc::new(Collector::new(client, settings.url.to_string()));
    let headers = settings.headers.iter();
    let headers = headers.map(|(name, value)| (name.clone(), value.expose_secret().to_owned()));
    let mut exporter = SpanExporter::builder()
        .with_http()
        .with_shared_http_client(collector.clone())
        .with_endpoint(settings.url.as_str())
        .with_protocol(Protocol::HttpBinary)
        .with_timeout(ASK_TIMEOUT)
        .with_headers(headers.collect())
        .build()
        .context("making an exporter of traces")?;
    let resource = Resource::builder_empty()
        .with_service_name(service)
        .with_attributes([
            KeyValue::new("service.namespace", "websites-monitor"),
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
        ]);
    exporter.set_resource(&resource.build());
    let (inlet, outlet) = queue();
    let work = Work {
        outlet,
        exporter,
        collector,
        numbers,
        remark: health.remark("traces"),
        trouble: None,
        trouble_said: Said::default(),
        overflow_said: Said::default(),
    };
    let tracer = Tracer { inlet: Some(inlet) };
    Ok((tracer, Exporter { work: Some(work) }))
}
