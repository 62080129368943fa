//! `.env`: lines `NAME=value`, as Docker's env files have them.
//!
//! dotenvy reads a line; what it lacks is done here. It puts variables in the place of `$NAME`,
//! which cannot be switched off and makes another password of `pa$word`; it does not say which line
//! is wrong; and it takes a line that ends in one blank for one that goes on.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use config::Map;

/// Stands for `$` while dotenvy reads a line: a code point that is no character and never will be.
const DOLLAR: char = '\u{FDD0}';
/// Editors of one system put it at a file's beginning.
const BYTE_ORDER_MARK: char = '\u{FEFF}';
/// The largest file: a link that leads to a device must not fill the memory.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// What stands in the file.
#[derive(Debug)]
pub struct EnvFile {
    path: PathBuf,
    pub(super) variables: Vec<Variable>,
    pub(super) problems: Vec<String>,
}

/// One line's.
#[derive(Debug)]
pub(super) struct Variable {
    /// In capitals, whatever stands in the file.
    pub(super) name: String,
    value: String,
    /// Counted from 1.
    pub(super) line: usize,
}

impl EnvFile {
    /// Reads the file. One that is not there holds nothing.
    pub fn read(path: &Path) -> Self {
        let mut file = Self {
            path: path.to_owned(),
            variables: Vec::new(),
            problems: Vec::new(),
        };
        match read_bounded(path) {
            Ok(text) => file.take(&text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                let problem = format!("reading {}: {error}", path.display());
                file.problems.push(problem);
            }
        }
        file
    }

    fn take(&mut self, text: &str) {
        let text = text.trim_start_matches(BYTE_ORDER_MARK);
        // Each line would be wrong, and no word of it would say why.
        if text.chars().take(2).any(|char| char == '\0') {
            let path = self.path.display();
            let problem = format!("{path} looks like UTF-16; save it as UTF-8");
            return self.problems.push(problem);
        }
        // A CR alone ends a line, too: it would make the next setting a part of this one's value.
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        for (index, text) in text.lines().enumerate() {
            let line = index + 1;
            match parse(text) {
                None => {}
                Some(Ok((name, value))) => self.variables.push(Variable {
                    name: name.to_uppercase(),
                    value,
                    line,
                }),
                Some(Err(())) => self.problems.push(format!(
                    "{}: not NAME=value; values that hold spaces or quotes are put in quotes, which \
                     end on the same line",
                    self.place(line)
                )),
            }
        }
    }

    /// What cannot be read, a line each. None quotes the file, which may hold a password.
    pub fn problems(&self) -> &[String] {
        &self.problems
    }

    /// Each name with the last value that stands for it.
    pub fn values(&self) -> Map<String, String> {
        let variables = self.variables.iter();
        let values = variables.map(|variable| (variable.name.clone(), variable.value.clone()));
        values.collect()
    }

    /// A line, for a person.
    pub(super) fn place(&self, line: usize) -> String {
        format!("{}:{line}", self.path.display())
    }
}

fn read_bounded(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let mut bounded = File::open(path)?.take(FILE_BYTES_MAX + 1);
    bounded.read_to_string(&mut text)?;
    if text.len() as u64 > FILE_BYTES_MAX {
        let problem = format!("it is larger than {FILE_BYTES_MAX} bytes");
        return Err(io::Error::other(problem));
    }
    Ok(text)
}

/// The name and the value as it stands, without its quotes; nothing of an empty line or a remark.
fn parse(line: &str) -> Option<Result<(String, String), ()>> {
    let dollars_put_by = put_by_dollars(line.trim_end());
    let parsed = dotenvy::Iter::new(dollars_put_by.as_bytes()).next()?;
    Some(match parsed {
        Ok((name, value)) => Ok((name, value.replace(DOLLAR, "$"))),
        Err(_) => Err(()),
    })
}

/// `\$` stays: outside single quotes it means `$` to dotenvy, and within them itself.
fn put_by_dollars(line: &str) -> String {
    let mut is_escaped = false;
    let put_by = line.chars().map(|char| {
        let is_plain = !is_escaped;
        is_escaped = char == '\\' && is_plain;
        if char == '$' && is_plain {
            DOLLAR
        } else {
            char
        }
    });
    put_by.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> EnvFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        EnvFile::read(file.path())
    }

    #[test]
    fn a_value_is_what_stands_there() {
        for (line, value) in [
            ("X=web$sites", "web$sites"),
            ("X=postgres://u:pa$word@h/d", "postgres://u:pa$word@h/d"),
            ("X=\"postgres://u:pa$word@h/d\"", "postgres://u:pa$word@h/d"),
            ("X='postgres://u:pa$word@h/d'", "postgres://u:pa$word@h/d"),
            ("X=a$HOME", "a$HOME"),
            ("X=${HOME}$$", "${HOME}$$"),
            (r"X=a\$b", "a$b"),
            (r#"X="a\\$HOME""#, r"a\$HOME"),
            (r"X='a\$b'", r"a\$b"),
            ("X=a#b", "a#b"),
            ("X=a # a remark", "a"),
            ("X='a # b'  # a remark", "a # b"),
            ("X=\"two words\"", "two words"),
            ("  export X = a  ", "a"),
            ("x=a=b==", "a=b=="),
            ("X=a ", "a"),
            ("X=a   ", "a"),
            ("X=a\t", "a"),
            ("X=a\u{a0}", "a"),
            ("X='a ' ", "a "),
            ("X=grüße", "grüße"),
        ] {
            let file = read(line);
            assert_eq!(file.problems, Vec::<String>::new(), "{line}");
            assert_eq!(file.values()["X"], value, "{line}");
        }
    }

    #[test]
    fn the_last_of_two_counts() {
        let file = read("\u{FEFF}A=1\r\n# B=2\r\n\r\nA=3\r\nC=\r\n");
        assert_eq!(file.values()["A"], "3");
        assert!(!file.values().contains_key("B"));
        assert_eq!(file.values()["C"], "");
    }

    #[test]
    fn lines_end_in_all_three_ways() {
        let file = read("A=1\rB=2\r\nC='3'\rD=4\n\rE=5");
        assert_eq!(file.problems, Vec::<String>::new());
        for (name, value) in [("A", "1"), ("B", "2"), ("C", "3"), ("D", "4"), ("E", "5")] {
            assert_eq!(file.values()[name], value, "{name}");
        }
    }

    #[test]
    fn a_file_without_end_is_named_and_not_read_to_its_end() {
        let file = EnvFile::read(Path::new("/dev/zero"));
        assert_eq!(
            file.problems,
            ["reading /dev/zero: it is larger than 1048576 bytes"]
        );
    }

    #[test]
    fn a_file_in_utf_16_is_told_as_one() {
        let utf_16: String = "A=1\nB=2\n".chars().flat_map(|char| [char, '\0']).collect();
        let file = read(&utf_16);
        let path = file.path.display();
        let said = format!("{path} looks like UTF-16; save it as UTF-8");
        assert_eq!(file.problems, [said]);
    }

    #[test]
    fn a_line_that_cannot_be_read_is_named_and_costs_no_other() {
        let file = read("A=1\nPG_URI='postgres://u:secret@h/d\nB=two words\nC=4\n");
        let path = file.path.display();
        assert_eq!(file.problems.len(), 2);
        for (problem, line) in file.problems.iter().zip([2, 3]) {
            assert!(
                problem.starts_with(&format!("{path}:{line}: ")),
                "{problem}"
            );
            assert!(!problem.contains("secret"), "{problem}");
        }
        assert_eq!(file.values()["C"], "4");
    }
}
