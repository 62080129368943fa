//! What the services are told.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;

use anyhow::Result;
use devstack::{Dataset, Sites, Stack, free_port, is_free, say};

use crate::service::Service;
use crate::settings::Settings;

/// Often enough that something is seen at once.
const INTERVAL_SECONDS: &str = "10";
/// Under the interval, so that a hanging site shows as hanging before its next check is due.
const DEMO_DOWNLOAD_TIMEOUT_SECONDS: &str = "5";
/// Longer than sites that fail together are checked apart, and short enough to be waited for.
const DEMO_ALERT_GROUP_WAIT_SECONDS: &str = "15";
/// Where each service listens unless told otherwise.
const CONSUMER_PORT: u16 = 8080;
const MONITOR_PORT: u16 = 8081;
type Environment = Vec<(&'static str, String)>;

/// Each service's environment, on top of our own.
pub(super) struct Plan {
    pub(super) monitor: Environment,
    pub(super) consumer: Environment,
}

impl Plan {
    pub(super) fn new(
        settings: &Settings,
        stack: &Stack,
        home: &Path,
        dataset: Dataset,
        sites: Option<&Sites>,
    ) -> Result<Self> {
        let mut common: Environment = stack.settings(dataset).into();
        if settings.get("WEBSITES_CHECK_INTERVAL").is_none() {
            common.push(("WEBSITES_CHECK_INTERVAL", INTERVAL_SECONDS.to_owned()));
        }
        let mut monitor = common.clone();
        let own_state = ["STATE_DIR", "SPOOL_DIR"]
            .iter()
            .any(|name| settings.get(name).is_some());
        if dataset == Dataset::Demo || !own_state {
            monitor.push(("STATE_DIR", dataset.state(home).display().to_string()));
        }
        if let Some(sites) = sites {
            monitor.push(("URLS_PROVIDER_TYPE", "CsvUrlsProvider".to_owned()));
            monitor.push(("URLS_FILE", sites.write_targets()?.display().to_string()));
            monitor.push(("SSL_CERT_FILE", sites.ca_file().display().to_string()));
            if settings.get("DOWNLOAD_TIMEOUT").is_none() {
                monitor.push(("DOWNLOAD_TIMEOUT", DEMO_DOWNLOAD_TIMEOUT_SECONDS.to_owned()));
            }
        }
        let mut consumer = common;
        // The local database is meant, also where the environment has another in a file.
        consumer.push(("PG_URI_FILE", String::new()));
        let wish = settings.get("HTTP_LISTEN").map(|wish| wish.value);
        if let Some((consumer_address, monitor_address)) = addresses(wish.as_deref())? {
            consumer.push(("HTTP_LISTEN", consumer_address.to_string()));
            monitor.push(("HTTP_LISTEN", monitor_address.to_string()));
        }
        Ok(Self { monitor, consumer })
    }

    /// Has the consumer tell of incidents to whom this file names, unless the person has named
    /// somebody.
    pub(super) fn tell(&mut self, settings: &Settings, alerts_file: &Path) {
        if settings.get("ALERTS_FILE").is_some() {
            return;
        }
        let file = alerts_file.display().to_string();
        self.consumer.push(("ALERTS_FILE", file));
        if settings.get("ALERT_GROUP_WAIT").is_none() {
            let wait = DEMO_ALERT_GROUP_WAIT_SECONDS.to_owned();
            self.consumer.push(("ALERT_GROUP_WAIT", wait));
        }
    }

    /// What a service is told; nothing where it is left to its own default.
    pub(super) fn told(&self, service: Service, name: &str) -> Option<&str> {
        let environment = match service {
            Service::Monitor => &self.monitor,
            Service::Consumer => &self.consumer,
        };
        let told = environment.iter().find(|(told, _)| *told == name);
        told.map(|(_, value)| value.as_str())
    }
}

/// Where the consumer and the monitor listen. `HTTP_LISTEN` is the consumer's, since one address
/// cannot serve two; port 0 gives each what is free. None where the wish is not an address, so that
/// the services say what is wrong with it.
fn addresses(wish: Option<&str>) -> Result<Option<(SocketAddr, SocketAddr)>> {
    let wish = wish.map(str::parse::<SocketAddr>);
    let consumer = match wish {
        Some(Err(_)) => return Ok(None),
        Some(Ok(wish)) if wish.port() == 0 => return Ok(Some((wish, wish))),
        Some(Ok(wish)) => wish,
        None => SocketAddr::from((Ipv4Addr::LOCALHOST, CONSUMER_PORT)),
    };
    let consumer = free_address(Service::Consumer, consumer.ip(), consumer.port(), None)?;
    let monitor = free_address(
        Service::Monitor,
        consumer.ip(),
        MONITOR_PORT,
        Some(consumer),
    )?;
    Ok(Some((consumer, monitor)))
}

fn free_address(
    service: Service,
    host: IpAddr,
    port: u16,
    taken: Option<SocketAddr>,
) -> Result<SocketAddr> {
    let address = SocketAddr::from((host, port));
    if taken != Some(address) && is_free(port) {
        return Ok(address);
    }
    let instead = SocketAddr::from((host, free_port()?));
    let name = service.name();
    say(format_args!(
        "Port {port} is in use: the {name} listens on {instead} instead"
    ));
    Ok(instead)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_service_gets_an_address_of_its_own() {
        let (consumer, monitor) = addresses(Some("127.0.0.1:8081")).unwrap().unwrap();
        assert_ne!(consumer, monitor);
        let any = "127.0.0.1:0".parse().unwrap();
        assert_eq!(addresses(Some("127.0.0.1:0")).unwrap(), Some((any, any)));
        assert_eq!(addresses(Some("nonsense")).unwrap(), None);
    }
}
