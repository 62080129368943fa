//! The parts that serve the stages of either service.

use tokio::net::TcpListener;

use crate::{
    health::Health,
    http,
    renewal::Renewal,
    stages::{Stages, infallible},
    systemd,
    telemetry::Metrics,
    traces::Exporter,
};

/// What watches certificates, tells of traces, keeps the metrics, answers HTTP and tells systemd, for as long as the stages
/// run.
pub struct Attendants {
    /// Where HTTP is answered.
    pub listener: TcpListener,
    /// The certificates in use.
    pub renewal: Renewal,
    /// Who brings traces to their collector.
    pub exporter: Exporter,
    /// What `/readyz` tells.
    pub health: Health,
    /// What `/metrics` tells.
    pub metrics: Metrics,
}

impl Attendants {
    /// Starts all of them; `pages` are served beside what every service has.
    pub fn start(self, stages: &mut Stages, pages: http::Router) {
        let Self {
            listener,
            renewal,
            exporter,
            health,
            metrics,
        } = self;
        let remark = health.remark("certificates");
        stages.background("the certificates", |stop| renewal.watch(remark, stop));
        stages.background("the traces", |stop| infallible(exporter.run(stop)));
        let upkeep = metrics.clone();
        stages.background("the metrics", |stop| infallible(upkeep.upkeep(stop)));
        let (told, order) = (health.clone(), stages.stop());
        stages.background("the signs of life", |end| {
            infallible(systemd::tell(told, order, end))
        });
        stages.background("the HTTP server", |stop| {
            http::serve(listener, pages, health, metrics, stop)
        });
    }
}
