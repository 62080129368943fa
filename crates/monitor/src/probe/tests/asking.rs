//! How a target has its site asked, seen by the site.

use std::sync::atomic::{AtomicBool, Ordering};

use http::{HeaderMap, Method, header::HeaderValue};
use messages::{FailureReason, HttpVersion, Match};
use rcgen::SanType;

use super::{
    encrypted::{Shown, authority, encrypted, of_version_1, params, signed},
    *,
};

/// A site that notes each request, with its body, and answers so.
async fn listening(seen: &Requests, answer: impl Into<Vec<u8>>) -> String {
    let (seen, answer) = (seen.clone(), answer.into());
    serve(move |mut stream| {
        let (seen, answer) = (seen.clone(), answer.clone());
        async move {
            let mut request = read_request(&mut stream).await?;
            let lower = request.to_lowercase();
            let length = lower
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            let length = length.map_or(0, |length| length.parse().unwrap());
            let mut body = vec![0; length];
            stream.read_exact(&mut body).await?;
            request += &String::from_utf8(body).unwrap();
            seen.note(request);
            stream.write_all(&answer).await
        }
    })
    .await
}

fn posting() -> Asking {
    let mut headers = HeaderMap::new();
    headers.insert("x-key", HeaderValue::from_static("secret"));
    headers.insert("accept", HeaderValue::from_static("text/plain"));
    headers.insert("content-type", HeaderValue::from_static("text/x-question"));
    Asking {
        method: Method::POST,
        headers,
        body: Some("are you well?".into()),
        ..Asking::default()
    }
}

async fn ask(url: &str, asking: Asking) -> Outcome {
    let request = ProbeRequest {
        asking,
        ..request(url, "")
    };
    let instruments = Instruments::new(settings()).unwrap();
    let give_up = CancellationToken::new();
    instruments.probe(&request, &give_up).await.outcome
}

fn redirect(status: u16, location: &str) -> String {
    format!("HTTP/1.1 {status} X\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n")
}

#[tokio::test]
async fn method_headers_and_body_are_the_target_s() {
    let seen = Requests::default();
    let url = listening(&seen, page("", "yes")).await;
    up(ask(&url, posting()).await);
    let request = seen.all().remove(0);
    let lower = request.to_lowercase();
    assert!(request.starts_with("POST / HTTP/1.1\r\n"), "{request}");
    assert!(request.ends_with("\r\n\r\nare you well?"), "{request}");
    for line in [
        "x-key: secret",
        "accept: text/plain",
        "content-type: text/x-question",
    ] {
        assert_eq!(lower.matches(line).count(), 1, "{line} in {request}");
    }
    assert_eq!(lower.matches("\r\naccept: ").count(), 1, "{request}");
}

#[tokio::test]
async fn head_gets_no_page() {
    let seen = Requests::default();
    let url = listening(&seen, "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n").await;
    let asking = Asking {
        method: Method::HEAD,
        ..Asking::default()
    };
    let request = ProbeRequest {
        asking,
        ..request(&url, "sought")
    };
    let instruments = Instruments::new(settings()).unwrap();
    let give_up = CancellationToken::new();
    let (_, response) = up(instruments.probe(&request, &give_up).await.outcome);
    assert_eq!(response.body_bytes, 0);
    assert_eq!(response.matched, Match::NotEvaluated);
    assert!(seen.all()[0].starts_with("HEAD / "));
}

#[tokio::test]
async fn codings_of_a_page_that_does_not_come_are_no_fault() {
    for coding in [
        "Transfer-Encoding: unheard-of, chunked",
        "Content-Encoding: gzip, gzip, gzip, gzip",
    ] {
        let answer = format!("HTTP/1.1 200 OK\r\n{coding}\r\n\r\n");
        let url = site(answer.into_bytes()).await;
        let asking = Asking {
            method: Method::HEAD,
            ..Asking::default()
        };
        up(ask(&url, asking).await);
        let (_, _, failure) = down(ask(&url, Asking::default()).await);
        assert_eq!(failure.reason, FailureReason::ProtocolError, "{coding}");
    }
}

#[tokio::test]
async fn without_a_body_its_length_is_said_where_one_is_usual() {
    for (method, is_said) in [
        (Method::POST, true),
        (Method::PUT, true),
        (Method::PATCH, true),
        (Method::GET, false),
        (Method::DELETE, false),
    ] {
        let seen = Requests::default();
        let url = listening(&seen, page("", "yes")).await;
        let asking = Asking {
            method: method.clone(),
            ..Asking::default()
        };
        up(ask(&url, asking).await);
        let request = seen.all().remove(0).to_lowercase();
        let length = request.contains("\r\ncontent-length: 0\r\n");
        assert_eq!(length, is_said, "{method}: {request}");
    }
}

#[tokio::test]
async fn the_site_s_cookies_and_the_target_s_stand_in_one_line() {
    let seen = Requests::default();
    let (noted, is_first) = (seen.clone(), Arc::new(AtomicBool::new(true)));
    let url = serve(move |mut stream| {
        let (noted, is_first) = (noted.clone(), Arc::clone(&is_first));
        async move {
            noted.note(read_request(&mut stream).await?);
            let answer = if is_first.swap(false, Ordering::Relaxed) {
                b"HTTP/1.1 302 X\r\nLocation: /next\r\nSet-Cookie: b=2\r\nContent-Length: 0\r\n\r\n"
                    .to_vec()
            } else {
                page("", "yes")
            };
            stream.write_all(&answer).await
        }
    })
    .await;
    let mut headers = HeaderMap::new();
    headers.insert("cookie", HeaderValue::from_static("a=1"));
    let asking = Asking {
        headers,
        redirects: Some(1),
        ..Asking::default()
    };
    up(ask(&url, asking).await);
    let cookies: Vec<_> = seen
        .all()
        .concat()
        .to_lowercase()
        .lines()
        .filter(|line| line.starts_with("cookie:"))
        .map(str::to_owned)
        .collect();
    assert_eq!(cookies, ["cookie: a=1", "cookie: b=2; a=1"]);
}

#[tokio::test]
async fn with_a_host_of_its_own_a_target_is_asked_over_http_1() {
    let seen = Requests::default();
    let noted = seen.clone();
    let url = encrypted(
        signed(&params(), &authority()),
        &[b"h2", b"http/1.1"],
        move |mut stream| {
            let noted = noted.clone();
            async move {
                noted.note(read_request(&mut stream).await?);
                stream.write_all(&page("", "Hello")).await?;
                stream.shutdown().await
            }
        },
    )
    .await;
    let mut headers = HeaderMap::new();
    headers.insert("host", HeaderValue::from_static("other.example"));
    let asking = Asking {
        headers,
        verify_tls: false,
        ..Asking::default()
    };
    let (_, response) = up(ask(&url, asking).await);
    assert_eq!(response.http_version, HttpVersion::Http11);
    let request = seen.all().remove(0).to_lowercase();
    let hosts = request.lines().filter(|line| line.starts_with("host:"));
    assert_eq!(hosts.collect::<Vec<_>>(), ["host: other.example"]);
}

#[tokio::test]
async fn a_redirect_makes_a_get_of_what_browsers_make_one_of() {
    for (status, method, body) in [
        (303, "GET", ""),
        (302, "GET", ""),
        (307, "POST", "are you well?"),
        (308, "POST", "are you well?"),
    ] {
        let seen = Requests::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let noted = seen.clone();
        // One site that first redirects to itself.
        tokio::spawn(async move {
            for answer in [redirect(status, "/next").into_bytes(), page("", "yes")] {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = read_request(&mut stream).await.unwrap();
                let sent = if request.starts_with("POST") { 13 } else { 0 };
                let mut body = vec![0; sent];
                stream.read_exact(&mut body).await.unwrap();
                request += &String::from_utf8(body).unwrap();
                noted.note(request);
                stream.write_all(&answer).await.unwrap();
            }
        });
        let asking = Asking {
            redirects: Some(1),
            ..posting()
        };
        up(ask(&url, asking).await);
        let second = seen.all().remove(1);
        assert!(
            second.starts_with(&format!("{method} /next ")),
            "{status}: {second}"
        );
        assert!(
            second.ends_with(&format!("\r\n\r\n{body}")),
            "{status}: {second}"
        );
        assert!(
            second.to_lowercase().contains("x-key: secret"),
            "the same site"
        );
        let has_type = second.to_lowercase().contains("content-type");
        assert_eq!(has_type, method == "POST", "{status}: {second}");
    }
}

#[tokio::test]
async fn no_other_site_sees_the_target_s_headers_and_body() {
    let seen = Requests::default();
    let end = listening(&seen, page("", "yes")).await;
    let start = listening(&seen, redirect(307, &end)).await;
    let asking = Asking {
        redirects: Some(1),
        ..posting()
    };
    up(ask(&start, asking).await);
    let second = seen.all().remove(1).to_lowercase();
    assert!(
        !second.contains("secret") && !second.contains("well"),
        "{second}"
    );
}

#[tokio::test]
async fn a_target_s_redirects_come_before_the_setting() {
    let seen = Requests::default();
    let end = listening(&seen, page("", "yes")).await;
    let start = listening(&seen, redirect(301, &end)).await;
    let first = listening(&seen, redirect(301, &start)).await;
    let ask = async |redirects| {
        let asking = Asking {
            redirects,
            ..Asking::default()
        };
        ask(&first, asking).await
    };
    assert_eq!(up(ask(Some(2)).await).1.status, 200);
    assert_eq!(up(ask(Some(0)).await).1.status, 301);
    assert_eq!(up(ask(None).await).1.status, 301, "they are off by default");
    let (_, _, failure) = down(ask(Some(1)).await);
    assert_eq!(failure.reason, FailureReason::TooManyRedirects);
    assert!(
        failure
            .detail
            .unwrap()
            .contains("more than 1 redirects (the target's redirects)")
    );
}

#[tokio::test]
async fn only_addresses_of_the_target_s_family_are_taken() {
    let url = site(page("", "yes")).await;
    let ask = async |ip_version| {
        let asking = Asking {
            ip_version: Some(ip_version),
            ..Asking::default()
        };
        ask(&url, asking).await
    };
    up(ask(IpVersion::V4).await);
    let (_, _, failure) = down(ask(IpVersion::V6).await);
    assert_eq!(failure.reason, FailureReason::ConnectUnreachable);
    assert!(failure.detail.unwrap().contains("no IPv6 address"));
}

/// A site that shows this certificate, and says hello.
async fn showing(shown: Shown) -> String {
    encrypted(shown, &[], |mut stream| async move {
        read_request(&mut stream).await?;
        stream.write_all(&page("", "Hello")).await?;
        stream.shutdown().await
    })
    .await
}

/// Takes verified certificates alone, or anybody's.
fn verifying(verify_tls: bool) -> Asking {
    Asking {
        verify_tls,
        ..Asking::default()
    }
}

#[tokio::test]
async fn a_certificate_that_is_not_verified_is_recorded_all_the_same() {
    let mut elsewhere = params();
    elsewhere.subject_alt_names = vec![SanType::DnsName("elsewhere.example".try_into().unwrap())];
    // Nobody trusts its authority, and it is for another name.
    let url = showing(signed(&elsewhere, &authority())).await;
    let (probe, _) = up(ask(&url, verifying(false)).await);
    assert!(probe.certificate.is_some() && probe.tls_version.is_some());
    let (_, _, failure) = down(ask(&url, verifying(true)).await);
    assert!(
        [FailureReason::TlsUntrusted, FailureReason::TlsWrongHost].contains(&failure.reason),
        "{failure:?}"
    );
}

#[tokio::test]
async fn a_certificate_of_version_1_will_do_where_none_is_verified() {
    let url = showing(of_version_1(signed(&params(), &authority()))).await;
    let (probe, _) = up(ask(&url, verifying(false)).await);
    assert!(probe.certificate.is_some() && probe.tls_version.is_some());
    let (_, _, failure) = down(ask(&url, verifying(true)).await);
    assert_eq!(failure.reason, FailureReason::TlsUntrusted, "{failure:?}");
}
