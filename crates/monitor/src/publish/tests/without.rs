//! State that cannot be used, at the start or in the middle: results go on without it, and with it again.

use std::{fs, path::Path};

use devstack::SmallDisk;

use super::{
    spooled::{NOWHERE, WAITING_MAX, place, state, state_settings},
    *,
};

async fn until(what: &str, is_so: impl Fn() -> bool) {
    let looking = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let looked = tokio::time::timeout(PATIENCE, looking).await;
    assert!(looked.is_ok(), "never: {what}");
}

fn spooled(folder: &Path) -> Vec<i64> {
    let settings = state_settings(folder, 1 << 30);
    let mut resumed = place(&settings).open(Some(Vec::new())).unwrap();
    let left = resumed.store.read(0, usize::MAX).unwrap();
    let numbers = left.iter().map(|it| it.scheduled_at.as_second());
    numbers.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_there_later_is_taken_then() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("state");
    fs::write(&folder, "no folder").unwrap();
    let settings = state_settings(&folder, 1 << 30);
    let stage = start_with(NOWHERE.into(), WAITING_MAX, Some(state(&settings)));
    let remarks = stage.health.remarks().concat();
    assert!(remarks.contains("(STATE_DIR) cannot be used"), "{remarks}");
    stage.publish(0..50).await;
    fs::remove_file(&folder).unwrap();
    let health = stage.health.clone();
    until("the state is well", || health.remarks().is_empty()).await;
    stage.publish(50..100).await;
    stage.finish().await.unwrap();
    assert_eq!(spooled(&folder), (0..100).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_is_taken_up_by_no_clock_that_is_wrong_for_certain() {
    let folder = tempfile::tempdir().unwrap();
    let settings = state_settings(folder.path(), 1 << 30);
    let place = Place {
        since: "2020-01-01T00:00:00Z".parse().unwrap(),
        ..place(&settings)
    };
    let resumed = place.open(Some(Vec::new()));
    let said = resumed.as_ref().unwrap_err().to_string();
    assert!(said.contains("the clock is wrong"), "{said}");
    // By the time that anybody looks, it is right.
    let stage = start_with(NOWHERE.into(), WAITING_MAX, Some((place, resumed)));
    stage.publish(0..50).await;
    let health = stage.health.clone();
    until("the state is well", || health.remarks().is_empty()).await;
    stage.finish().await.unwrap();
    assert_eq!(spooled(folder.path()), (0..50).collect::<Vec<_>>());
}

/// What happens to a store costs nothing that is in memory.
async fn cost_nothing(harm: impl Fn(&Path)) {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("state");
    let settings = state_settings(&folder, 1 << 30);
    let stage = start_with(NOWHERE.into(), WAITING_MAX, Some(state(&settings)));
    stage.publish(0..50).await;
    harm(&folder);
    let health = stage.health.clone();
    until("it is noticed", || !health.remarks().is_empty()).await;
    stage.publish(50..100).await;
    until("the state is well", || health.remarks().is_empty()).await;
    stage.publish(100..150).await;
    stage.finish().await.unwrap();
    assert_eq!(spooled(&folder), (0..150).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_removed_costs_nothing_that_is_in_memory() {
    cost_nothing(|folder| fs::remove_dir_all(folder).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_cut_costs_nothing_that_is_in_memory() {
    cost_nothing(|folder| {
        let file = folder.join("state.redb");
        let file = fs::OpenOptions::new().write(true).open(file).unwrap();
        file.set_len(8_192).unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_with_little_room_takes_as_much_as_it_can() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("disk");
    let Some(disk) = SmallDisk::mount(&folder, "1m").unwrap() else {
        println!("skipped: mounting a small file system needs root");
        return;
    };
    let settings = state_settings(&disk.folder().join("state"), 1 << 30);
    let stage = start_with(NOWHERE.into(), WAITING_MAX, Some(state(&settings)));
    let long = "x".repeat(2_000);
    for number in 0..550 {
        let result = result(number, &long);
        stage.results.send(result).await.unwrap();
    }
    let health = stage.health.clone();
    until("the disk refuses", || !health.remarks().is_empty()).await;
    stage.draining.over.cancel();
    let told = stage.finish().await.unwrap_err().to_string();
    disk.resize("100m").unwrap();
    let there = spooled(&settings.folder);
    let count = there.len();
    assert!((20..550).contains(&count), "{count}: {told}");
    assert_eq!(there, (0..).take(count).collect::<Vec<_>>());
    // Where the disk was slow, more is told as waiting than was.
    let waiting = told
        .split(": ")
        .nth(1)
        .and_then(|rest| rest.split(' ').next());
    let waiting: usize = waiting.unwrap().parse().unwrap();
    assert!((550 - count..=550).contains(&waiting), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_store_held_that_is_there_later_is_published_too() {
    let place = tempfile::tempdir().unwrap();
    let (folder, elsewhere) = (place.path().join("state"), place.path().join("elsewhere"));
    let settings = state_settings(&folder, 1 << 30);
    let stage = start_with(NOWHERE.into(), WAITING_MAX, Some(state(&settings)));
    stage.publish(0..500).await;
    stage.finish().await.unwrap();
    fs::rename(&folder, &elsewhere).unwrap();
    fs::write(&folder, "no folder").unwrap();
    let cluster = cluster();
    let servers = cluster.bootstrap_servers();
    let stage = start_with(servers.clone(), WAITING_MAX, Some(state(&settings)));
    stage.publish(500..600).await;
    fs::remove_file(&folder).unwrap();
    fs::rename(&elsewhere, &folder).unwrap();
    let health = stage.health.clone();
    until("the state is well", || health.remarks().is_empty()).await;
    stage.publish(600..650).await;
    let results = stage.results.clone();
    let numbers = read_numbers(servers, 650).await;
    let is_before = |number: &i64| *number < 500;
    let (before, live): (Vec<i64>, Vec<i64>) = numbers.into_iter().partition(is_before);
    assert_eq!(live, (500..650).collect::<Vec<_>>());
    assert_eq!(before, (0..500).collect::<Vec<_>>());
    drop(results);
    stage.finish().await.unwrap();
    assert!(spooled(&folder).is_empty());
}
