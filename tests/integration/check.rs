//! `monitor check URL` against sites that are well and sites that ail.

use std::path::Path;

/// Seconds that a site that hangs is waited for, and any other may take on a busy machine.
const TIMEOUTS: [u32; 2] = [2, 60];

use devstack::Sites;

use crate::support::bare;

/// Exit status, what was printed, and what was said beside it.
async fn check(
    arguments: &[&str],
    authorities: &Path,
    timeout: u32,
) -> (Option<i32>, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let mut command = bare("monitor");
    command
        .arg("check")
        .args(arguments)
        .env("SSL_CERT_FILE", authorities)
        .env("DOWNLOAD_TIMEOUT", timeout.to_string())
        .current_dir(folder.path());
    let output = tokio::task::spawn_blocking(move || command.output());
    let output = output.await.unwrap().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let code = output.status.code();
    (code, text(output.stdout), text(output.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_of_failure_is_said_with_its_words_and_its_exit_status() {
    let folder = tempfile::tempdir().unwrap();
    let sites = Sites::start(folder.path()).await.unwrap();
    let expected = [
        ("well", 0, "»systems are well«"),
        ("without the text", 0, "not found in the whole page"),
        ("failing", 1, "status_unexpected"),
        ("hanging", 1, "first_byte_timeout"),
        ("refusing", 1, "connect_refused"),
        ("redirecting", 0, "302 Found"),
        ("compressed", 0, "»systems are well«"),
        ("encrypted", 0, "TLSv1.3"),
        ("expired", 1, "tls_expired"),
        ("self-signed", 1, "tls_untrusted"),
        ("wrong host", 1, "tls_wrong_host"),
    ];
    for (name, status, part) in expected {
        let site = sites.all().iter().find(|site| site.name == name).unwrap();
        let arguments = [site.url.as_str(), "--regexp", site.regexp];
        let timeout = TIMEOUTS[usize::from(name != "hanging")];
        let (code, text, said) = check(&arguments, &sites.ca_file(), timeout).await;
        assert_eq!(code, Some(status), "{name}: {text}{said}");
        assert!(text.contains(part), "{part:?} in\n{text}");
        assert!(!text.contains('\x1b'), "colours in a pipe: {text}");
        assert_eq!(said, "", "{name}");
        let json = [&arguments[..], &["--json"]].concat();
        let (code, record, _) = check(&json, &sites.ca_file(), timeout).await;
        assert_eq!(code, Some(status), "{name}: {record}");
        let record: serde_json::Value = serde_json::from_str(&record).unwrap();
        assert_eq!(record["url"], site.url);
        assert_eq!(record["outcome"], if status == 0 { "up" } else { "down" });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_is_named_with_exit_status_2() {
    let nowhere = Path::new("");
    let (code, _, said) = check(&["ftp://a.test/"], nowhere, 1).await;
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("the url "), "{said}");
    let wrong = ["http://127.0.0.1:1/", "--expected-status", "fine"];
    let (code, _, said) = check(&wrong, nowhere, 1).await;
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("the expected_status is"), "{said}");
}
