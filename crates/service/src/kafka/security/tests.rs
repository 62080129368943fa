use rdkafka::ClientConfig;

use super::*;

const SASL: [(&str, &str); 3] = [
    ("SECURITY_PROTOCOL", "SASL_PLAINTEXT"),
    ("SASL_USERNAME", "me"),
    ("SASL_PASSWORD", "geheim"),
];

fn read(pairs: &[(&str, &str)]) -> Result<Security, Vec<String>> {
    let mut reader = Reader::from_pairs(pairs);
    let security = Security::read(&mut reader);
    let finished = reader.finish(security);
    finished.map_err(|invalid| invalid.problems().to_vec())
}

/// Those of the base that `pairs` does not set anew.
fn with<'a>(base: &[(&'a str, &'a str)], pairs: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let is_kept = |(name, _): &&(&str, &str)| pairs.iter().all(|(other, _)| other != name);
    base.iter().filter(is_kept).chain(pairs).copied().collect()
}

#[test]
fn plaintext_needs_no_certificates() {
    read(&[("SECURITY_PROTOCOL", "plaintext")]).unwrap();
}

#[test]
fn each_missing_certificate_file_is_named_with_its_setting() {
    let found = read(&[
        ("SSL_CAFILE", "/nonexistent/ca.pem"),
        ("SSL_CERTFILE", "/nonexistent/service.cert"),
        ("SSL_KEYFILE", "/nonexistent/service.key"),
    ])
    .unwrap_err();
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(
        found[0].starts_with("SSL_CAFILE: cannot read /nonexistent/ca.pem"),
        "{found:?}"
    );
    assert!(
        found[1].starts_with("SSL_CERTFILE: cannot read"),
        "{found:?}"
    );
    assert!(
        found[2].starts_with("SSL_KEYFILE: cannot read"),
        "{found:?}"
    );
}

#[test]
fn a_password_is_told_to_the_client_and_to_nobody_else() {
    for (protocol, mechanism) in [
        ("SASL_PLAINTEXT", "SCRAM-SHA-256"),
        ("sasl_ssl", "scram-sha-512"),
        ("SASL_SSL", "PLAIN"),
    ] {
        let pairs = [
            ("SECURITY_PROTOCOL", protocol),
            ("SASL_MECHANISM", mechanism),
        ];
        let security = read(&with(&SASL, &pairs)).unwrap();
        let mut config = ClientConfig::new();
        security.apply(&mut config);
        let told = |name| config.get(name).unwrap_or_default().to_ascii_uppercase();
        assert_eq!(told("security.protocol"), protocol.to_ascii_uppercase());
        assert_eq!(told("sasl.mechanism"), mechanism.to_ascii_uppercase());
        assert_eq!(config.get("sasl.username"), Some("me"));
        assert_eq!(config.get("sasl.password"), Some("geheim"));
        let is_encrypted = protocol.eq_ignore_ascii_case("SASL_SSL");
        let authority = is_encrypted.then_some("probe");
        assert_eq!(config.get("ssl.ca.location"), authority);
        let shown = format!("{security:?} {config:?} {}", security.advice());
        assert!(!shown.contains("geheim"), "{shown}");
        assert!(shown.contains("\"me\" (SASL_USERNAME)"), "{shown}");
    }
}

#[test]
fn what_does_not_go_together_is_said_at_once() {
    let cases: [(&[(&str, &str)], &str); 7] = [
        (&[("SASL_USERNAME", "")], "SASL_USERNAME: is not set"),
        (
            &[("SASL_PASSWORD", "")],
            "SASL_PASSWORD: is not set, nor is SASL_PASSWORD_FILE",
        ),
        (
            &[("SASL_PASSWORD_FILE", "/nonexistent")],
            "SASL_PASSWORD_FILE: is set beside SASL_PASSWORD",
        ),
        (
            &[
                ("SASL_PASSWORD", ""),
                ("SASL_PASSWORD_FILE", "/nonexistent"),
            ],
            "SASL_PASSWORD_FILE: cannot read",
        ),
        (
            &[
                ("SECURITY_PROTOCOL", "SASL_SSL"),
                ("SASL_MECHANISM", "GSSAPI"),
            ],
            "SASL_MECHANISM: \"GSSAPI\" is not one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512",
        ),
        (
            &[
                ("SECURITY_PROTOCOL", "SASL_SSL"),
                ("SSL_KEYFILE", "service.key"),
            ],
            "SSL_CERTFILE: is not set, and SSL_KEYFILE is",
        ),
        (
            &[
                ("SECURITY_PROTOCOL", "SASL_SSL"),
                ("SSL_CAFILE", "/nonexistent"),
            ],
            "SSL_CAFILE: cannot read",
        ),
    ];
    // PLAIN without encryption would be one word more.
    let scram = with(&SASL, &[("SASL_MECHANISM", "SCRAM-SHA-256")]);
    for (pairs, begin) in cases {
        let found = read(&with(&scram, pairs)).unwrap_err();
        assert_eq!(found.len(), 1, "{pairs:?}: {found:?}");
        assert!(found[0].starts_with(begin), "{pairs:?}: {found:?}");
    }
    let found = read(&with(&SASL, &[("SECURITY_PROTOCOL", "SSL")])).unwrap_err();
    let said = "SASL_USERNAME: is set, and SECURITY_PROTOCOL=SSL takes none; SASL_SSL does";
    assert!(found.iter().any(|it| it == said), "{found:?}");
}

#[test]
fn what_is_not_wise_is_a_word_of_warning() {
    let warnings = |protocol| {
        let mut reader = Reader::from_pairs(&with(&SASL, &[("SECURITY_PROTOCOL", protocol)]));
        Security::read(&mut reader);
        reader.warnings()
    };
    let unencrypted = warnings("SASL_PLAINTEXT");
    assert_eq!(unencrypted.len(), 1, "{unencrypted:?}");
    assert!(unencrypted[0].contains("does not encrypt"));
    assert_eq!(warnings("SASL_SSL"), Vec::<String>::new());
    assert!(warnings("PLAINTEXT")[0].starts_with("SASL_USERNAME: is set"));
}
