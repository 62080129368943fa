//! A targets file.

use std::{fs, time::Duration};

use monitor::targets::{Format, Targets, TargetsSettings};
use service::settings::Reader;

/// A targets file, as CSV and as JSON: each row is a target with a host, or is named with its reason.
#[expect(clippy::expect_used, reason = "without a disk nothing is proven")]
pub fn targets(bytes: &[u8]) {
    let file = tempfile::NamedTempFile::new().expect("a file is made");
    fs::write(&file, bytes).expect("the file is written");
    for format in [Format::Csv, Format::Json] {
        let settings = TargetsSettings {
            file: file.path().to_owned(),
            format,
            interval: Duration::from_mins(1),
            location: "default".into(),
            variables: Reader::from_pairs(&[("TOKEN", "secret")]).variables(),
        };
        // A file of which nothing can be used is an error.
        if let Ok(targets) = Targets::read(&settings) {
            for bad in &targets.bad_rows {
                assert!(!bad.to_string().is_empty());
            }
            for target in &targets.usable {
                assert!(target.address.has_host(), "{}", target.address);
            }
        }
    }
}
