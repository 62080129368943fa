use std::{fs, path::Path};

use jiff::Timestamp;

use super::*;
use crate::state::{Changes, Spooled};

fn settings(folder: &Path) -> StateSettings {
    StateSettings {
        folder: folder.to_owned(),
        spool_bytes_max: 1024 * 1024,
        backfill_max: 100,
    }
}

fn opened(folder: &Path) -> Store {
    open(&settings(folder)).unwrap()
}

fn spooled(serials: std::ops::Range<u64>) -> Changes {
    let spooled = serials.map(|serial| Spooled {
        serial,
        url: "https://a.example/".into(),
        scheduled_at: Timestamp::from_second(serial.cast_signed()).unwrap(),
        record: vec![b'x'; 1_000],
    });
    Changes {
        spooled: spooled.collect(),
        ..Changes::default()
    }
}

fn serials(store: &mut Store) -> Vec<u64> {
    let results = store.read(0, usize::MAX).unwrap();
    results.into_iter().map(|result| result.serial).collect()
}

#[test]
fn what_was_written_is_there_again_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = opened(folder.path());
    store.commit(&spooled(0..10)).unwrap();
    let settled = Changes {
        settled: vec![0, 1, 4],
        ..Changes::default()
    };
    let committed = store.commit(&settled).unwrap();
    assert_eq!(committed.results, 7);
    assert_eq!(committed.oldest, Some(Timestamp::from_second(2).unwrap()));
    drop(store);
    let mut store = opened(folder.path());
    assert_eq!(serials(&mut store), [2, 3, 5, 6, 7, 8, 9]);
    let group = store.read(3, 2_100).unwrap();
    assert_eq!(group.len(), 2);
    assert_eq!(group[0], spooled(3..4).spooled[0]);
}

#[test]
fn beyond_the_bound_the_oldest_give_way() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = opened(folder.path());
    store.commit(&spooled(0..1_000)).unwrap();
    let committed = store.commit(&spooled(1_000..1_200)).unwrap();
    assert_eq!(committed.gave_way.first(), Some(&0));
    let left = serials(&mut store);
    assert_eq!(left.last(), Some(&1_199));
    assert_eq!(left.len() + committed.gave_way.len(), 1_200);
    assert!(committed.bytes <= 1024 * 1024 && committed.bytes > 1_000_000);
}

#[test]
fn a_folder_that_another_monitor_has_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = opened(folder.path());
    let refused = open(&settings(folder.path())).unwrap_err();
    assert!(refused.to_string().contains("another monitor"));
    drop(store);
    opened(folder.path());
}

#[test]
fn a_folder_that_cannot_be_made_is_gone_without() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "no folder").unwrap();
    let told = open(&settings(&file.join("state")))
        .unwrap_err()
        .to_string();
    assert!(told.contains("(STATE_DIR) cannot be used"), "{told}");
}

#[test]
fn a_store_of_a_newer_version_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    drop(opened(folder.path()));
    let file = folder.path().join(STORE_FILE);
    let database = redb::Database::open(&file).unwrap();
    let writing = database.begin_write().unwrap();
    let meta = redb::TableDefinition::<&str, &str>::new("meta");
    writing
        .open_table(meta)
        .unwrap()
        .insert("version", "2")
        .unwrap();
    writing.commit().unwrap();
    drop(database);
    let told = open(&settings(folder.path())).unwrap_err().to_string();
    assert!(told.contains("its version is 2"), "{told}");
    let files: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(files.len(), 2, "{files:?}");
}

#[test]
fn a_file_that_was_removed_or_cut_is_noticed_and_none_is_made_in_its_place() {
    for remove in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(STORE_FILE);
        let mut store = opened(folder.path());
        store.commit(&spooled(0..100)).unwrap();
        if remove {
            fs::rename(&file, folder.path().join("elsewhere")).unwrap();
        } else {
            let cut = fs::OpenOptions::new().write(true).open(&file).unwrap();
            cut.set_len(8_192).unwrap();
        }
        let told = store.commit(&spooled(100..101)).unwrap_err();
        let is_told = match told {
            StoreError::Gone => remove,
            StoreError::Broken(_) => !remove,
            _ => false,
        };
        assert!(is_told, "{told}");
        if remove {
            assert!(matches!(store.read(0, 1), Err(StoreError::Gone)));
            assert!(!file.exists());
        }
    }
}

#[test]
fn the_file_is_small_again_once_nothing_is_spooled() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(STORE_FILE);
    let settings = StateSettings {
        spool_bytes_max: 1 << 30,
        ..settings(folder.path())
    };
    let mut store = open(&settings).unwrap();
    for group in 0..8 {
        store
            .commit(&spooled(group * 5_000..(group + 1) * 5_000))
            .unwrap();
    }
    let large = fs::metadata(&file).unwrap().len();
    assert!(large > 40_000_000, "{large}");
    let settled = Changes {
        settled: (0..40_000).collect(),
        ..Changes::default()
    };
    store.commit(&settled).unwrap();
    let small = fs::metadata(&file).unwrap().len();
    assert!(small < 4_000_000, "{small} of {large}");
    store.commit(&spooled(40_000..40_010)).unwrap();
    assert_eq!(serials(&mut store), (40_000..40_010).collect::<Vec<_>>());
}

/// However a file is torn, the monitor starts, and the file is kept for a person.
#[test]
fn a_torn_file_is_kept_and_a_new_one_begun() {
    let whole = {
        let folder = tempfile::tempdir().unwrap();
        let mut store = opened(folder.path());
        store.commit(&spooled(0..200)).unwrap();
        drop(store);
        fs::read(folder.path().join(STORE_FILE)).unwrap()
    };
    let cut = |length: usize| whole[..length].to_vec();
    let zeroed = |from: usize| {
        let mut bytes = whole.clone();
        let end = (from + 4_096).min(bytes.len());
        bytes[from..end].fill(0);
        bytes
    };
    let mut torn = vec![b"no store at all".to_vec(), cut(1), cut(300)];
    torn.extend((1..8).map(|part| cut(whole.len() * part / 8)));
    torn.extend((0..32).map(|part| zeroed(whole.len() * part / 32)));
    let mut aside = 0;
    for bytes in torn {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(STORE_FILE), &bytes).unwrap();
        let mut store = opened(folder.path());
        let there = serials(&mut store);
        // All of it, or none: nothing in between is ever believed.
        let kept = folder.path().join("state.torn-1");
        assert!(kept.exists() && there.is_empty() || there.len() == 200);
        if kept.exists() {
            aside += 1;
            assert_eq!(fs::read(kept).unwrap().len(), bytes.len());
        }
        store.commit(&spooled(200..210)).unwrap();
    }
    assert!(aside > 20, "{aside}");
}
