//! The files of one crate's library or program, by the modules that they are.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use super::arrows::{Arrows, Named};

/// A module's path below the root: `["probe", "trace"]`; the root's is empty.
type Module = Vec<String>;

/// The files of one library or program.
#[derive(Debug)]
pub(super) struct Rooms {
    files: BTreeMap<Module, Room>,
}

#[derive(Debug)]
struct Room {
    path: PathBuf,
    lines: usize,
    arrows: Arrows,
}

/// The roots of a crate: its library and its programs.
pub(super) fn roots(folder: &Path) -> Vec<PathBuf> {
    let programs = fs::read_dir(folder.join("src/bin")).into_iter().flatten();
    let programs = programs.map(|program| program.unwrap().path().join("main.rs"));
    let roots = [folder.join("src/lib.rs"), folder.join("src/main.rs")].into_iter();
    roots.chain(programs).filter(|root| root.exists()).collect()
}

/// What a crate builds on, tests and build scripts not counted.
pub(super) fn dependencies(folder: &Path) -> Vec<String> {
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    let lines = manifest
        .lines()
        .skip_while(|line| *line != "[dependencies]")
        .skip(1);
    let lines = lines.take_while(|line| !line.starts_with('['));
    let names = lines.filter_map(|line| line.split(['.', ' ', '=']).next());
    names
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

impl Rooms {
    /// Reads a root, and the files of all modules that it declares.
    pub(super) fn read(root: &Path) -> Self {
        let mut rooms = Self {
            files: BTreeMap::new(),
        };
        rooms.add(Module::new(), root.to_owned(), root.parent().unwrap());
        rooms
    }

    /// Adds a file and what it declares, which lies in `folder`.
    fn add(&mut self, module: Module, path: PathBuf, folder: &Path) {
        let code = fs::read_to_string(&path).unwrap();
        let arrows =
            Arrows::of(&code).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let declared = arrows.declared.clone();
        let lines = code
            .lines()
            .take_while(|line| *line != "#[cfg(test)]")
            .count();
        self.files.insert(
            module.clone(),
            Room {
                path,
                lines,
                arrows,
            },
        );
        for name in declared {
            let mut child = module.clone();
            child.push(name.clone());
            self.add(
                child,
                folder.join(format!("{name}.rs")),
                &folder.join(&name),
            );
        }
    }

    /// The file that a path, written in `from`, leads to: the innermost module on it that has one.
    fn leads_to(&self, from: &Module, named: &Named) -> Option<&Module> {
        let mut at: Module = from.iter().chain(&named.within).cloned().collect();
        let mut rest = named.segments.as_slice();
        match rest.first()?.as_str() {
            "crate" => at.clear(),
            "self" => {}
            "super" => {
                while rest.first().is_some_and(|segment| segment == "super") {
                    at.pop();
                    rest = &rest[1..];
                }
                return self.innermost(at, rest);
            }
            // A child by its name, or something of another crate.
            child => {
                at.push(child.to_owned());
                if !self.files.contains_key(&at) {
                    return None;
                }
            }
        }
        self.innermost(at, &rest[1..])
    }

    fn innermost(&self, mut at: Module, rest: &[String]) -> Option<&Module> {
        for segment in rest {
            at.push(segment.clone());
            if !self.files.contains_key(&at) {
                at.pop();
                break;
            }
        }
        // An inline module lies in its file.
        while !self.files.contains_key(&at) {
            at.pop()?;
        }
        self.files.get_key_value(&at).map(|(module, _)| module)
    }

    fn imports(&self, module: &Module) -> BTreeSet<&Module> {
        let named = self.files[module].arrows.named.iter();
        let led_to = named.filter_map(|named| self.leads_to(module, named));
        led_to.filter(|target| *target != module).collect()
    }

    /// Files that import a file that declares them, as `child → parent`.
    pub(super) fn upward(&self) -> Vec<String> {
        let pairs = self.files.keys().flat_map(|child| {
            let imports = self.imports(child).into_iter();
            let parents = imports.filter(|parent| child.starts_with(parent));
            parents.map(move |parent| self.spell(&[child, parent]))
        });
        pairs.collect()
    }

    /// Circles of files that import each other, each once, as `first → second → first`.
    pub(super) fn circles(&self) -> Vec<String> {
        let circles = self.files.keys().filter_map(|start| self.way_back(start));
        // Told by the member that comes first.
        let told = circles.filter(|circle| circle.iter().min() == circle.first());
        told.map(|circle| self.spell(&circle)).collect()
    }

    /// The shortest way along imports from a file back to itself.
    fn way_back<'a>(&'a self, start: &'a Module) -> Option<Vec<&'a Module>> {
        let mut ways = vec![vec![start]];
        let mut seen = BTreeSet::new();
        while !ways.is_empty() {
            let mut longer = Vec::new();
            for way in ways {
                for next in self.imports(way[way.len() - 1]) {
                    if next == start {
                        return Some([way, vec![start]].concat());
                    }
                    if seen.insert(next) {
                        longer.push([way.clone(), vec![next]].concat());
                    }
                }
            }
            ways = longer;
        }
        None
    }

    /// Files of more lines than that, with their number.
    pub(super) fn longer_than(&self, lines: usize) -> Vec<String> {
        let long = self.files.values().filter(|room| room.lines > lines);
        long.map(|room| format!("{}: {}", shown(&room.path), room.lines))
            .collect()
    }

    fn spell(&self, way: &[&Module]) -> String {
        let paths = way.iter().map(|module| shown(&self.files[*module].path));
        paths.collect::<Vec<_>>().join(" → ")
    }
}

/// A file as it is named from the workspace.
fn shown(path: &Path) -> String {
    let path = path.strip_prefix(super::crates()).unwrap_or(path);
    Path::new("crates").join(path).display().to_string()
}
