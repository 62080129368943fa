//! Checks: what a monitor might have seen.

use fastrand::Rng;
use serde_json::json;
use twox_hash::XxHash64;
use uuid::Uuid;

use super::{
    failing::is_failing,
    kind::{COMPLETE_ONE_IN, complete_place, is_complete},
    random::random,
    row::Row,
    settings::{OTHER_RECEIVER, Settings},
};

/// 2026-03-01T00:00:00Z, in milliseconds since 1970: fixed, so that a seed means the same on any
/// day.
pub(crate) const BASE_MS: i64 = 1_772_323_200_000;
const BASE_MICROS: i64 = BASE_MS * 1000;
const DAY_MICROS: i64 = 86_400_000_000;
/// What the urls of the websites begin with whose rows PostgreSQL is made to refuse now and then.
pub(super) const CONTESTED: &str = "http://contested.test/";
/// Records of which the contested ones are of one website.
const CONTESTED_RECORDS: u64 = 1000;
/// What these rows say, and no others.
pub(crate) const CONTESTED_TEXT: &str = "contested";
/// What every url of the original's begins with.
pub(super) const ORIGINAL: &str = "https://original.test/";

/// Checks a website of which every due check is sent, so that completeness can be proved.
const COMPLETE_CHECKS: u64 = 90;
/// Records in which one such website begins and ends.
pub(crate) const COMPLETE_RECORDS: u64 = COMPLETE_CHECKS * COMPLETE_ONE_IN;
const COMPLETE_INTERVAL_MICROS: i64 = 60_000_000;
/// Checks of a complete website, and records, in which a website either fails or does not.
const COMPLETE_SPELL_CHECKS: u64 = 30;
const SPELL_RECORDS: u64 = 3000;
/// From one record's due time to the next one's.
const STEP_MICROS: i64 = 3;
/// Intervals in seconds, exact in binary: of a location that is never silent, and of ones that often are,
/// since its next record is some 800 steps away. `consumer verify` asks nothing of ones so short.
const INTERVALS: [Option<f64>; 3] = [None, Some(1.0 / 1024.0), Some(1.0 / 2048.0)];
/// Addresses that websites have.
const ADDRESSES: u8 = 8;
/// Websites that are checked at random.
const SITES: u64 = 200;
/// Days before the base that late records speak of, at the end of a run.
const LATE_DAYS_MAX: u64 = 60;
/// Records after which websites' patterns change.
const PATTERN_RECORDS: u64 = 2000;

/// The result of a check, by the number of its first record, and its website's settings then.
pub(super) fn sample(seed: u64, check: u64, records: u64) -> (Row, Settings) {
    let mut random = random(seed, check);
    random.u32(..);
    let mut row = Row {
        check_id: Uuid::from_u128(random.u128(..)),
        schema_version: Some(1),
        ..Row::default()
    };
    let spell = if is_complete(check) {
        let place = complete_place(check);
        complete(&mut row, place);
        place % COMPLETE_CHECKS / COMPLETE_SPELL_CHECKS
    } else {
        scattered(&mut row, check, records, &mut random);
        check / SPELL_RECORDS
    };
    let fails = is_failing(seed, &row.url, spell);
    look(&mut row, &mut random);
    doubt(&mut row, &mut random);
    let failed_in_100 = if fails { 90 } else { 5 };
    if random.u32(0..100) < failed_in_100 {
        make_failed(&mut row, &mut random);
    }
    let settings = settings(check);
    (row, settings)
}

/// The next due check of a website all of whose checks are sent.
fn complete(row: &mut Row, place: u64) {
    row.url = format!("https://complete.test/{}", place / COMPLETE_CHECKS);
    "complete".clone_into(&mut row.location);
    // When checks are due: docs/record.md.
    let hash = XxHash64::oneshot(0, row.url.as_bytes());
    let offset = (hash % COMPLETE_INTERVAL_MICROS as u64) as i64;
    let slot = (place % COMPLETE_CHECKS) as i64;
    row.scheduled_at = BASE_MICROS + slot * COMPLETE_INTERVAL_MICROS + offset;
    row.interval = Some(60.0);
}

/// A check of any website, on any day.
fn scattered(row: &mut Row, check: u64, records: u64, random: &mut Rng) {
    row.url = match random.u32(0..100) {
        0..4 => format!("http://new.test/{check}"),
        4 => format!("http://long.test/{}{}", "ü".repeat(2000), check % SITES),
        _ => format!("https://site.test/{}", random.u64(0..SITES)),
    };
    let location = random.choice(["eu", "us", ""]);
    location.unwrap_or_default().clone_into(&mut row.location);
    row.interval = random.choice(INTERVALS).flatten();
    row.scheduled_at = BASE_MICROS + check as i64 * STEP_MICROS;
    if random.u32(0..10) == 0 {
        // The further the run, the older the oldest: new days all the time.
        let days = 1 + LATE_DAYS_MAX * check / records.max(1);
        row.scheduled_at -= random.u64(0..=days) as i64 * DAY_MICROS;
    } else if random.u32(0..500) == 0 {
        row.scheduled_at -= random.i64(1000..9000) * DAY_MICROS;
    }
}

/// What was seen.
fn look(row: &mut Row, random: &mut Rng) {
    let seconds = |random: &mut Rng| Some(random.f64() * 3.0);
    let lag = random.i64(0..2_000_000);
    row.started_at = Some(row.scheduled_at + lag);
    row.schedule_lag = Some(f64::from(lag as i32) / 1e6);
    if random.u32(0..20) == 0 {
        row.schedule_lag = random.choice([12.5, 1e-300, 3.4e38, -1.0]);
    }
    row.response_time = random.f64() * 30.0;
    row.outcome = Some(
        random
            .choice(["up", "up", "up", "up", "up", "up", "up", "skipped"])
            .unwrap_or("up")
            .to_owned(),
    );
    row.error_code = random.choice([200, 204, 301, 404]).unwrap_or(200);
    row.matched = Some(
        random
            .choice(["matched", "not_matched", "a word of tomorrow"])
            .unwrap_or_default()
            .to_owned(),
    );
    row.matched_text = match random.u32(0..10) {
        0 => "a \u{fffd} NUL, a \t, a \\ and a \"".to_owned(),
        1 => "𝄞 ü €".repeat(random.usize(0..200)),
        2 => String::new(),
        _ => format!("match {}", random.u32(..)),
    };
    (row.dns, row.connect, row.first_byte) = (seconds(random), seconds(random), seconds(random));
    row.tls = seconds(random).filter(|_| random.bool());
    row.body = seconds(random);
    row.attempt = Some(random.i32(1..4));
    row.remote_address = Some(format!("192.0.2.{}:443", random.u8(0..ADDRESSES)));
    row.http_version = Some("HTTP/2".to_owned());
    row.tls_version = row.tls.map(|_| "TLSv1.3".to_owned());
    row.redirects = Some(random.i32(0..20));
    row.body_bytes = Some(random.i64(0..1 << 40));
    row.body_truncated = Some(random.bool());
    row.in_flight = Some(random.i32(..));
    if row.tls.is_some() {
        row.not_after = Some(BASE_MICROS + random.i64(0..300) * DAY_MICROS);
        row.issuer = Some(format!("CN=Issuer {}", random.u8(0..4)));
        row.subject = Some(row.url.chars().take(40).collect());
    }
}

/// What the monitor says of itself: one result in ten does not count for each of two reasons.
fn doubt(row: &mut Row, random: &mut Rng) {
    row.overloaded = match random.u32(0..10) {
        0 => Some(true),
        1..6 => Some(false),
        _ => None,
    };
    row.witness = match random.u32(0..10) {
        0 => Some("down".to_owned()),
        1..4 => Some("up".to_owned()),
        _ => None,
    };
}

fn make_failed(row: &mut Row, random: &mut Rng) {
    let phase = random.choice(["connect", "body"]).unwrap_or("body");
    row.outcome = Some("down".to_owned());
    row.failure_reason = Some(format!("{phase}_timeout"));
    row.failure_phase = Some(phase.to_owned());
    row.failure_detail = Some(format!("nothing more \u{fffd} {}", random.u16(..)));
}

/// As a monitor says that it did not look.
pub(super) fn make_missed(row: &mut Row) {
    *row = Row {
        url: row.url.clone(),
        check_id: row.check_id,
        scheduled_at: row.scheduled_at,
        location: row.location.clone(),
        interval: row.interval,
        schema_version: Some(1),
        error_code: -1,
        response_time: -1.0,
        outcome: Some("missed".to_owned()),
        matched: Some("not_evaluated".to_owned()),
        attempt: Some(1),
        ..Row::default()
    };
}

/// As a CHECK of the faults refuses it.
pub(super) fn make_contested(row: &mut Row, number: u64) {
    row.url = format!("{CONTESTED}{}", number / CONTESTED_RECORDS);
    CONTESTED_TEXT.clone_into(&mut row.matched_text);
    row.interval = None;
    (row.overloaded, row.witness) = (None, None);
    let fails = !number.is_multiple_of(3);
    let (outcome, reason) = if fails {
        ("down", Some("connect_refused"))
    } else {
        ("up", None)
    };
    row.outcome = Some(outcome.to_owned());
    row.failure_reason = reason.map(str::to_owned);
    (row.failure_phase, row.failure_detail) = (None, None);
}

/// What a website's settings are as of a check.
pub(super) fn settings(check: u64) -> Settings {
    let version = check / PATTERN_RECORDS;
    let target = match version % 4 {
        1 => {
            Some(json!({ "name": "Büro", "tags": ["a", version], "down_after": 1, "up_after": 2 }))
        }
        3 => Some(json!({ "name": "Büro", "alerts": [OTHER_RECEIVER], "down_after": 3 })),
        _ => None,
    };
    Settings {
        regexp: format!("pattern {version} \\w+"),
        target,
    }
}
