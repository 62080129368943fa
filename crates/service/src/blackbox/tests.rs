//! What is told, as Prometheus reads it.

use axum::{
    body::{Body, to_bytes},
    http::{Request, StatusCode},
};
use tower::ServiceExt;

use super::{About, Asked, Checks, Phases, Seen, Source, Website, router};

/// Websites by their urls.
struct Known(Vec<(&'static str, Website)>);

impl Source for Known {
    async fn websites(&self, asked: Option<&Asked>) -> Result<Vec<Website>, String> {
        let Some(asked) = asked else {
            return Ok(self.0.iter().map(|(_, website)| website.clone()).collect());
        };
        let ranked = self.0.iter().filter_map(|(url, website)| {
            let rank = asked.rank(url, || website.instance.clone().unwrap_or_default())?;
            Some((rank, website))
        });
        let found = ranked.min_by_key(|(rank, _)| *rank);
        Ok(found.into_iter().map(|(_, it)| it.clone()).collect())
    }
}

/// A database that is away.
struct Away;

impl Source for Away {
    async fn websites(&self, _: Option<&Asked>) -> Result<Vec<Website>, String> {
        Err("the database does not answer".to_owned())
    }
}

fn website(instance: &str) -> Website {
    Website {
        instance: Some(instance.to_owned()),
        ..Website::default()
    }
}

async fn get(source: impl Source, path: &str) -> (StatusCode, String) {
    let request = Request::get(path).body(Body::empty()).unwrap();
    let (head, body) = router(source).oneshot(request).await.unwrap().into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap();
    (head.status, String::from_utf8(bytes.to_vec()).unwrap())
}

#[tokio::test]
async fn a_website_is_told_by_the_names_of_blackbox_exporter() {
    let shop = Website {
        location: Some("fra\"1\\".to_owned()),
        about: About {
            name: "The\nshop".to_owned(),
            tags: vec!["shop".to_owned(), "de".to_owned()],
            ..About::default()
        },
        checks: Checks {
            up: 7,
            missed: 1,
            ..Checks::default()
        },
        newest_at: Some(1_764_000_000.5),
        seen: Some(Seen {
            is_up: true,
            response_time: 0.25,
            phases: Phases {
                first_byte: 0.1,
                ..Phases::default()
            },
            status: 200,
            http_version: 1.1,
            ip_version: 4,
            body_bytes: 12,
            tls_version: Some("TLSv1.3".into()),
            certificate_ends_at: Some(1_800_000_000.0),
            ..Seen::default()
        }),
        ..website("https://shop.test/")
    };
    let (status, text) = get(Known(vec![("https://shop.test/", shop)]), "/probes").await;
    assert_eq!(status, StatusCode::OK);
    let of = r#"instance="https://shop.test/",location="fra\"1\\""#;
    for line in [
        "# TYPE probe_success gauge".to_owned(),
        format!("probe_success{{{of}}} 1"),
        format!("probe_duration_seconds{{{of}}} 0.25"),
        format!("probe_http_duration_seconds{{{of},phase=\"processing\"}} 0.1"),
        format!("probe_http_duration_seconds{{{of},phase=\"resolve\"}} 0"),
        format!("probe_http_status_code{{{of}}} 200"),
        format!("probe_http_version{{{of}}} 1.1"),
        format!("probe_http_ssl{{{of}}} 1"),
        format!("probe_ip_protocol{{{of}}} 4"),
        format!("probe_tls_version_info{{{of},version=\"TLS 1.3\"}} 1"),
        format!("probe_ssl_earliest_cert_expiry{{{of}}} 1800000000"),
        format!(r#"website_info{{{of},name="The\nshop",group="",tags="shop,de"}} 1"#),
        format!("website_newest_result_timestamp_seconds{{{of}}} 1764000000.5"),
        format!("website_checks_total{{{of},outcome=\"up\"}} 7"),
        format!("website_checks_total{{{of},outcome=\"missed\"}} 1"),
    ] {
        assert!(text.lines().any(|it| it == line), "{line} in\n{text}");
    }
}

#[tokio::test]
async fn a_question_for_one_gets_its_series_without_a_name() {
    let known = || Known(vec![("https://a.test/", website("https://a.test/"))]);
    let (status, text) = get(known(), "/probe?target=https://a.test&module=http_2xx").await;
    assert_eq!(status, StatusCode::OK);
    assert!(
        text.contains("website_checks_total{outcome=\"up\"} 0\n"),
        "{text}"
    );
    // It was never seen, which is no failure of the site's.
    assert!(!text.contains("\nprobe_success"), "{text}");
    let (status, text) = get(known(), "/probe?target=https://b.test/").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(!text.contains("b.test"), "{text}");
    assert_eq!(get(known(), "/probe").await.0, StatusCode::BAD_REQUEST);
    let (status, text) = get(Away, "/probes").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(text, "the database does not answer\n");
}

#[tokio::test]
async fn targets_that_differ_in_credentials_alone_are_told_apart() {
    let shown = "https://***@a.test/";
    let two = ["https://u:p@a.test/", "https://v:q@a.test/"];
    let known = Known(two.map(|url| (url, website(shown))).to_vec());
    let (_, text) = get(known, "/probes").await;
    for instance in [shown, "https://***@a.test/ (2)"] {
        let line = format!("website_checks_total{{instance=\"{instance}\",outcome=\"up\"}} 0\n");
        assert!(text.contains(&line), "{line} in\n{text}");
    }
}
