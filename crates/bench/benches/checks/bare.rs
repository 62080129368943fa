//! A bare reqwest client that asks for the same urls at the same times: what the least costs.

use std::{fs, path::Path, sync::Arc, time::Duration};

use anyhow::{Context, Result};
use jiff::Timestamp;
use messages::DueTimes;
use reqwest::{Client, redirect};
use rustls::{ClientConfig, RootCertStore, client::Resumption, crypto::aws_lc_rs};
use rustls_pki_types::{CertificateDer, pem::PemObject};
use tokio::{process::Command, time::sleep};

use crate::{service::INTERVAL, watched::Watched};

/// The word that makes this program such a client.
pub(crate) const ROLE: &str = "as-bare-client";

/// Starts one.
pub(crate) fn start(ca_file: &Path, urls_file: &Path) -> Result<Watched> {
    let program = std::env::current_exe()?;
    let mut command = Command::new(&program);
    Watched::start(command.arg(ROLE).arg(ca_file).arg(urls_file), &program)
}

/// Asks until it is killed.
pub(crate) async fn run(ca_file: &Path, urls_file: &Path) -> Result<()> {
    let client = client(ca_file)?;
    let urls = fs::read_to_string(urls_file)?;
    let begin = Timestamp::now();
    let mut plan: Vec<(Duration, &str)> = urls
        .lines()
        .map(|url| (DueTimes::new(url, INTERVAL).offset(), url))
        .collect();
    plan.sort_unstable();
    let mut round = DueTimes::new("", Duration::from_mins(1)).slot_at(begin);
    round = std::iter::successors(Some(round), |round| round.checked_add(INTERVAL).ok())
        .find(|round| *round > begin)
        .context("no round to begin with")?;
    loop {
        for (offset, url) in &plan {
            let until = round.checked_add(*offset)?.duration_since(Timestamp::now());
            if let Ok(until) = Duration::try_from(until)
                && !until.is_zero()
            {
                sleep(until).await;
            }
            let asking = client.get(*url).send();
            tokio::spawn(async move {
                // What fails is missing from what the site counts.
                if let Ok(response) = asking.await {
                    response.bytes().await.ok();
                }
            });
        }
        round = round.checked_add(INTERVAL)?;
    }
}

/// With the monitor's TLS: fresh connections, no resumption, the same library and versions.
fn client(ca_file: &Path) -> Result<Client> {
    let mut authorities = RootCertStore::empty();
    authorities.add(CertificateDer::from_pem_file(ca_file)?)?;
    let mut tls = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(authorities)
        .with_no_client_auth();
    tls.resumption = Resumption::disabled();
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let client = Client::builder()
        .tls_backend_preconfigured(tls)
        .pool_max_idle_per_host(0)
        .redirect(redirect::Policy::none())
        .no_proxy()
        .build()?;
    Ok(client)
}
