//! The arrows of one file: the paths that its code names, its tests left out.

use syn::visit::{self, Visit};

/// A path as it is written: `crate::probe::Look` is `["crate", "probe", "Look"]`, below the inline
/// modules that it stands in.
#[derive(Debug)]
pub(super) struct Named {
    /// Inline modules around it, from the outside in.
    pub(super) within: Vec<String>,
    /// Its segments.
    pub(super) segments: Vec<String>,
}

/// What a file of code says of others.
#[derive(Debug, Default)]
pub(super) struct Arrows {
    /// Modules of files of their own that it declares, outside of tests.
    pub(super) declared: Vec<String>,
    /// Paths that it imports or names.
    pub(super) named: Vec<Named>,
    within: Vec<String>,
}

impl Arrows {
    /// Reads a file.
    pub(super) fn of(code: &str) -> syn::Result<Self> {
        let mut arrows = Self::default();
        arrows.visit_file(&syn::parse_file(code)?);
        Ok(arrows)
    }

    fn name(&mut self, segments: Vec<String>) {
        let within = self.within.clone();
        self.named.push(Named { within, segments });
    }

    fn imports(&mut self, tree: &syn::UseTree, mut before: Vec<String>) {
        match tree {
            syn::UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.imports(&path.tree, before);
            }
            syn::UseTree::Group(group) => {
                for tree in &group.items {
                    self.imports(tree, before.clone());
                }
            }
            syn::UseTree::Name(name) => {
                before.push(name.ident.to_string());
                self.name(before);
            }
            syn::UseTree::Rename(name) => {
                before.push(name.ident.to_string());
                self.name(before);
            }
            syn::UseTree::Glob(_) => self.name(before),
        }
    }
}

impl<'code> Visit<'code> for Arrows {
    fn visit_item(&mut self, item: &'code syn::Item) {
        if !is_test(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, module: &'code syn::ItemMod) {
        let name = module.ident.to_string();
        if module.content.is_none() {
            self.declared.push(name);
            return;
        }
        self.within.push(name);
        visit::visit_item_mod(self, module);
        self.within.pop();
    }

    /// Who may see an item says nothing of what it builds on.
    fn visit_visibility(&mut self, _: &'code syn::Visibility) {}

    fn visit_item_use(&mut self, import: &'code syn::ItemUse) {
        self.imports(&import.tree, Vec::new());
    }

    fn visit_path(&mut self, path: &'code syn::Path) {
        let segments = path.segments.iter();
        let segments: Vec<_> = segments.map(|segment| segment.ident.to_string()).collect();
        if segments.len() > 1 {
            self.name(segments);
        }
        visit::visit_path(self, path);
    }
}

fn attributes(item: &syn::Item) -> &[syn::Attribute] {
    match item {
        syn::Item::Fn(item) => &item.attrs,
        syn::Item::Impl(item) => &item.attrs,
        syn::Item::Mod(item) => &item.attrs,
        syn::Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute
                .parse_args::<syn::Path>()
                .is_ok_and(|condition| condition.is_ident("test"))
    })
}
