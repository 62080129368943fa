//! TLS: certificates of every kind, and handshakes that fail.

use std::net::Ipv4Addr;

use jiff::{Timestamp, ToSpan};
use messages::{HttpVersion, TlsVersion};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, SanType};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        RootCertStore, ServerConfig,
        server::WebPkiClientVerifier,
        sign::{CertifiedKey, SingleCertAndKey},
        version::{TLS12, TLS13},
    },
    server::TlsStream,
};

use super::*;

/// What a site shows.
pub(super) struct Shown {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

pub(super) fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
        .distinguished_name
        .push(DnType::CommonName, "Test Authority");
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

pub(super) fn params() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.subject_alt_names = vec![SanType::IpAddress(Ipv4Addr::LOCALHOST.into())];
    params
        .distinguished_name
        .push(DnType::CommonName, "Test Site");
    params
}

fn expired(mut params: CertificateParams) -> CertificateParams {
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(2021, 1, 1);
    params
}

pub(super) fn signed(
    params: &CertificateParams,
    issuer: &CertifiedIssuer<'static, KeyPair>,
) -> Shown {
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, issuer).unwrap();
    shown(certificate.der().clone(), &key)
}

fn self_signed(params: &CertificateParams) -> Shown {
    let key = KeyPair::generate().unwrap();
    let certificate = params.clone().self_signed(&key).unwrap();
    shown(certificate.der().clone(), &key)
}

/// As `openssl x509` makes certificates where it is not told otherwise: of version 1, without a version and
/// extensions. Its signature is wrong.
pub(super) fn of_version_1(mut shown: Shown) -> Shown {
    let outer = elements(content(&shown.chain[0]));
    let parts = elements(content(outer[0]));
    let (version, extensions) = (0xa0, 0xa3);
    let kept = parts
        .into_iter()
        .filter(|part| ![version, extensions].contains(&part[0]));
    let signed = sequence(&kept.collect::<Vec<_>>().concat());
    shown.chain[0] = sequence(&[&signed[..], outer[1], outer[2]].concat()).into();
    shown
}

/// The lengths of an element's head and content, in DER.
fn lengths(der: &[u8]) -> (usize, usize) {
    let first = usize::from(der[1]);
    if first < 0x80 {
        return (2, first);
    }
    let head = 2 + (first & 0x7f);
    let length = der[2..head].iter();
    (
        head,
        length.fold(0, |all, byte| (all << 8) | usize::from(*byte)),
    )
}

fn content(der: &[u8]) -> &[u8] {
    &der[lengths(der).0..]
}

fn elements(mut der: &[u8]) -> Vec<&[u8]> {
    let mut all = Vec::new();
    while !der.is_empty() {
        let (head, length) = lengths(der);
        let (first, rest) = der.split_at(head + length);
        all.push(first);
        der = rest;
    }
    all
}

fn sequence(content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let first = length.iter().position(|byte| *byte != 0).unwrap();
    let length = &length[first..];
    let long_form = 0x80 | u8::try_from(length.len()).unwrap();
    [&[0x30, long_form][..], length, content].concat()
}

fn shown(certificate: CertificateDer<'static>, key: &KeyPair) -> Shown {
    Shown {
        chain: vec![certificate],
        key: PrivateKeyDer::Pkcs8(key.serialize_der().into()),
    }
}

pub(super) fn trusting(certificate: &CertificateDer<'static>) -> ProbeSettings {
    ProbeSettings {
        extra_authorities: vec![certificate.clone()],
        ..settings()
    }
}

/// A site that does this with each connection, after the handshake.
pub(super) async fn encrypted<F>(
    shown: Shown,
    protocols: &[&[u8]],
    handle: impl Fn(TlsStream<TcpStream>) -> F + Clone + Send + Sync + 'static,
) -> String
where
    F: Future<Output = io::Result<()>> + Send + 'static,
{
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let key = provider.key_provider.load_private_key(shown.key).unwrap();
    let certified = CertifiedKey::new(shown.chain, key);
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        // The other ways look at the certificate, and refuse what some sites show.
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let url = serve(move |stream| {
        let (acceptor, handle) = (acceptor.clone(), handle.clone());
        async move {
            let stream = acceptor.accept(stream).await?;
            handle(stream).await
        }
    })
    .await;
    url.replace("http://", "https://")
}

async fn well(mut stream: TlsStream<TcpStream>) -> io::Result<()> {
    read_request(&mut stream).await?;
    stream.write_all(&page("", "Hello")).await?;
    stream.shutdown().await
}

#[tokio::test]
async fn a_trusted_site_is_up_with_its_handshake_measured_and_its_certificate() {
    let issuer = authority();
    let settings = trusting(issuer.der());
    let url = encrypted(signed(&params(), &issuer), &[], well).await;
    let (probe, response) = up(probe_with(settings, &url, "hello").await);
    assert_eq!(
        (response.http_version, response.matched),
        (HttpVersion::Http11, found("Hello"))
    );
    assert_eq!(probe.tls_version, Some(TlsVersion::Tls13));
    assert!(probe.timings.tls.is_some() && probe.timings.connect.is_some());
    let certificate = probe.certificate.unwrap();
    assert!(certificate.not_after > Timestamp::now());
    assert!(
        certificate.issuer.contains("Test Authority"),
        "{certificate:?}"
    );
    assert!(certificate.subject.contains("Test Site"), "{certificate:?}");
}

#[tokio::test]
async fn certificates_that_fail_are_told_apart_and_recorded() {
    let issuer = authority();
    let mut elsewhere = params();
    elsewhere.subject_alt_names = vec![SanType::DnsName("elsewhere.example".try_into().unwrap())];
    let mut as_authority = params();
    as_authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let mut early = params();
    early.not_before = rcgen::date_time_ymd(2200, 1, 1);
    early.not_after = rcgen::date_time_ymd(2201, 1, 1);
    let table = [
        (
            "expired",
            signed(&expired(params()), &issuer),
            FailureReason::TlsExpired,
        ),
        (
            "not yet valid",
            signed(&early, &issuer),
            FailureReason::TlsExpired,
        ),
        (
            "another name",
            signed(&elsewhere, &issuer),
            FailureReason::TlsWrongHost,
        ),
        (
            "self-signed",
            self_signed(&params()),
            FailureReason::TlsUntrusted,
        ),
        (
            "self-signed authority",
            self_signed(&as_authority),
            FailureReason::TlsUntrusted,
        ),
        (
            "unknown authority",
            signed(&params(), &authority()),
            FailureReason::TlsUntrusted,
        ),
        (
            "expired and self-signed",
            self_signed(&expired(params())),
            FailureReason::TlsExpired,
        ),
    ];
    for (name, shown, reason) in table {
        let url = encrypted(shown, &[], well).await;
        let (probe, response, failure) = down(probe_with(trusting(issuer.der()), &url, "").await);
        assert_eq!(
            (failure.reason, failure.phase),
            (reason, Some(Phase::Tls)),
            "{name}: {failure:?}"
        );
        assert!(
            probe.certificate.is_some() && probe.timings.tls.is_some() && response.is_none(),
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_self_signed_certificate_that_the_operator_named_is_trusted_for_its_name() {
    let mut as_authority = params();
    as_authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    for params in [params(), as_authority] {
        let site = self_signed(&params);
        let settings = trusting(&site.chain[0]);
        let url = encrypted(site, &[], well).await;
        up(probe_with(settings, &url, "").await);
    }
    let mut elsewhere = params();
    elsewhere.subject_alt_names = vec![SanType::DnsName("elsewhere.example".try_into().unwrap())];
    let site = self_signed(&elsewhere);
    let settings = trusting(&site.chain[0]);
    let (_, _, failure) = down(probe_with(settings, &encrypted(site, &[], well).await, "").await);
    assert_eq!(failure.reason, FailureReason::TlsWrongHost);
}

#[tokio::test]
async fn a_certificate_that_calls_itself_an_authority_is_said_in_words() {
    let mut as_authority = params();
    as_authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let url = encrypted(self_signed(&as_authority), &[], well).await;
    let (_, _, failure) = down(probe_with(trusting(authority().der()), &url, "").await);
    assert_eq!(failure.reason, FailureReason::TlsUntrusted);
    let detail = failure.detail.unwrap();
    assert!(detail.contains("an authority's, not a site's"), "{detail}");
}

#[tokio::test]
async fn a_site_that_lets_nobody_in_without_a_certificate_is_said_in_words() {
    let issuer = authority();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(issuer.der().clone()).unwrap();
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone());
    let verifier = verifier.build().unwrap();
    // A handshake of TLS 1.3 is over for the monitor before the site has judged it.
    for (version, phase) in [(&TLS12, Phase::Tls), (&TLS13, Phase::FirstByte)] {
        let shown = signed(&params(), &issuer);
        let config = ServerConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(&[version])
            .unwrap()
            .with_client_cert_verifier(verifier.clone())
            .with_single_cert(shown.chain, shown.key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let url = serve(move |stream| {
            let acceptor = acceptor.clone();
            async move { acceptor.accept(stream).await.map(drop) }
        });
        let url = url.await.replace("http://", "https://");
        let (_, _, failure) = down(probe_with(trusting(issuer.der()), &url, "").await);
        assert_eq!(
            (failure.reason, failure.phase),
            (FailureReason::TlsHandshake, Some(phase)),
            "{failure:?}"
        );
        let detail = failure.detail.unwrap();
        assert!(
            detail.contains("wants a certificate of its visitors"),
            "{detail}"
        );
    }
}

#[tokio::test]
async fn what_cannot_be_decrypted_is_a_broken_protocol_by_either_version() {
    let issuer = authority();
    for protocols in [&[][..], &[&b"h2"[..]]] {
        let url = encrypted(
            signed(&params(), &issuer),
            protocols,
            |mut stream| async move {
                stream.read_u8().await?;
                let (raw, _) = stream.get_mut();
                raw.write_all(b"\x17\x03\x03\0\x05hello").await?;
                raw.read_to_end(&mut Vec::new()).await.map(drop)
            },
        );
        let probed = probe_with(trusting(issuer.der()), &url.await, "").await;
        let (_, _, failure) = down(probed);
        assert_eq!(
            (failure.reason, failure.phase),
            (FailureReason::ProtocolError, Some(Phase::FirstByte)),
            "{protocols:?}: {failure:?}"
        );
    }
}

#[tokio::test]
async fn handshakes_that_fail_belong_to_their_phase() {
    let https = |url: String| url.replace("http://", "https://");
    let closes = https(
        serve(|stream| async move {
            drop(stream);
            Ok(())
        })
        .await,
    );
    let resets = https(
        serve(|mut stream| async move {
            stream.read_u8().await?;
            reset(stream);
            Ok(())
        })
        .await,
    );
    let plain = https(
        serve(|mut stream| async move {
            stream
                .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                .await?;
            hang(stream).await
        })
        .await,
    );
    for url in [closes, resets, plain] {
        let (probe, _, failure) = down(probe(&url, "").await);
        assert_eq!(
            (failure.reason, failure.phase),
            (FailureReason::TlsHandshake, Some(Phase::Tls)),
            "{failure:?}"
        );
        assert!(probe.timings.tls.is_some() && probe.timings.first_byte.is_none());
    }
    let hangs = https(serve(hang).await);
    let (probe, _, failure) = down(probe_with(impatient(), &hangs, "").await);
    assert_eq!(
        (failure.reason, failure.phase),
        (FailureReason::TlsHandshake, Some(Phase::Tls))
    );
    assert!(probe.timings.connect.unwrap() < probe.timings.tls.unwrap());
}

#[tokio::test]
async fn the_connect_timeout_does_not_bound_the_handshake() {
    let issuer = authority();
    let settings = ProbeSettings {
        connect_timeout: SECOND,
        ..trusting(issuer.der())
    };
    let slow = encrypted(signed(&params(), &issuer), &[], |mut stream| async move {
        tokio::time::sleep(SECOND * 3 / 2).await;
        read_request(&mut stream).await?;
        stream.write_all(&page("", "Hello")).await
    })
    .await;
    up(probe_with(settings, &slow, "").await);
}

#[tokio::test]
async fn an_end_without_farewell_is_a_failure_only_where_more_was_promised() {
    let issuer = authority();
    let answer = |answer: &'static str| {
        encrypted(
            signed(&params(), &issuer),
            &[],
            move |mut stream| async move {
                read_request(&mut stream).await?;
                stream.write_all(answer.as_bytes()).await?;
                stream.flush().await
            },
        )
    };
    for whole in [
        "HTTP/1.1 200 OK\r\n\r\nHello",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHello",
    ] {
        let url = answer(whole).await;
        let (_, response) = up(probe_with(trusting(issuer.der()), &url, "hello").await);
        assert_eq!(response.matched, found("Hello"), "{whole}");
    }
    for cut in [
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nHello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nHello\r\n",
    ] {
        let url = answer(cut).await;
        let (_, _, failure) = down(probe_with(trusting(issuer.der()), &url, "").await);
        assert_eq!(
            failure.reason,
            FailureReason::ConnectionReset,
            "{cut}: {failure:?}"
        );
    }
}

#[tokio::test]
async fn http_2_is_spoken_where_the_site_chooses_it() {
    let issuer = authority();
    let url = encrypted(
        signed(&params(), &issuer),
        &[b"h2", b"http/1.1"],
        |stream| async move {
            let mut connection = h2::server::handshake(stream)
                .await
                .map_err(io::Error::other)?;
            while let Some(Ok((request, mut respond))) = connection.accept().await {
                assert_eq!(request.uri().scheme_str(), Some("https"));
                let mut body = respond
                    .send_response(http::Response::new(()), false)
                    .map_err(io::Error::other)?;
                body.send_data("Hello".into(), true)
                    .map_err(io::Error::other)?;
            }
            Ok(())
        },
    )
    .await;
    let (_, response) = up(probe_with(trusting(issuer.der()), &url, "hello").await);
    assert_eq!(
        (response.http_version, response.matched),
        (HttpVersion::Http2, found("Hello"))
    );
}

#[tokio::test]
async fn an_http_2_stream_that_is_reset_is_a_reset() {
    let issuer = authority();
    let url = encrypted(signed(&params(), &issuer), &[b"h2"], |stream| async move {
        let mut connection = h2::server::handshake(stream)
            .await
            .map_err(io::Error::other)?;
        while let Some(Ok((_, mut respond))) = connection.accept().await {
            respond.send_reset(h2::Reason::INTERNAL_ERROR);
        }
        Ok(())
    })
    .await;
    let (_, _, failure) = down(probe_with(trusting(issuer.der()), &url, "").await);
    assert_eq!(
        (failure.reason, failure.phase),
        (FailureReason::ConnectionReset, Some(Phase::FirstByte))
    );
}

/// A site that speaks HTTP/2 so badly that only HTTP/1.1 is left.
async fn only_http_1(
    over_http_2: impl AsyncFn(TlsStream<TcpStream>) -> io::Result<()>,
    stream: TlsStream<TcpStream>,
) -> io::Result<()> {
    if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
        return over_http_2(stream).await;
    }
    well(stream).await
}

async fn reset_as_required(stream: TlsStream<TcpStream>) -> io::Result<()> {
    let handshake = h2::server::handshake(stream).await;
    let mut connection = handshake.map_err(io::Error::other)?;
    while let Some(Ok((_, mut respond))) = connection.accept().await {
        respond.send_reset(h2::Reason::HTTP_1_1_REQUIRED);
    }
    Ok(())
}

async fn go_away_as_required(stream: TlsStream<TcpStream>) -> io::Result<()> {
    let handshake = h2::server::handshake(stream).await;
    let mut connection = handshake.map_err(io::Error::other)?;
    while let Some(Ok(_)) = connection.accept().await {
        connection.abrupt_shutdown(h2::Reason::HTTP_1_1_REQUIRED);
    }
    Ok(())
}

async fn go_away_before_any_stream(mut stream: TlsStream<TcpStream>) -> io::Result<()> {
    // A SETTINGS frame, then a GOAWAY that takes in no stream, with reason HTTP_1_1_REQUIRED.
    stream.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).await?;
    stream.write_all(&[0, 0, 8, 7, 0, 0, 0, 0, 0]).await?;
    stream.write_all(&[0, 0, 0, 0, 0, 0, 0, 13]).await?;
    stream.flush().await?;
    hang(stream).await
}

async fn send_forbidden_headers(mut stream: TlsStream<TcpStream>) -> io::Result<()> {
    // A SETTINGS frame, then the HEADERS of stream 1: `:status: 200`, `connection: close`.
    stream.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).await?;
    let mut block = vec![0x88, 0, 10];
    block.extend(b"connection");
    block.push(5);
    block.extend(b"close");
    let length = u8::try_from(block.len()).unwrap();
    stream.write_all(&[0, 0, length, 1, 5, 0, 0, 0, 1]).await?;
    stream.write_all(&block).await?;
    stream.flush().await?;
    hang(stream).await
}

#[tokio::test]
async fn where_http_2_fails_on_the_protocol_http_1_is_asked_once() {
    let issuer = authority();
    let protocols: &[&[u8]] = &[b"h2", b"http/1.1"];
    let shown = || signed(&params(), &issuer);
    let urls = [
        encrypted(shown(), protocols, |stream| {
            only_http_1(reset_as_required, stream)
        })
        .await,
        encrypted(shown(), protocols, |stream| {
            only_http_1(go_away_as_required, stream)
        })
        .await,
        encrypted(shown(), protocols, |stream| {
            only_http_1(go_away_before_any_stream, stream)
        })
        .await,
        encrypted(shown(), protocols, |stream| {
            only_http_1(send_forbidden_headers, stream)
        })
        .await,
    ];
    for url in urls {
        let (_, response) = up(probe_with(trusting(issuer.der()), &url, "hello").await);
        assert_eq!(
            (response.http_version, response.matched),
            (HttpVersion::Http11, found("Hello"))
        );
    }
}

#[tokio::test]
async fn a_site_that_breaks_off_http_1_is_not_asked_again() {
    let issuer = authority();
    let (http_1, none): (&[&[u8]], &[&[u8]]) = (&[b"http/1.1"], &[]);
    for (protocols, is_reset) in [(http_1, true), (none, true), (http_1, false)] {
        let asked = Requests::default();
        let seen = asked.clone();
        let url = encrypted(signed(&params(), &issuer), protocols, move |mut stream| {
            let seen = seen.clone();
            async move {
                seen.note(read_request(&mut stream).await?);
                // Or it ends without a word of farewell.
                if is_reset {
                    reset(stream.into_inner().0);
                }
                Ok(())
            }
        })
        .await;
        let (_, _, failure) = down(probe_with(trusting(issuer.der()), &url, "").await);
        assert_eq!(failure.reason, FailureReason::ConnectionReset);
        assert_eq!(asked.all().len(), 1);
    }
}

#[test]
fn a_certificate_ends_when_it_says() {
    let site = self_signed(&expired(params()));
    let certificate = certificate::describe(&site.chain[0]).unwrap();
    assert_eq!(
        certificate.not_after,
        "2021-01-01T00:00:00Z".parse::<Timestamp>().unwrap()
    );
    assert!(certificate.not_after < Timestamp::now() - 1.hour());
}

#[test]
fn a_certificate_that_ends_never_is_told_with_the_latest_end_that_can_be_told() {
    let mut endless = params();
    endless.not_after = rcgen::date_time_ymd(9999, 12, 31);
    let certificate = certificate::describe(&self_signed(&endless).chain[0]).unwrap();
    assert_eq!(certificate.not_after, Timestamp::MAX);
}
