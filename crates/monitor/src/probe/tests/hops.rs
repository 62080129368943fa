//! Redirects, followed and not.

use super::*;

fn following(redirects_max: u32) -> ProbeSettings {
    ProbeSettings {
        redirects_max: Some(redirects_max),
        ..settings()
    }
}

fn redirect(status: u16, location: &str) -> String {
    format!("HTTP/1.1 {status} Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n")
}

#[tokio::test]
async fn a_redirect_is_an_answer_like_others_unless_it_is_followed() {
    let end = site(page("", "Hello")).await;
    let start = site(redirect(302, &end)).await;
    let (probe_off, response) = up(probe(&start, "").await);
    assert_eq!((response.status, probe_off.redirects), (302, 0));

    let (probe_on, response) = up(probe_with(following(1), &start, "hello").await);
    assert_eq!(
        (response.status, response.matched, probe_on.redirects),
        (200, found("Hello"), 1)
    );
    assert_eq!(format!("http://{}/", probe_on.remote_address.unwrap()), end);
}

#[tokio::test]
async fn every_hop_counts_against_the_maximum() {
    let around = site(redirect(307, "/again?x=y")).await;
    let (probe, response, failure) = down(probe_with(following(3), &around, "").await);
    assert_eq!(
        (failure.reason, probe.redirects),
        (FailureReason::TooManyRedirects, 3)
    );
    assert_eq!(
        response.unwrap().status,
        307,
        "the status that was read is kept"
    );
    let (_, _, failure) = down(probe_with(following(0), &around, "").await);
    assert_eq!(failure.reason, FailureReason::TooManyRedirects);
}

#[tokio::test]
async fn redirects_that_lead_nowhere_are_bad_and_show_no_credentials() {
    for location in [
        "Location: ftp://u:secret@a.example/\r\n",
        "Location: http://u:secret@\r\n",
        "",
    ] {
        let url = site(format!(
            "HTTP/1.1 301 Moved\r\n{location}Content-Length: 0\r\n\r\n"
        ))
        .await;
        let (_, response, failure) = down(probe_with(following(5), &url, "").await);
        assert_eq!(
            (failure.reason, response.unwrap().status),
            (FailureReason::BadRedirect, 301),
            "{location}"
        );
        assert!(!failure.detail.unwrap().contains("secret"));
    }
}

#[tokio::test]
async fn a_status_that_is_no_redirect_is_not_followed() {
    for status in ["304 Not Modified", "300 Choices", "305 Proxy"] {
        let url = site(format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n")).await;
        let (probe, _) = up(probe_with(following(5), &url, "").await);
        assert_eq!(probe.redirects, 0, "{status}");
    }
}

#[tokio::test]
async fn no_hop_leads_to_a_forbidden_address() {
    for location in ["http://0.0.0.0/", "http://0x0/", "http://[::ffff:0:0]/"] {
        let url = site(redirect(302, location)).await;
        let (_, _, failure) = down(probe_with(following(5), &url, "").await);
        assert_eq!(
            failure.reason,
            FailureReason::AddressForbidden,
            "{location}"
        );
    }
}

/// A site that answers so, and writes down what it is asked.
async fn listening(seen: Requests, answer: Vec<u8>) -> String {
    serve(move |mut stream| {
        let (seen, answer) = (seen.clone(), answer.clone());
        async move {
            seen.note(read_request(&mut stream).await?);
            stream.write_all(&answer).await
        }
    })
    .await
}

#[tokio::test]
async fn credentials_are_for_their_own_site_alone() {
    let requests = Requests::default();
    let end = listening(requests.clone(), page("", "Hello")).await;
    let start = listening(requests.clone(), redirect(302, &end).into_bytes()).await;
    let with_credentials = start.replace("http://", "http://user:pass@");
    up(probe_with(following(1), &with_credentials, "").await);
    let [first, second] = &requests.all()[..] else {
        panic!("two requests")
    };
    assert!(
        first
            .to_lowercase()
            .contains("authorization: basic dxnlcjpwyxnz"),
        "{first}"
    );
    assert!(!first.contains("user:pass"));
    assert!(!second.to_lowercase().contains("authorization"), "{second}");
    assert!(!second.to_lowercase().contains("referer"), "{second}");
}

#[tokio::test]
async fn credentials_that_a_location_spells_are_for_where_it_leads() {
    let requests = Requests::default();
    let end = listening(requests.clone(), page("", "Hello")).await;
    let location = end.replace("http://", "http://other:word@");
    let start = listening(Requests::default(), redirect(302, &location).into_bytes()).await;
    let start = start.replace("http://", "http://user:pass@");
    up(probe_with(following(1), &start, "").await);
    let asked = requests.all().concat();
    let encoded = "authorization: basic b3rozxi6d29yza==";
    assert!(asked.to_lowercase().contains(encoded), "{asked}");
}

#[tokio::test]
async fn an_empty_location_costs_one_request_and_is_bad() {
    for location in ["", "   "] {
        let requests = Requests::default();
        let seen = requests.clone();
        let answer = redirect(302, location);
        let url = serve(move |mut stream| {
            let (seen, answer) = (seen.clone(), answer.clone());
            async move {
                seen.note(read_request(&mut stream).await?);
                stream.write_all(answer.as_bytes()).await
            }
        })
        .await;
        let (probe, _, failure) = down(probe_with(following(20), &url, "").await);
        assert_eq!(
            (failure.reason, probe.redirects),
            (FailureReason::BadRedirect, 0)
        );
        assert_eq!(requests.all().len(), 1);
    }
}

#[tokio::test]
async fn cookies_go_over_the_hops_of_one_probe_and_no_further() {
    let requests = Requests::default();
    let seen = requests.clone();
    // Without its cookie it sends everybody round, as sites with a gate do.
    let url = serve(move |mut stream| {
        let seen = seen.clone();
        async move {
            let request = read_request(&mut stream).await?;
            let is_known = request.to_lowercase().contains("cookie: seen=yes");
            seen.note(request);
            let gate = "HTTP/1.1 302 Found\r\nLocation: /\r\nSet-Cookie: seen=yes; Path=/\r\n\
                        Content-Length: 0\r\n\r\n";
            let answer = if is_known {
                page("", "Hello")
            } else {
                gate.into()
            };
            stream.write_all(&answer).await
        }
    })
    .await;
    let instruments = Instruments::new(following(5)).unwrap();
    for _ in 0..2 {
        let (probe, response) = up(probe_by(&instruments, &url, "hello").await);
        assert_eq!((response.matched, probe.redirects), (found("Hello"), 1));
    }
    let had_cookies: Vec<_> = requests
        .all()
        .iter()
        .map(|request| request.to_lowercase().contains("cookie:"))
        .collect();
    assert_eq!(had_cookies, [false, true, false, true]);
}
