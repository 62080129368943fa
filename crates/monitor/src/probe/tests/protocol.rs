//! Connections, heads and bodies, good and broken.

use messages::HttpVersion;

use super::*;

#[tokio::test]
async fn a_site_that_is_well_is_up_with_all_its_phases() {
    let requests = Requests::default();
    let seen = requests.clone();
    let url = serve(move |mut stream| {
        let seen = seen.clone();
        async move {
            seen.note(read_request(&mut stream).await?);
            stream
                .write_all(&page("Content-Type: text/html\r\n", "Hello"))
                .await
        }
    })
    .await;
    let (probe, response) = up(probe(&url, "hello").await);
    assert_eq!(
        (response.status, response.http_version),
        (200, HttpVersion::Http11)
    );
    assert_eq!(
        (
            response.matched,
            response.body_bytes,
            response.body_truncated
        ),
        (found("Hello"), 5, false)
    );
    assert_eq!(format!("http://{}/", probe.remote_address.unwrap()), url);
    let timings = &probe.timings;
    assert!(timings.dns.is_none() && timings.tls.is_none());
    let sum = timings.connect.unwrap() + timings.first_byte.unwrap() + timings.body.unwrap();
    assert!(sum <= probe.response_time);
    let [request] = &requests.all()[..] else {
        panic!("asked once")
    };
    let request = request.to_lowercase();
    for line in [
        concat!("user-agent: websites-monitor/", env!("CARGO_PKG_VERSION")),
        "accept: text/html,application/xhtml+xml",
        "accept-encoding: gzip, deflate, br, zstd",
    ] {
        assert!(request.contains(line), "{line} in\n{request}");
    }
}

#[tokio::test]
async fn a_name_is_resolved_and_its_phase_measured() {
    let url = site(page("", "Hello"))
        .await
        .replace("127.0.0.1", "localhost");
    let (probe, _) = up(probe(&url, "").await);
    assert!(probe.timings.dns.is_some());
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_not_found() {
    // RFC 6761: no name server answers for it.
    let (probe, response, failure) = down(probe("http://nowhere.invalid/", "").await);
    assert_eq!(failure.phase, Some(Phase::Dns));
    assert_eq!(failure.reason.error_code(), 404);
    assert!(response.is_none() && probe.timings.dns.is_some() && probe.timings.connect.is_none());
}

#[tokio::test]
async fn a_closed_port_is_refused() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let (probe, _, failure) = down(probe(&url, "").await);
    assert_eq!(
        (failure.reason, failure.phase),
        (FailureReason::ConnectRefused, Some(Phase::Connect))
    );
    assert!(probe.timings.connect.is_some() && probe.timings.first_byte.is_none());
}

#[tokio::test]
async fn unspecified_addresses_are_forbidden_however_they_are_written() {
    for url in [
        "http://0.0.0.0/",
        "http://[::]/",
        "http://0/",
        "http://0x0:80/",
        "http://[::ffff:0.0.0.0]/",
    ] {
        let (_, _, failure) = down(probe(url, "").await);
        assert_eq!(failure.reason, FailureReason::AddressForbidden, "{url}");
    }
}

#[tokio::test]
async fn heads_that_fail_are_told_apart() {
    let huge = format!("HTTP/1.1 200 OK\r\nX: {}", "a".repeat(600_000));
    let table = [
        (String::new(), FailureReason::ConnectionReset, false),
        (
            "HTTP/1.1 200 OK\r\nX:".into(),
            FailureReason::ConnectionReset,
            false,
        ),
        (
            "\x15\x03\x01\0\x02\r\n\r\n".into(),
            FailureReason::ProtocolError,
            true,
        ),
        ("<html>".into(), FailureReason::ProtocolError, true),
        (huge, FailureReason::ProtocolError, false),
    ];
    // A browser might make something of some of them.
    for (answer, reason, is_stricter) in table {
        let shown: String = answer.chars().take(30).collect();
        let (probe, response, failure) = down(probe(&site(answer).await, "").await);
        assert_eq!(
            (failure.reason, failure.phase),
            (reason, Some(Phase::FirstByte)),
            "{shown}: {failure:?}"
        );
        assert!(response.is_none() && probe.timings.first_byte.is_some());
        let detail = failure.detail.unwrap();
        assert_eq!(
            detail.contains("stricter"),
            is_stricter,
            "{shown}: {detail}"
        );
        // The client's own words would name the url, and what may be secret in it.
        let is_clients = detail.contains("127.0.0.1") || detail.contains("client error");
        assert!(!is_clients && !detail.is_empty(), "{shown}: {detail}");
    }
}

#[tokio::test]
async fn a_reset_is_a_reset_in_head_and_body() {
    for (answer, phase, status) in [
        ("", Phase::FirstByte, None),
        ("HTTP/1.1 200 OK\r\n", Phase::FirstByte, None),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
            Phase::Body,
            Some(200),
        ),
        ("HTTP/1.1 200 OK\r\n\r\nabc", Phase::Body, Some(200)),
    ] {
        let url = serve(move |mut stream| async move {
            read_request(&mut stream).await?;
            write_slowly(&mut stream, answer.as_bytes()).await?;
            // Sent bytes that a reset overtakes would be lost.
            tokio::time::sleep(Duration::from_millis(50)).await;
            reset(stream);
            Ok(())
        })
        .await;
        let (_, response, failure) = down(probe(&url, "abc").await);
        assert_eq!(
            (failure.reason, failure.phase),
            (FailureReason::ConnectionReset, Some(phase)),
            "{answer:?}"
        );
        assert_eq!(response.map(|response| response.status), status);
    }
}

#[tokio::test]
async fn a_timeout_belongs_to_the_phase_that_hangs() {
    for (answer, reason, phase) in [
        ("", FailureReason::FirstByteTimeout, Phase::FirstByte),
        (
            "HTTP/1.1 200",
            FailureReason::FirstByteTimeout,
            Phase::FirstByte,
        ),
        (
            "HTTP/1.1 200 OK\r\n\r\nabc",
            FailureReason::BodyTimeout,
            Phase::Body,
        ),
    ] {
        let url = serve(move |mut stream| async move {
            read_request(&mut stream).await?;
            stream.write_all(answer.as_bytes()).await?;
            hang(stream).await
        })
        .await;
        let (probe, response, failure) = down(probe_with(impatient(), &url, "").await);
        assert_eq!((failure.reason, failure.phase), (reason, Some(phase)));
        assert!(probe.timings.get(phase).unwrap() >= Duration::from_millis(200));
        assert!(probe.response_time >= impatient().total_timeout);
        assert_eq!(
            response.map(|response| (response.status, response.body_bytes)),
            (phase == Phase::Body).then_some((200, 3))
        );
    }
}

#[tokio::test]
async fn a_page_that_trickles_is_cut_by_the_time_of_the_whole() {
    let url = serve(|mut stream| async move {
        read_request(&mut stream).await?;
        stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
            .await?;
        loop {
            stream.write_all(b"x").await?;
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    let (_, response, failure) = down(probe_with(impatient(), &url, "").await);
    assert_eq!(failure.reason, FailureReason::BodyTimeout);
    assert!(response.unwrap().body_bytes > 0);
}

#[tokio::test]
async fn bodies_that_break_off_keep_their_status() {
    for (answer, reason) in [
        (
            "Content-Length: 9\r\n\r\nabc",
            FailureReason::ConnectionReset,
        ),
        (
            "Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n",
            FailureReason::ConnectionReset,
        ),
        (
            "Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n",
            FailureReason::ProtocolError,
        ),
    ] {
        let url = site(format!("HTTP/1.1 200 OK\r\n{answer}")).await;
        let (_, response, failure) = down(probe(&url, "abc").await);
        assert_eq!(
            (failure.reason, failure.phase),
            (reason, Some(Phase::Body)),
            "{answer:?}: {failure:?}"
        );
        let response = response.unwrap();
        assert_eq!(
            (response.status, response.matched),
            (200, Match::NotEvaluated)
        );
    }
}

#[tokio::test]
async fn odd_answers_that_are_whole_are_up() {
    let many = "X: y\r\n".repeat(500);
    let length = "Content-Length: 5\r\n";
    for (answer, version) in [
        ("HTTP/1.0 200 OK\r\n\r\nHello".to_owned(), HttpVersion::Http10),
        ("HTTP/1.1 200\r\n\r\nHello".to_owned(), HttpVersion::Http11),
        (format!("HTTP/1.1 200 OK\r\n{length}no colon\r\nbad name: x\r\nX : y\r\n\r\nHello"), HttpVersion::Http11),
        (format!("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n{length}\r\nHello"), HttpVersion::Http11),
        (format!("HTTP/1.1 200 OK\r\n{many}{length}\r\nHello"), HttpVersion::Http11),
        (format!("HTTP/1.1 200 OK\r\nX: {}\r\n{length}\r\nHello", "a".repeat(100_000)), HttpVersion::Http11),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nHe\r\n3\r\nllo\r\n0\r\nX: y\r\n\r\n".to_owned(), HttpVersion::Http11),
        (format!("HTTP/1.1 200 OK\r\nX: a\r\n b\r\n{length}\r\nHello"), HttpVersion::Http11),
    ] {
        let (_, response) = up(probe(&site(answer.clone()).await, "hello").await);
        assert_eq!((response.matched, response.http_version), (found("Hello"), version), "{answer:.60}");
    }
    for status in ["204 No Content", "304 Not Modified", "302 Found"] {
        let url = site(format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n")).await;
        let (_, response) = up(probe(&url, "x").await);
        assert_eq!(
            (response.matched, response.body_bytes),
            (Match::NotMatched, 0),
            "{status}"
        );
    }
}

#[tokio::test]
async fn where_the_monitor_is_stricter_than_browsers_it_says_so() {
    for answer in [
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nHello\r\n0\r\n\r\n",
        "HTTP/1.1  200 OK\r\nContent-Length: 5\r\n\r\nHello",
        "http/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHello",
        "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nHello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\nHello\n0\n\n",
    ] {
        let (_, _, failure) = down(probe(&site(answer).await, "hello").await);
        assert_eq!(failure.reason, FailureReason::ProtocolError, "{answer}");
        let detail = failure.detail.unwrap();
        assert!(
            detail.contains("stricter there than browsers"),
            "{answer}: {detail}"
        );
    }
}

#[tokio::test]
async fn a_status_that_failed_stays_the_reason_even_when_its_body_fails_too() {
    for answer in [
        "HTTP/1.1 500 Oops\r\nContent-Length: 5\r\n\r\nHello",
        "HTTP/1.1 404 Gone\r\nContent-Length: 50\r\n\r\nHello",
        "HTTP/1.1 503 Busy\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nHello",
    ] {
        let (probe, response, failure) = down(probe(&site(answer).await, "hello").await);
        assert_eq!(
            (failure.reason, failure.phase),
            (FailureReason::StatusUnexpected, None),
            "{answer}"
        );
        let response = response.unwrap();
        assert_eq!(response.matched, Match::NotEvaluated);
        assert!(response.status >= 404 && probe.timings.body.is_some());
    }
}

#[tokio::test]
async fn a_probe_that_is_given_up_is_no_fault_of_the_site() {
    let url = serve(hang).await;
    let instruments = Instruments::new(settings()).unwrap();
    let give_up = CancellationToken::new();
    give_up.cancel();
    let Outcome::Missed { probe, failure } = instruments
        .probe(&request(&url, ""), &give_up)
        .await
        .outcome
    else {
        panic!("not missed");
    };
    assert_eq!(failure.reason, FailureReason::ProberFailed);
    assert!(probe.is_some());
}
