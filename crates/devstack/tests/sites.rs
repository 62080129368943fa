//! The sample sites, seen by the simplest of clients.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use devstack::{Site, Sites};
use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

fn find<'a>(sites: &'a Sites, name: &str) -> Result<&'a Site> {
    let site = sites.all().iter().find(|site| site.name == name);
    site.with_context(|| format!("no site is called {name}"))
}

async fn connect(site: &Site) -> io::Result<TcpStream> {
    let address = site.url.split('/').nth(2).unwrap_or_default();
    TcpStream::connect(address).await
}

async fn ask(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<String> {
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

#[tokio::test]
async fn each_plain_site_is_well_or_ailing_in_its_own_way() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let sites = Sites::start(folder.path()).await?;
    let page = async |name| Result::<_>::Ok(ask(connect(find(&sites, name)?).await?).await?);

    let well = page("well").await?;
    assert!(well.starts_with("HTTP/1.1 200 OK\r\n") && well.contains("systems are well"));
    assert!(!page("without the text").await?.contains("in stock"));
    assert!(page("failing").await?.starts_with("HTTP/1.1 500 "));
    assert!(
        page("redirecting")
            .await?
            .contains("\r\nLocation: /elsewhere\r\n")
    );
    assert!(
        page("compressed")
            .await?
            .contains("\r\nContent-Encoding: gzip\r\n")
    );
    let big = page("big").await?;
    assert!(big.len() > 5 << 20 && big.contains("The end of a long story"));
    assert!(timeout(Duration::from_secs(1), page("slow")).await.is_err());
    assert!(
        timeout(Duration::from_secs(1), page("hanging"))
            .await
            .is_err()
    );
    let refused = connect(find(&sites, "refusing")?).await;
    assert_eq!(
        refused.map_err(|error| error.kind()).err(),
        Some(io::ErrorKind::ConnectionRefused)
    );
    Ok(())
}

#[tokio::test]
async fn only_the_encrypted_site_has_a_certificate_to_be_trusted() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let sites = Sites::start(folder.path()).await?;
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(sites.ca_file())?)?;
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = TlsConnector::from(Arc::new(config));
    for (name, problem) in [
        ("encrypted", None),
        ("expired", Some("expired")),
        ("self-signed", Some("UnknownIssuer")),
        ("wrong host", Some("not valid for name")),
    ] {
        let stream = connect(find(&sites, name)?).await?;
        let shaken = connector.connect("127.0.0.1".try_into()?, stream).await;
        match (shaken, problem) {
            (Ok(stream), None) => assert!(ask(stream).await?.contains("systems are well")),
            (Err(error), Some(problem)) => {
                assert!(error.to_string().contains(problem), "{name}: {error}");
            }
            (shaken, _) => panic!("{name}: {shaken:?}"),
        }
    }
    Ok(())
}

#[tokio::test]
async fn the_targets_file_names_them_all_and_the_next_start_finds_them_again() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let first = Sites::start(folder.path()).await?;
    let targets = std::fs::read_to_string(first.write_targets()?)?;
    let mut lines = targets.lines();
    assert_eq!(lines.next(), Some("url,regexp,name,group"));
    for (site, line) in first.all().iter().zip(lines) {
        let (url, regexp, title, group) = (&site.url, site.regexp, site.title(), site.group);
        assert_eq!(line, format!("{url},\"{regexp}\",{title},{group}"));
    }
    let titled = |name, group| {
        let line = targets.lines().find(|line| line.contains(name));
        line.is_some_and(|line| line.ends_with(&format!(",{name},{group}")))
    };
    assert!(titled("Shop books", "Shops") && titled("Wrong host", "Samples"));
    drop(first);
    let again = Sites::start(folder.path()).await?;
    assert_eq!(std::fs::read_to_string(again.write_targets()?)?, targets);
    Ok(())
}
