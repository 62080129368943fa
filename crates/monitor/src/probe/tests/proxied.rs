//! Sites asked by way of a proxy.

use tokio::io::copy_bidirectional;

use super::{
    encrypted::{authority, encrypted, params, signed, trusting},
    *,
};
use crate::probe::connect::race::tests::swallow;

const REFUSED: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";

fn by_way_of(proxy: &str) -> ProbeSettings {
    ProbeSettings {
        proxy: Some(proxy.parse().unwrap()),
        ..settings()
    }
}

/// The proxy with a name and a password.
fn with_password(proxy: &str) -> String {
    proxy.replace("http://", "http://user:geheim@")
}

/// Leads a connection to where its first line says, and on from there.
async fn tunnel(mut stream: TcpStream) -> io::Result<()> {
    let head = read_request(&mut stream).await?;
    if head.starts_with("OPTIONS") {
        return stream.write_all(REFUSED).await;
    }
    let target = head.split(' ').nth(1).unwrap_or_default();
    let Ok(mut site) = TcpStream::connect(target).await else {
        return stream.write_all(REFUSED).await;
    };
    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
    copy_bidirectional(&mut stream, &mut site).await?;
    Ok(())
}

#[tokio::test]
async fn a_plain_site_is_asked_for_at_the_proxy_which_resolves_its_name() {
    let seen = Requests::default();
    let noted = seen.clone();
    let proxy = serve(move |mut stream| {
        let noted = noted.clone();
        async move {
            noted.note(read_request(&mut stream).await?);
            stream.write_all(&page("", "Hello")).await
        }
    })
    .await;
    let settings = by_way_of(&with_password(&proxy));
    let (probe, response) = up(probe_with(settings, "http://nowhere.invalid/x", "hello").await);
    assert_eq!(response.matched, found("Hello"));
    assert_eq!(probe.timings.dns, None, "that is the proxy's");
    assert!(probe.timings.connect.is_some());
    let proxy = Url::parse(&proxy).unwrap();
    assert_eq!(probe.remote_address.unwrap().port(), proxy.port().unwrap());
    let request = &seen.all()[0];
    assert!(
        request.starts_with("GET http://nowhere.invalid/x "),
        "{request}"
    );
    let authorization = "proxy-authorization: basic dxnlcjpnzwhlaw0=";
    assert!(request.to_lowercase().contains(authorization), "{request}");
}

#[tokio::test]
async fn an_encrypted_site_is_reached_through_a_tunnel_and_its_own_certificate_counts() {
    let issuer = authority();
    let site = encrypted(signed(&params(), &issuer), &[], |mut stream| async move {
        read_request(&mut stream).await?;
        stream.write_all(&page("", "Hello")).await?;
        stream.shutdown().await
    })
    .await;
    let proxy = serve(tunnel).await;
    let settings = ProbeSettings {
        extra_authorities: trusting(issuer.der()).extra_authorities,
        ..by_way_of(&proxy)
    };
    let (probe, _) = up(probe_with(settings, &site, "hello").await);
    assert!(probe.timings.tls.is_some() && probe.certificate.is_some());
}

#[tokio::test]
async fn what_a_site_says_through_a_tunnel_is_its_own_word() {
    let issuer = authority();
    let proxy = serve(tunnel).await;
    for status in [407, 511] {
        let site = encrypted(
            signed(&params(), &issuer),
            &[],
            move |mut stream| async move {
                read_request(&mut stream).await?;
                let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n");
                stream.write_all(answer.as_bytes()).await?;
                stream.shutdown().await
            },
        )
        .await;
        let settings = ProbeSettings {
            extra_authorities: trusting(issuer.der()).extra_authorities,
            ..by_way_of(&proxy)
        };
        let (_, response, _) = down(probe_with(settings, &site, "").await);
        assert_eq!(response.unwrap().status, status);
    }
}

#[tokio::test]
async fn what_the_proxy_cannot_reach_is_down_and_what_ails_the_proxy_is_not() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = closed.local_addr().unwrap();
    drop(closed);
    let https = format!("https://{address}/");

    let proxy = serve(tunnel).await;
    let (_, _, failure) = down(probe_with(by_way_of(&proxy), &https, "").await);
    assert_eq!(failure.reason, FailureReason::ConnectFailed);
    assert!(failure.detail.unwrap().contains("SITES_PROXY"));

    let wants_password = serve(|mut stream| async move {
        read_request(&mut stream).await?;
        let refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n";
        stream.write_all(refusal).await
    })
    .await;
    let refuses = format!("http://{address}/");
    let nameless = "http://nowhere.invalid:3128/".to_owned();
    let resets = serve(async |stream| stream.set_zero_linger()).await;
    let ends = serve(async |mut stream| read_request(&mut stream).await.map(drop)).await;
    let other = serve(async |mut stream| stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n").await).await;
    for proxy in [wants_password, refuses, nameless, resets, ends, other] {
        for url in ["http://site.invalid/", &https] {
            blames_proxy(by_way_of(&with_password(&proxy)), url).await;
        }
    }
}

#[tokio::test]
async fn a_tunnel_that_the_proxy_forbids_is_not_the_sites_fault() {
    let answering = |status: u16| {
        serve(move |mut stream: TcpStream| async move {
            let head = read_request(&mut stream).await?;
            let authorization = "proxy-authorization: basic dxnlcjpnzwhlaw0=";
            let status = match head.starts_with("CONNECT site.invalid:443 ") {
                true if head.to_lowercase().contains(authorization) => status,
                true => 407,
                // It is asked for itself.
                false => 200,
            };
            let answer = format!("HTTP/1.1 {status} Word\r\nContent-Length: 0\r\n\r\n");
            stream.write_all(answer.as_bytes()).await
        })
    };
    // A portal's ways to say who may pass are among them.
    for status in [
        301, 302, 303, 307, 308, 400, 401, 403, 405, 418, 429, 451, 499, 511,
    ] {
        let proxy = with_password(&answering(status).await);
        let said = format!("status {status}");
        blames_proxy_saying(by_way_of(&proxy), "https://site.invalid/", &said).await;
    }
    for status in [404, 500, 502, 503, 504, 520, 522, 599] {
        let settings = by_way_of(&with_password(&answering(status).await));
        let (_, _, failure) = down(probe_with(settings, "https://site.invalid/", "").await);
        assert_eq!(failure.reason, FailureReason::ConnectFailed, "{failure:?}");
    }
}

/// Fails unless the check is missed because of the proxy, whose password is not shown.
async fn blames_proxy(settings: ProbeSettings, url: &str) {
    blames_proxy_saying(settings, url, "SITES_PROXY").await;
}

async fn blames_proxy_saying(settings: ProbeSettings, url: &str, said: &str) {
    let told = format!("{url} by way of {:?}", settings.proxy);
    let Outcome::Missed { failure, .. } = probe_with(settings, url, "").await else {
        panic!("{told}");
    };
    assert_eq!(failure.reason, FailureReason::ProberFailed, "{told}");
    let detail = failure.detail.unwrap();
    assert!(
        detail.contains("SITES_PROXY") && detail.contains(said),
        "{told}: {detail}"
    );
    assert!(!detail.contains("geheim"), "{detail}");
}

/// Whose time is over first.
fn limits() -> [(Duration, Duration); 2] {
    let (short, long) = (Duration::from_millis(300), SECOND * 20);
    [(short, long), (long, short)]
}

#[tokio::test]
async fn a_proxy_that_says_nothing_is_to_blame_whichever_time_is_over_first() {
    let (swallows, _swallowing) = swallow(([127, 0, 0, 1], 0).into()).await;
    let silent = serve(async |_stream| std::future::pending().await).await;
    for (connect_timeout, total_timeout) in limits() {
        for scheme in ["http", "socks5"] {
            let swallows = format!("{scheme}://{swallows}/");
            let silent = silent.replace("http:", &format!("{scheme}:"));
            for proxy in [swallows, silent] {
                let settings = ProbeSettings {
                    connect_timeout,
                    total_timeout,
                    ..by_way_of(&proxy)
                };
                blames_proxy(settings, "https://site.invalid/").await;
            }
        }
    }
    let settings = ProbeSettings {
        total_timeout: Duration::from_millis(300),
        ..by_way_of(&silent)
    };
    blames_proxy(settings, "http://site.invalid/").await;
}

#[tokio::test]
async fn a_proxy_that_answers_for_itself_is_not_to_blame_for_a_silent_site() {
    let proxy = serve(|mut stream| async move {
        if read_request(&mut stream).await?.starts_with("OPTIONS") {
            return stream.write_all(REFUSED).await;
        }
        std::future::pending().await
    })
    .await;
    for (connect_timeout, total_timeout) in limits() {
        let settings = || ProbeSettings {
            connect_timeout,
            total_timeout,
            ..by_way_of(&proxy)
        };
        let (_, _, failure) = down(probe_with(settings(), "https://site.invalid/", "").await);
        assert_eq!(failure.reason, FailureReason::ConnectTimeout);
        if total_timeout < connect_timeout {
            let (_, _, failure) = down(probe_with(settings(), "http://site.invalid/", "").await);
            assert_eq!(failure.reason, FailureReason::FirstByteTimeout);
        }
    }
}

#[tokio::test]
async fn a_socks_proxy_that_did_not_get_there_says_so_and_one_that_may_not_is_to_blame() {
    let answering = |status: u8| {
        serve(move |mut stream: TcpStream| async move {
            let mut greeting = [0; 2];
            stream.read_exact(&mut greeting).await?;
            let mut methods = vec![0; usize::from(greeting[1])];
            stream.read_exact(&mut methods).await?;
            stream.write_all(&[5, 0]).await?;
            let mut head = [0; 5];
            stream.read_exact(&mut head).await?;
            let mut name = vec![0; usize::from(head[4]) + 2];
            stream.read_exact(&mut name).await?;
            stream.write_all(&[5, status, 0, 1, 0, 0, 0, 0, 0, 0]).await
        })
    };
    for status in [1, 3, 4, 5, 6] {
        let proxy = answering(status).await.replace("http:", "socks5:");
        let (_, _, failure) = down(probe_with(by_way_of(&proxy), "http://site.invalid/", "").await);
        assert_eq!(failure.reason, FailureReason::ConnectFailed, "{failure:?}");
    }
    for status in [2, 7, 8, 99] {
        let proxy = answering(status).await.replace("http:", "socks5:");
        blames_proxy(by_way_of(&proxy), "http://site.invalid/").await;
    }
}

#[tokio::test]
async fn a_socks_proxy_is_given_the_name() {
    let proxy = serve(|mut stream| async move {
        // No authentication, and then CONNECT to a name of so many bytes and a port.
        let mut greeting = [0; 2];
        stream.read_exact(&mut greeting).await?;
        let mut methods = vec![0; usize::from(greeting[1])];
        stream.read_exact(&mut methods).await?;
        stream.write_all(&[5, 0]).await?;
        let mut head = [0; 5];
        stream.read_exact(&mut head).await?;
        assert_eq!(head[..4], [5, 1, 0, 3]);
        let mut name = vec![0; usize::from(head[4]) + 2];
        stream.read_exact(&mut name).await?;
        stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
        read_request(&mut stream).await?;
        name.truncate(usize::from(head[4]));
        stream.write_all(&page("", name)).await
    })
    .await;
    for scheme in ["socks5://", "socks5h://"] {
        let settings = by_way_of(&proxy.replace("http://", scheme));
        let outcome = probe_with(settings, "http://nowhere.invalid/", ".+").await;
        let (_, response) = up(outcome);
        assert_eq!(response.matched, found("nowhere.invalid"));
    }
}

/// What a proxy answers whoever wants a tunnel, or a plain site's page, and whether that is its own
/// fault for either.
const ODD_PROXIES: &[(&[u8], bool, bool)] = &[
    (b"HTTP/1.1 407 X\r\n\r\n", true, true),
    (b"HTTP/1.1 407 X\r\nContent-Length: 999\r\n\r\n", true, true),
    (
        b"HTTP/1.0 407 X\r\nProxy-Authenticate: NTLM\r\n\r\n",
        true,
        true,
    ),
    (b"HTTP/1.1 511 X\r\n\r\n<form>", true, true),
    (
        b"HTTP/1.1 302 X\r\nLocation: http://portal.invalid/\r\n\r\n",
        true,
        false,
    ),
    (b"HTTP/1.1 403 X\r\n\r\n", true, false),
    (b"HTTP/1.1 502 X\r\n\r\n", false, false),
    (b"HTTP/1.1 504 X\r\n\r\n", false, false),
    (b"HTTP/1.1 999 X\r\n\r\n", false, false),
    (b"HTTP/1.1 000 X\r\n\r\n", false, true),
    (b"HTTP/1.1 2x0 X\r\n\r\n", false, true),
    (b"HTTP/1.1 100 X\r\n\r\n", false, true),
    (b"HTTP/2.0 200 X\r\n\r\n", false, true),
    (b"HTTP/1.1", true, true),
    (b"\r\n\r\n", true, true),
    (b"<h1>portal</h1>\r\n\r\n", true, true),
    (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", true, true),
    (b"\x15\x03\x01\0\x02\x02\x50", true, true),
    (b"\x05\xff", true, true),
    (b"\0", true, true),
    (b"", true, true),
];

#[tokio::test]
async fn what_a_proxy_says_that_is_no_answer_is_its_own_fault() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let https = format!("https://{}/", closed.local_addr().unwrap());
    let mut complaints = Vec::new();
    for (answer, blamed_for_tunnel, blamed_for_page) in ODD_PROXIES {
        let proxy = site(*answer).await;
        let cases = [
            (&*https, blamed_for_tunnel),
            ("http://site.invalid/", blamed_for_page),
        ];
        for (url, is_blamed) in cases {
            let outcome = probe_with(by_way_of(&proxy), url, "").await;
            if matches!(outcome, Outcome::Missed { .. }) != *is_blamed {
                let answer = String::from_utf8_lossy(answer);
                complaints.push(format!("{answer:?} for {url}: {outcome:?}"));
            }
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[tokio::test]
async fn what_a_proxy_cannot_keep_is_refused() {
    let proxy = serve(tunnel).await;
    let instruments = Instruments::new(by_way_of(&proxy)).unwrap();
    let (_, _, failure) = down(probe_by(&instruments, "http://0.0.0.0/", "").await);
    assert_eq!(failure.reason, FailureReason::AddressForbidden);

    let mut request = request("http://nowhere.invalid/", "");
    request.asking.ip_version = Some(IpVersion::V4);
    let found = instruments.probe(&request, &CancellationToken::new()).await;
    assert!(matches!(found.outcome, Outcome::Missed { .. }), "{found:?}");
}
