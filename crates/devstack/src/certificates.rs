//! Certificate authorities and what they sign, made anew for each use.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use anyhow::{Context, Result};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::files::{make_folder, write, write_secret};

/// Every server of the local stack answers to these names.
const LOCAL_NAMES: [&str; 2] = ["localhost", "127.0.0.1"];

/// A certificate authority that exists only here.
#[derive(Debug)]
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// A certificate and its private key, both as PEM.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The certificate alone.
    pub certificate: String,
    /// The key, as PKCS#8.
    pub key: String,
}

/// The three files that a Kafka client is given, by the names that Aiven gives them.
#[derive(Clone, Debug)]
pub struct ClientFiles {
    /// `ca.pem`: the authority that the client trusts.
    pub ca: PathBuf,
    /// `service.cert`: the certificate that the client shows.
    pub certificate: PathBuf,
    /// `service.key`: its private key.
    pub key: PathBuf,
}

impl Authority {
    /// Makes an authority; two of the same name are strangers to each other.
    pub fn new(name: &str) -> Result<Self> {
        let mut params = named(name)?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate()?)
            .with_context(|| format!("making the certificate authority {name}"))?;
        Ok(Self { issuer })
    }

    /// Its own certificate, as PEM.
    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// A certificate for a server at `localhost` and 127.0.0.1.
    pub fn server(&self) -> Result<Identity> {
        self.sign(server_params()?)
    }

    /// The same, but its time is over.
    pub fn expired_server(&self) -> Result<Identity> {
        let mut params = server_params()?;
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2021, 1, 1);
        self.sign(params)
    }

    /// The same, from and until these times.
    pub fn server_within(&self, period: Range<SystemTime>) -> Result<Identity> {
        let mut params = server_params()?;
        params.not_before = period.start.into();
        params.not_after = period.end.into();
        self.sign(params)
    }

    /// The same, but for another host.
    pub fn server_elsewhere(&self) -> Result<Identity> {
        self.server_at("elsewhere.example")
    }

    /// The same, but for this host, or for all that `*.` and a domain stand for.
    pub fn server_at(&self, host: &str) -> Result<Identity> {
        let mut params = server_params()?;
        params.subject_alt_names = CertificateParams::new(vec![host.to_owned()])?.subject_alt_names;
        self.sign(params)
    }

    /// A certificate for a client called `name`.
    pub fn client(&self, name: &str) -> Result<Identity> {
        let mut params = named(name)?;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.sign(params)
    }

    fn sign(&self, mut params: CertificateParams) -> Result<Identity> {
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        let key = KeyPair::generate()?;
        let certificate = params
            .signed_by(&key, &self.issuer)
            .context("signing a certificate")?;
        Ok(Identity {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        })
    }
}

impl Identity {
    /// A server's certificate that no authority signed.
    pub fn self_signed() -> Result<Self> {
        let key = KeyPair::generate()?;
        let certificate = server_params()?
            .self_signed(&key)
            .context("making a self-signed certificate")?;
        Ok(Self {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        })
    }

    /// How a server speaks TLS that shows it, and asks nobody for a certificate.
    pub fn server_config(&self) -> Result<ServerConfig> {
        let certificate = CertificateDer::from_pem_slice(self.certificate.as_bytes())
            .context("reading a server's certificate")?;
        let key =
            PrivateKeyDer::from_pem_slice(self.key.as_bytes()).context("reading a server's key")?;
        ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .context("choosing TLS versions")?
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .context("setting up a server's TLS")
    }
}

impl ClientFiles {
    /// Writes `ca.pem`, `service.cert` and `service.key` to `folder`, for a client that trusts
    /// `trusted` and shows `identity`. That the two have different authorities is how a test makes
    /// a client that is wrong about the server, or of whom the server thinks nothing.
    pub fn write(folder: &Path, trusted: &Authority, identity: &Identity) -> Result<Self> {
        make_folder(folder)?;
        let files = Self {
            ca: folder.join("ca.pem"),
            certificate: folder.join("service.cert"),
            key: folder.join("service.key"),
        };
        write(&files.ca, &trusted.pem())?;
        write(&files.certificate, &identity.certificate)?;
        write_secret(&files.key, &identity.key)?;
        Ok(files)
    }

    /// The settings that name them to a service.
    pub fn environment(&self) -> [(&'static str, &Path); 3] {
        [
            ("SSL_CAFILE", &self.ca),
            ("SSL_CERTFILE", &self.certificate),
            ("SSL_KEYFILE", &self.key),
        ]
    }
}

fn named(name: &str) -> Result<CertificateParams> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name.push(DnType::CommonName, name);
    Ok(params)
}

fn server_params() -> Result<CertificateParams> {
    let mut params = CertificateParams::new(LOCAL_NAMES.map(str::to_owned))?;
    params
        .distinguished_name
        .push(DnType::CommonName, LOCAL_NAMES[0]);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    Ok(params)
}
