//! One table of the file: its fields are taken one by one, and what is wrong is remembered.

use std::{fmt::Display, ops::RangeInclusive, str::FromStr, time::Duration};

use super::{
    document::Document,
    span,
    value::{Given, Table, Value},
};

/// Letters of a name that may differ from those of the right one.
const DISTANCE_MAX: usize = 2;

/// The fields of one table. A value that is read in the place of a wrong one never gets anywhere: with
/// a problem noted, the whole file is refused.
pub(crate) struct Fields<'a, 'doc> {
    title: String,
    pub(super) line: usize,
    pub(super) left: Table,
    /// Every name that was asked for: what the table may hold.
    pub(super) asked: Vec<String>,
    pub(super) document: &'a mut Document<'doc>,
}

impl<'a, 'doc> Fields<'a, 'doc> {
    /// The fields of a table that begins on a line.
    pub(super) fn new(
        title: &str,
        line: usize,
        table: Table,
        document: &'a mut Document<'doc>,
    ) -> Self {
        Self {
            title: title.to_owned(),
            line,
            left: table,
            asked: Vec::new(),
            document,
        }
    }

    /// Names the table in what is said of it from here on.
    pub(crate) fn set_title(&mut self, title: String) {
        self.title = title;
    }

    /// Notes what is wrong with a field, on its line. Must not quote a secret.
    pub(crate) fn refuse(&mut self, line: usize, name: &str, problem: impl Display) {
        let title = &self.title;
        let problem = format!("{title}: {name}: {problem}");
        self.document.problem(line, problem);
    }

    /// The line of a field; the table's, where it does not stand there.
    pub(crate) fn line_of(&self, name: &str) -> usize {
        self.left.get(name).map_or(self.line, |given| given.line)
    }

    pub(super) fn take(&mut self, name: &str) -> Option<Given> {
        self.asked.push(name.to_owned());
        self.left.remove(name)
    }

    /// A text as it stands in the file.
    pub(super) fn take_text(&mut self, name: &str) -> Option<(usize, String)> {
        let Given { line, value } = self.take(name)?;
        match value {
            Value::Text(text) if !text.trim().is_empty() => Some((line, text)),
            _ => {
                self.refuse(line, name, "is not a text that says something");
                None
            }
        }
    }

    /// A text, with what it names of the environment.
    pub(crate) fn optional_text(&mut self, name: &str) -> Option<String> {
        let (line, text) = self.take_text(name)?;
        self.expanded(line, name, &text)
    }

    pub(super) fn expanded(&mut self, line: usize, name: &str, text: &str) -> Option<String> {
        match self.document.expand(text) {
            Ok(text) => Some(text),
            Err(problem) => {
                self.refuse(line, name, problem);
                None
            }
        }
    }

    /// A text that has to be there; `example` says what it looks like.
    pub(crate) fn text(&mut self, name: &str, example: &str) -> String {
        if !self.left.contains_key(name) {
            self.asked.push(name.to_owned());
            let problem = format!("is missing; such as {name} = {example}");
            self.refuse(self.line, name, problem);
            return String::new();
        }
        self.optional_text(name).unwrap_or_default()
    }

    /// A text that is parsed; `wanted` says what would be right.
    pub(crate) fn parsed<T: FromStr>(
        &mut self,
        name: &str,
        example: &str,
        wanted: &str,
    ) -> Option<T> {
        let line = self.line_of(name);
        let text = self.text(name, example);
        if text.is_empty() {
            return None;
        }
        let parsed = text.parse().ok();
        if parsed.is_none() {
            self.refuse(line, name, format_args!("is not {wanted}"));
        }
        parsed
    }

    /// Yes or no.
    pub(crate) fn flag(&mut self, name: &str, default: bool) -> bool {
        match self.take(name) {
            None => default,
            Some(Given {
                value: Value::Flag(flag),
                ..
            }) => flag,
            Some(Given { line, .. }) => {
                self.refuse(line, name, "is neither true nor false");
                default
            }
        }
    }

    /// A whole number within bounds.
    pub(crate) fn optional_count(&mut self, name: &str, range: RangeInclusive<i64>) -> Option<i64> {
        match self.take(name)? {
            Given {
                value: Value::Number(number),
                ..
            } if range.contains(&number) => Some(number),
            Given { line, .. } => {
                let (from, to) = (range.start(), range.end());
                let wanted = format!("is not a whole number from {from} to {to}");
                self.refuse(line, name, wanted);
                None
            }
        }
    }

    /// A time such as "30s" or "4h".
    pub(crate) fn optional_span(&mut self, name: &str) -> Option<Duration> {
        let (line, text) = self.take_text(name)?;
        let parsed = span::parse(&text);
        if parsed.is_none() {
            let problem = format!("{text:?} is not a time such as \"30m\", \"4h\" or \"1d\"");
            self.refuse(line, name, problem);
        }
        parsed
    }

    /// One of some words; the first where it is not said.
    pub(crate) fn choice<T: Copy>(&mut self, name: &str, choices: &[(&str, T)]) -> T {
        let Some((line, text)) = self.take_text(name) else {
            return choices[0].1;
        };
        let chosen = choices.iter().find(|(word, _)| *word == text);
        if let Some((_, chosen)) = chosen {
            return *chosen;
        }
        let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
        let problem = format!("{text:?} is not one of {}", words.join(", "));
        self.refuse(line, name, problem);
        choices[0].1
    }

    /// Some texts; a single one may stand without brackets.
    pub(crate) fn texts(&mut self, name: &str) -> Vec<String> {
        let Some(Given { line, value }) = self.take(name) else {
            return Vec::new();
        };
        let list = match value {
            Value::List(list) => list,
            value => vec![Given { line, value }],
        };
        let texts = list.into_iter().filter_map(|given| match given.value {
            Value::Text(text) if !text.trim().is_empty() => self.expanded(given.line, name, &text),
            _ => {
                self.refuse(given.line, name, "is not a list of texts");
                None
            }
        });
        texts.collect()
    }

    /// Says nothing of what is left.
    pub(crate) fn forget(&mut self) {
        self.left.clear();
    }

    /// All is taken: what is left means nothing.
    pub(crate) fn finish(mut self) {
        for (name, given) in std::mem::take(&mut self.left) {
            let nearest = self.asked.iter();
            let nearest = nearest.map(|asked| (strsim::damerau_levenshtein(asked, &name), asked));
            let nearest = nearest
                .min()
                .filter(|(distance, _)| *distance <= DISTANCE_MAX);
            let problem = match nearest {
                Some((_, asked)) => format!("is not known; did you mean {asked}?"),
                None => format!("is not known; there are {}", self.asked.join(", ")),
            };
            self.refuse(given.line, &name, problem);
        }
    }
}
