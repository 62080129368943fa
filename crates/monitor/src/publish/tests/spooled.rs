//! With state: what Kafka does not take is on disk.

use std::path::Path;

use super::*;
use crate::{clock, state::StateSettings};

pub(super) const NOWHERE: &str = "127.0.0.1:1";

/// Half of it waits for Kafka, the other half for the disk.
pub(super) const WAITING_MAX: usize = 600;

pub(super) fn state_settings(folder: &Path, spool_bytes_max: u64) -> StateSettings {
    StateSettings {
        folder: folder.to_owned(),
        spool_bytes_max,
        backfill_max: 100,
    }
}

pub(super) fn place(settings: &StateSettings) -> Place {
    Place {
        settings: settings.clone(),
        location: "here".into(),
        since: clock::now(),
    }
}

pub(super) fn state(settings: &StateSettings) -> State {
    let place = place(settings);
    let resumed = place.open(Some(Vec::new()));
    (place, resumed)
}

fn left(settings: &StateSettings) -> Vec<crate::state::Spooled> {
    let mut resumed = place(settings).open(Some(Vec::new())).unwrap();
    resumed.store.read(0, usize::MAX).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_spooled_goes_out_in_order_and_live_results_behind_it() {
    let folder = tempfile::tempdir().unwrap();
    let settings = state_settings(folder.path(), 1 << 30);
    // No Kafka, three times. Each time as much as fits into memory however slow the disk is; together
    // more than that.
    for numbers in [0..550, 550..800, 800..1_050] {
        let stage = start_with(NOWHERE.into(), WAITING_MAX, Some(state(&settings)));
        stage.publish(numbers).await;
        stage.finish().await.unwrap();
    }
    let cluster = cluster();
    let stage = start_with(
        cluster.bootstrap_servers(),
        WAITING_MAX,
        Some(state(&settings)),
    );
    stage.publish(1_050..1_150).await;
    let results = stage.results.clone();
    let numbers = read_numbers(cluster.bootstrap_servers(), 1_150).await;
    assert_eq!(numbers, (0..1_150).collect::<Vec<_>>());
    drop(results);
    stage.finish().await.unwrap();
    // What Kafka has is not on disk any more.
    assert_eq!(left(&settings), []);
}

/// Many times of what fits into memory comes, as fast as it is taken.
async fn all_results_get_to_disk(is_draining: bool) {
    let folder = tempfile::tempdir().unwrap();
    let settings = state_settings(folder.path(), 1 << 30);
    let stage = start_with(NOWHERE.into(), WAITING_MAX, Some(state(&settings)));
    if is_draining {
        stage.draining.begun.cancel();
    }
    stage.publish(0..10_000).await;
    stage.finish().await.unwrap();
    let numbers: Vec<_> = left(&settings)
        .into_iter()
        .map(|it| it.scheduled_at.as_second())
        .collect();
    assert_eq!(numbers, (0..10_000).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_drain_results_wait_for_room_on_disk() {
    all_results_get_to_disk(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_results_waits_for_room_on_disk_while_checks_are_due_too() {
    all_results_get_to_disk(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn large_results_that_come_together_wait_for_room_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let settings = state_settings(folder.path(), 1 << 30);
    let there = Some(state(&settings));
    let stage = start_with_room(NOWHERE.into(), WAITING_MAX, there, 60);
    // Few in number, and more bytes than memory is for.
    let long = "x".repeat(500_000);
    for number in 0..60 {
        stage.results.send(result(number, &long)).await.unwrap();
    }
    stage.finish().await.unwrap();
    assert_eq!(left(&settings).len(), 60);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_finds_no_room_at_the_end_is_not_taken_and_so_still_owed() {
    let folder = tempfile::tempdir().unwrap();
    let settings = state_settings(folder.path(), 1 << 30);
    let stage = start_with(NOWHERE.into(), WAITING_MAX, Some(state(&settings)));
    stage.draining.begun.cancel();
    stage.draining.over.cancel();
    let mut came = 0;
    while stage.results.send(result(came, "late")).await.is_ok() {
        came += 1;
    }
    let ended = stage.finish().await;
    let numbers: Vec<_> = left(&settings)
        .into_iter()
        .map(|it| usize::try_from(it.scheduled_at.as_second()).unwrap())
        .collect();
    let on_disk = numbers.len();
    assert_eq!(numbers, (0..on_disk).collect::<Vec<_>>());
    assert!(on_disk <= WAITING_MAX, "{on_disk}");
    // At most the one that stood in the channel.
    let told = ended.map_or_else(|error| error.to_string(), |()| String::new());
    match came - on_disk {
        0 => assert_eq!(told, ""),
        1 => assert!(
            told.starts_with("1 results were not published: 0 were"),
            "{told}"
        ),
        more => panic!("{more} are neither on disk nor with whoever sent them: {told}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spool_that_is_full_drops_the_oldest_and_counts_them() {
    let folder = tempfile::tempdir().unwrap();
    let settings = state_settings(folder.path(), 200_000);
    let stage = start_with(NOWHERE.into(), WAITING_MAX, Some(state(&settings)));
    stage.publish(0..550).await;
    stage.draining.over.cancel();
    let told = stage.finish().await.unwrap_err().to_string();
    assert!(told.contains("because the spool was"), "{told}");
    let left = left(&settings);
    let last = left.last().unwrap().scheduled_at;
    assert_eq!(last, Timestamp::from_second(549).unwrap());
    assert!((100..500).contains(&left.len()), "{}", left.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_kafka_acknowledges_in_time_is_never_written() {
    let folder = tempfile::tempdir().unwrap();
    let settings = state_settings(folder.path(), 1 << 30);
    let cluster = cluster();
    let stage = start_with(cluster.bootstrap_servers(), 1_000, Some(state(&settings)));
    let (health, results) = (stage.health.clone(), stage.results.clone());
    for round in 0..5 {
        stage.publish(round * 100..(round + 1) * 100).await;
        read_numbers(cluster.bootstrap_servers(), (round + 1) * 100).await;
    }
    drop(results);
    stage.finish().await.unwrap();
    assert!(health.problems().is_empty());
    // No serial was ever on disk: the next one would be the first.
    let resumed = place(&settings).open(Some(Vec::new())).unwrap();
    assert_eq!((resumed.results, resumed.next_serial), (0, 0));
}
