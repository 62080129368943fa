//! The house keeps its shape: data flows one way, and a stranger finds the room of anything.
//!
//! Read from the sources, as text: files are rooms, the paths in them are arrows. Test modules may
//! look wherever they like.

mod arrows;
mod rooms;

use std::{collections::BTreeMap, path::Path};

use self::rooms::Rooms;

/// Lines of code in one file, its inline tests not counted: what a reader holds in mind at once.
const LINES_MAX: usize = 300;

/// Which of our crates each crate may build on. Whoever adds an arrow here changes the
/// architecture, so docs/architecture.md changes with it.
const ARROWS: &[(&str, &[&str])] = &[
    ("messages", &[]),
    ("service", &[]),
    ("database", &["service"]),
    ("monitor", &["messages", "service"]),
    ("notify", &[]),
    ("status", &["database", "messages", "service"]),
    (
        "consumer",
        &["database", "messages", "notify", "service", "status"],
    ),
    ("devstack", &["service"]),
    // For tests alone, and no part of any program.
    ("browser", &["devstack"]),
    ("torture", &["devstack"]),
    ("fuzz", &["database", "messages", "monitor", "service"]),
    // Benches alone, and no part of any program.
    ("bench", &[]),
];

/// The folder of the workspace's crates.
fn crates() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../crates"))
}

fn each_crate() -> Vec<Rooms> {
    let folders = crates().read_dir().expect("crates/ is there");
    let mut folders: Vec<_> = folders.map(|folder| folder.unwrap().path()).collect();
    folders.sort();
    let roots = folders.iter().flat_map(|folder| rooms::roots(folder));
    roots.map(|root| Rooms::read(&root)).collect()
}

#[test]
fn no_two_files_import_each_other() {
    let circles: Vec<_> = each_crate().iter().flat_map(Rooms::circles).collect();
    assert!(
        circles.is_empty(),
        "each of these files imports the next, and the last the first:\n{}",
        circles.join("\n")
    );
}

#[test]
fn no_file_imports_the_file_that_declares_it() {
    let upward: Vec<_> = each_crate().iter().flat_map(Rooms::upward).collect();
    assert!(
        upward.is_empty(),
        "what children share lies in a child of its own:\n{}",
        upward.join("\n")
    );
}

#[test]
fn no_file_is_longer_than_a_reader_holds_in_mind() {
    let rooms = each_crate();
    let long: Vec<_> = rooms
        .iter()
        .flat_map(|rooms| rooms.longer_than(LINES_MAX))
        .collect();
    assert!(
        long.is_empty(),
        "over {LINES_MAX} lines:\n{}",
        long.join("\n")
    );
}

#[test]
fn crates_build_on_each_other_one_way() {
    let allowed: BTreeMap<_, _> = ARROWS.iter().copied().collect();
    for entry in crates().read_dir().unwrap() {
        let folder = entry.unwrap().path();
        let name = folder.file_name().unwrap().to_str().unwrap();
        let Some(allowed) = allowed.get(name) else {
            panic!("crates/{name} has no line in ARROWS: say what it may build on");
        };
        for used in rooms::dependencies(&folder) {
            let is_ours = ARROWS.iter().any(|(ours, _)| *ours == used);
            assert!(
                !is_ours || allowed.contains(&used.as_str()),
                "crates/{name} must not build on crates/{used}"
            );
        }
    }
}
