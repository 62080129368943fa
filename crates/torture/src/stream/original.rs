//! Records of the Python original: five fields, and an identity by where they stand.

use uuid::Uuid;

use super::{
    planned::{Meaning, Planned},
    random::random,
    row::Row,
    sample::{BASE_MS, ORIGINAL},
    settings::Settings,
};

/// Of the ids of records that carry none (docs/record.md).
const RECORD_NAMESPACE: Uuid = Uuid::from_u128(0xe5f9_8bac_ab09_5de9_801f_9e55_a735_b669);
const SITES: u64 = 40;

/// The record of this number, as the original would write it.
pub(super) fn original(seed: u64, number: u64) -> Planned {
    let mut random = random(seed, number);
    random.u32(..);
    let timestamp_ms = BASE_MS + number as i64;
    let failed = random.u32(0..5) == 0;
    let site = random.u64(0..SITES);
    let mut row = Row {
        scheduled_at: timestamp_ms * 1000,
        error_code: -1,
        response_time: -1.0,
        ..Row::default()
    };
    if !failed {
        row.url = format!("{ORIGINAL}{site}");
        row.error_code = random.choice([200, 302, 404, 599]).unwrap_or(200);
        row.response_time = f64::from(random.u32(..)) / 1e9;
        row.matched_text = format!("Über {number}");
    }
    // Now and then null, as where its targets had no such column.
    let regexp = if failed || site.is_multiple_of(2) {
        ""
    } else {
        "Gmail"
    };
    let pattern = if site.is_multiple_of(4) {
        "null".to_owned()
    } else {
        format!("{regexp:?}")
    };
    let code = match row.error_code {
        200 => "\"200\"".to_owned(),
        code => code.to_string(),
    };
    let value = format!(
        r#"{{"url": {:?}, "error_code": {code}, "response_time": {:?}, "regex_pattern": {pattern}, "matched_text": "{}"}}"#,
        row.url,
        row.response_time,
        row.matched_text.replace('Ü', "\\u00dc"),
    );
    Planned {
        partition: None,
        // The original sends none.
        key: Vec::new(),
        value: Some(value.into_bytes()),
        timestamp_ms,
        meaning: Meaning::Row {
            row: Box::new(row),
            settings: Settings {
                regexp: regexp.to_owned(),
                target: None,
            },
            is_original: true,
            is_contested: false,
        },
    }
}

/// The id that a record without one gets.
pub(crate) fn identify(topic: &str, partition: i32, offset: i64, timestamp_ms: i64) -> Uuid {
    let name = format!("{topic}\0{partition}\0{offset}\0{timestamp_ms}");
    Uuid::new_v5(&RECORD_NAMESPACE, name.as_bytes())
}
