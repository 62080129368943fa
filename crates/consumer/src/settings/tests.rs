use super::*;

fn read(pairs: &[(&str, &str)]) -> Result<Settings, Vec<String>> {
    let mut pairs = pairs.to_vec();
    pairs.extend([("TOPIC_NAME", "checks"), ("SECURITY_PROTOCOL", "PLAINTEXT")]);
    let mut reader = Reader::from_pairs(&pairs);
    let settings = Settings::read(&mut reader);
    reader
        .finish(settings)
        .map_err(|invalid| invalid.problems().to_vec())
}

#[test]
fn defaults_are_the_originals() {
    let settings = read(&[("PG_URI", "postgres://u:p@h/d")]).unwrap();
    assert_eq!(settings.source.client_id, "MetricsConsumer1");
    assert_eq!(settings.source.group, "MetricsCG");
    assert_eq!(settings.source.reset, OffsetReset::Earliest);
    assert!(!settings.drop_on_stop);
    assert_eq!(settings.retention.rows_days, 0);
    assert_eq!((settings.rules.down_after, settings.rules.up_after), (2, 1));
    assert_eq!(settings.drain_timeout, Duration::from_secs(25));
}

#[test]
fn a_missing_authority_and_every_other_problem_are_named_at_once() {
    let problems = read(&[
        ("PG_URI", "postgres://u:p@h/d"),
        ("PG_SSL_CAFILE", "/nonexistent/ca.pem"),
        ("WORKERS", "17"),
        ("AUTO_OFFSET_RESET", "none"),
    ])
    .unwrap_err();
    assert_eq!(problems.len(), 3, "{problems:?}");
    assert!(
        problems
            .iter()
            .any(|it| it.starts_with("PG_SSL_CAFILE: cannot read"))
    );
    assert!(read(&[]).unwrap_err()[0].starts_with("PG_URI: is not set"));
}
