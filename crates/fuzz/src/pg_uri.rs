//! `PG_URI`.

use database::DatabaseSettings;
use service::settings::Reader;

/// What nobody would write by accident.
const PASSWORD: &str = "0xS3cretS3cret";

/// `PG_URI` is taken, or refused with a reason in which no password stands.
pub fn pg_uri(bytes: &[u8]) {
    let uri = String::from_utf8_lossy(bytes);
    read(&uri);
    // As somebody might have meant it, whatever stands behind it.
    if !uri.contains(PASSWORD)
        && let Some(problems) = read(&format!("postgres://user:{PASSWORD}@{uri}"))
    {
        assert!(!problems.contains(PASSWORD), "{problems}");
    }
}

/// What is wrong with it.
fn read(uri: &str) -> Option<String> {
    let mut reader = Reader::from_pairs(&[("PG_URI", uri)]);
    let settings = DatabaseSettings::read(&mut reader, 1, "fuzz");
    let problems = reader.finish(settings).err()?.to_string();
    assert!(!problems.is_empty());
    Some(problems)
}
