//! What of the topic is not as the file has it. Pure.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Write},
};

use serde_json::{Map, Value};

use crate::{fleet::whole::Whole, masked::Masked, targets::SpelledRow};

/// A record to be written, and what it does away with.
#[derive(Debug, PartialEq)]
pub(super) struct Put {
    pub(super) url: String,
    pub(super) value: Vec<u8>,
    /// Where the key stands now: one copy may come to lie in another partition, and the others are no more.
    pub(super) before: Vec<i32>,
    is_new: bool,
    /// The fields that are other ones.
    fields: Vec<String>,
}

/// A key that is no more, with where it stands.
#[derive(Debug, PartialEq)]
pub(super) struct Removed {
    pub(super) key: Vec<u8>,
    pub(super) partitions: Vec<i32>,
}

/// What is to be written.
#[derive(Debug, Default)]
pub(super) struct Difference {
    pub(super) put: Vec<Put>,
    pub(super) removed: Vec<Removed>,
    /// Keys that the file lacks, and that stay.
    kept: Vec<Vec<u8>>,
    same: usize,
}

impl Difference {
    /// What of the topic is not as these rows have it; with `prune`, keys that they lack are removed.
    pub(super) fn between(there: &Whole, rows: &[SpelledRow], prune: bool) -> Self {
        let mut keys: BTreeMap<&[u8], Vec<(i32, &[u8])>> = BTreeMap::new();
        for ((key, partition), kept) in &there.records {
            let copies = keys.entry(key).or_default();
            copies.push((*partition, &kept.value));
        }
        let mut difference = Self::default();
        for row in rows {
            let copies = keys.remove(row.url.as_bytes()).unwrap_or_default();
            difference.compare(row, &copies);
        }
        for (key, copies) in keys {
            let key = key.to_vec();
            if prune {
                let partitions = copies.iter().map(|(partition, _)| *partition).collect();
                difference.removed.push(Removed { key, partitions });
            } else {
                difference.kept.push(key);
            }
        }
        difference
    }

    fn compare(&mut self, row: &SpelledRow, copies: &[(i32, &[u8])]) {
        let before = copies.first().map(|(_, value)| {
            let object: Option<Map<String, Value>> = serde_json::from_slice(value).ok();
            object.unwrap_or_default()
        });
        if copies.len() == 1 && before.as_ref() == Some(&row.object) {
            self.same += 1;
            return;
        }
        self.put.push(Put {
            url: row.url.clone(),
            // A map of values is always spelled.
            value: serde_json::to_vec(&row.object).unwrap_or_default(),
            before: copies.iter().map(|(partition, _)| *partition).collect(),
            is_new: before.is_none(),
            fields: before.map_or_else(Vec::new, |before| changed(&before, &row.object)),
        });
    }

    pub(super) fn is_nothing(&self) -> bool {
        self.put.is_empty() && self.removed.is_empty()
    }

    /// A line for each, without what may be secret.
    pub(super) fn show(&self, out: &mut impl Write) -> io::Result<()> {
        for put in &self.put {
            let (sign, url) = (if put.is_new { '+' } else { '~' }, Masked(&put.url));
            writeln!(
                out,
                "{}",
                format!("{sign} {url}  {}", put.fields.join(", ")).trim_end()
            )?;
        }
        for removed in &self.removed {
            writeln!(out, "- {}", shown(&removed.key))?;
        }
        for key in &self.kept {
            writeln!(
                out,
                "? {}  is not in the file, and stays (--prune removes it)",
                shown(key)
            )?;
        }
        let added = self.put.iter().filter(|put| put.is_new).count();
        let (changed, removed) = (self.put.len() - added, self.removed.len());
        let same = self.same;
        writeln!(
            out,
            "{added} to add, {changed} to change, {removed} to remove, {same} as they are"
        )
    }
}

fn changed(before: &Map<String, Value>, now: &Map<String, Value>) -> Vec<String> {
    let names: BTreeSet<_> = before.keys().chain(now.keys()).collect();
    let changed = names
        .into_iter()
        .filter(|name| before.get(*name) != now.get(*name));
    changed.map(|name| in_one_line(name)).collect()
}

/// A key as it may be shown, whoever wrote it.
fn shown(key: &[u8]) -> String {
    in_one_line(&Masked(&String::from_utf8_lossy(key)).to_string())
}

/// Control characters would do things to a terminal.
fn in_one_line(text: &str) -> String {
    text.chars().filter(|char| !char.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::whole::Kept;

    fn topic(records: &[(&str, i32, &str)]) -> Whole {
        let records = records.iter().map(|(key, partition, value)| {
            let value = value.as_bytes().to_vec();
            let place = (key.as_bytes().to_vec(), *partition);
            (place, Kept { offset: 0, value })
        });
        Whole {
            records: records.collect(),
        }
    }

    fn row(url: &str, more: &str) -> SpelledRow {
        let object = format!("{{\"url\":\"{url}\"{more}}}");
        SpelledRow {
            url: url.into(),
            object: serde_json::from_str(&object).unwrap(),
        }
    }

    fn shown(difference: &Difference) -> Vec<String> {
        let mut out = Vec::new();
        difference.show(&mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn what_is_different_is_shown_and_nothing_else_is_written() {
        let there = topic(&[
            ("http://a/", 1, r#"{"regexp":"x","url":"http://a/"}"#),
            ("http://b/", 2, r#"{"url":"http://b/","interval":"30"}"#),
            ("http://me:secret@c/", 3, "{}"),
            ("http://d/", 3, "nonsense"),
        ]);
        let rows = [
            row("http://a/", ",\"regexp\":\"x\""),
            row("http://b/", ",\"interval\":\"60\",\"body\":\"secret\""),
            row("http://d/", ""),
            row("http://e/", ""),
        ];
        let difference = Difference::between(&there, &rows, false);
        assert_eq!(
            shown(&difference),
            [
                "~ http://b/  body, interval",
                "~ http://d/  url",
                "+ http://e/",
                "? http://***@c/  is not in the file, and stays (--prune removes it)",
                "1 to add, 2 to change, 0 to remove, 1 as they are",
            ]
        );
        assert!(!difference.is_nothing());
        let difference = Difference::between(&there, &rows, true);
        assert_eq!(difference.removed[0].partitions, [3]);
        assert!(shown(&difference).contains(&"- http://***@c/".to_owned()));
        assert!(Difference::between(&there, &rows[..1], false).is_nothing());
    }

    #[test]
    fn a_key_in_two_partitions_is_written_anew_and_once() {
        let value = r#"{"url":"http://a/"}"#;
        let there = topic(&[("http://a/", 1, value), ("http://a/", 7, value)]);
        let difference = Difference::between(&there, &[row("http://a/", "")], false);
        assert_eq!(difference.put[0].before, [1, 7]);
    }
}
