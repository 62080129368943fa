//! The tables that the file holds.

use std::path::Path;

use super::{
    bounded,
    document::Document,
    fields::Fields,
    value::{self, Given, Value},
};

/// What a table of the file is called.
const RECEIVER: &str = "receiver";
/// Receivers of one file: each is looked after by itself.
const RECEIVERS_MAX: usize = 100;

/// Reads the file, and makes something of each table `[[receiver]]`. What is wrong stands in the
/// document afterwards.
pub(crate) fn read_each<T>(
    path: &Path,
    document: &mut Document<'_>,
    mut make: impl FnMut(Fields<'_, '_>) -> T,
) -> Vec<T> {
    let text = match bounded::read(path) {
        Ok(text) => text,
        Err(problem) => {
            document.problems.push(problem);
            return Vec::new();
        }
    };
    let tables = match value::parse(&text) {
        Ok(tables) => tables,
        Err((line, problem)) => {
            document.problem(line, format_args!("this is no TOML: {problem}"));
            return Vec::new();
        }
    };
    let mut all = Vec::new();
    for (name, Given { line, value }) in tables {
        match value {
            Value::List(list) if name == RECEIVER => {
                for (number, given) in (1..).zip(list) {
                    all.extend(table(number, given, document).map(&mut make));
                }
            }
            _ if name == RECEIVER => {
                document.problem(line, "write [[receiver]], in two brackets each");
            }
            _ => {
                let problem = format!("{name} is not known; a receiver begins with [[receiver]]");
                document.problem(line, problem);
            }
        }
    }
    if all.is_empty() && document.problems.is_empty() {
        document.problem(1, "holds no receiver; one begins with [[receiver]]");
    }
    all
}

/// The fields of one receiver.
fn table<'a, 'doc>(
    number: usize,
    given: Given,
    document: &'a mut Document<'doc>,
) -> Option<Fields<'a, 'doc>> {
    let Given { line, value } = given;
    match value {
        Value::Table(table) if number <= RECEIVERS_MAX => {
            let title = format!("receiver {number}");
            Some(Fields::new(&title, line, table, document))
        }
        Value::Table(_) => {
            document.problem(line, format_args!("more than {RECEIVERS_MAX} receivers"));
            None
        }
        _ => {
            document.problem(line, "a receiver is a table, [[receiver]]");
            None
        }
    }
}
