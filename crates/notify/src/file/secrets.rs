//! Fields that hold secrets: none of these stands in the file itself.

use secrecy::SecretString;

use super::{
    expand::names_variable,
    fields::Fields,
    value::{Given, Value},
};

/// A field whose value must not stand in the file has a twin with this behind its name, which names
/// a file that holds it.
const FILE_SUFFIX: &str = "_file";

impl Fields<'_, '_> {
    /// What must not stand in the file: it comes from the environment, or from a file of its own.
    pub(crate) fn secret(&mut self, name: &str) -> Option<SecretString> {
        let line = self.line_of(name);
        let (is_plain, text) = self.here_or_in_file(name)?;
        if is_plain {
            let problem = format!(
                "a secret does not stand in this file: {name} = \"${{NAME}}\" takes it from the \
                 environment, {name}{FILE_SUFFIX} = \"PATH\" from a file of its own"
            );
            self.refuse(line, name, problem);
            return None;
        }
        Some(text)
    }

    /// A user and a password: both, or neither.
    pub(crate) fn login(&mut self) -> Option<(String, SecretString)> {
        let line = self.line_of("username");
        match (self.optional_text("username"), self.secret("password")) {
            (None, None) => None,
            (Some(name), Some(password)) => Some((name, password)),
            _ => {
                let problem = "username and password (or password_file) go together";
                self.refuse(line, "username", problem);
                None
            }
        }
    }

    /// What may be a secret, and has to be there.
    pub(crate) fn perhaps_secret(&mut self, name: &str, example: &str) -> Option<SecretString> {
        let file_name = format!("{name}{FILE_SUFFIX}");
        if !self.left.contains_key(name) && !self.left.contains_key(&file_name) {
            self.asked.extend([name.to_owned(), file_name]);
            let problem = format!("is missing; such as {name} = {example}");
            self.refuse(self.line, name, problem);
            return None;
        }
        self.here_or_in_file(name).map(|(_, text)| text)
    }

    /// The text of a field or of the file that its twin names; and whether it stands here as it is.
    fn here_or_in_file(&mut self, name: &str) -> Option<(bool, SecretString)> {
        let file_name = format!("{name}{FILE_SUFFIX}");
        match (self.take_text(name), self.take_text(&file_name)) {
            (Some((line, _)), Some(_)) => {
                let problem = format!("stands there beside {file_name}; one of them is enough");
                self.refuse(line, name, problem);
                None
            }
            (Some((line, text)), None) => {
                let expanded = self.expanded(line, name, &text)?;
                Some((!names_variable(&text), expanded.into()))
            }
            (None, Some((line, path))) => {
                let secret = self.secret_in(line, &file_name, &path)?;
                Some((false, secret))
            }
            (None, None) => None,
        }
    }

    fn secret_in(&mut self, line: usize, name: &str, path: &str) -> Option<SecretString> {
        let path = self.expanded(line, name, path)?;
        match self.document.read(&path) {
            // Editors end a file with a line's end.
            Ok(text) => Some(text.trim_end_matches(['\r', '\n']).to_owned().into()),
            Err(problem) => {
                self.refuse(line, name, problem);
                None
            }
        }
    }

    /// What the file holds that a field names.
    pub(crate) fn contents(&mut self, name: &str) -> Option<String> {
        let (line, path) = self.take_text(name)?;
        let path = self.expanded(line, name, &path)?;
        match self.document.read(&path) {
            Ok(text) => Some(text),
            Err(problem) => {
                self.refuse(line, name, problem);
                None
            }
        }
    }

    /// A table of texts, such as headers, by their names as they stand. With the line of each.
    pub(crate) fn pairs(&mut self, name: &str) -> Vec<(usize, String, String)> {
        let Some(Given { line, value }) = self.take(name) else {
            return Vec::new();
        };
        let Value::Table(table) = value else {
            let problem = format!("is not a table, such as {name} = {{ Name = \"value\" }}");
            self.refuse(line, name, problem);
            return Vec::new();
        };
        let pairs = table.into_iter().filter_map(|(key, given)| {
            let whole = format!("{name}.{key}");
            let Value::Text(text) = given.value else {
                self.refuse(given.line, &whole, "is not a text");
                return None;
            };
            if is_secret_header(&key) && !names_variable(&text) {
                let problem = format!("a secret does not stand in this file: {key} = \"${{NAME}}\" takes it from the environment");
                self.refuse(given.line, &whole, problem);
                return None;
            }
            let text = self.expanded(given.line, &whole, &text)?;
            Some((given.line, key, text))
        });
        pairs.collect()
    }
}

/// Headers that prove who asks.
fn is_secret_header(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    [
        "authorization",
        "api-key",
        "apikey",
        "token",
        "secret",
        "cookie",
    ]
    .iter()
    .any(|word| name.contains(word))
}
