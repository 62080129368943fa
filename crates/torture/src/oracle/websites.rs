//! Websites: each url once, with the settings of its newest record.

use anyhow::Result;
use serde_json::Value;
use tokio_postgres::Client;

use super::{expected::Expected, findings::Findings};
use crate::stream::Settings;

const SELECT: &str = "SELECT url, regexp, target::text FROM websites";

/// Compares all of them.
pub(super) async fn compare(
    client: &Client,
    expected: &Expected,
    findings: &mut Findings,
) -> Result<()> {
    for row in client.query(SELECT, &[]).await? {
        findings.compared("websites");
        let url: String = row.get(0);
        let target: Option<String> = row.get(2);
        let found = Settings {
            regexp: row.get(1),
            target: target
                .map(|json| serde_json::from_str::<Value>(&json))
                .transpose()?,
        };
        let due = expected.websites.get(&url).map(|(_, settings)| settings);
        if due.is_some_and(|due| *due != found) && !expected.unsure_websites.contains(&url) {
            let url: String = url.chars().take(80).collect();
            let what = format!("{url:?}: {found:?}, not {due:?}");
            findings.add("a website has other settings than its newest record", what);
        }
    }
    Ok(())
}
