//! Secrets that stand in the environment or, as Docker and Kubernetes hand them over, in a file.

use std::{fs::File, io::Read, path::Path};

use secrecy::SecretString;

use super::{reader::Reader, setting::Setting};

/// The largest file that is taken for one secret.
const SECRET_BYTES_MAX: u64 = 64 * 1024;

/// A text that must not be shown, of one setting or of the file that another one names. `None` when
/// neither is set, which is a problem where the first is required.
///
/// The line break at the file's end is none of the secret's.
pub fn secret_of(
    reader: &mut Reader,
    setting: &Setting,
    file_setting: &Setting,
) -> Option<SecretString> {
    let is_set = reader.set_text(setting).is_some();
    let Some(path) = reader.optional_text(file_setting) else {
        // Asked again for what is missing to be said.
        return reader.optional_secret(setting);
    };
    if is_set {
        // The environment comes before `.env`, also where it names the other of both.
        let in_environment = [setting, file_setting].map(|it| reader.is_in_environment(it.name));
        match in_environment {
            [true, false] => return reader.optional_secret(setting),
            [false, true] => {}
            _ => {
                let both = format_args!("is set beside {}; set one of them", setting.name);
                reader.problem(file_setting, both);
                return None;
            }
        }
    }
    match read(Path::new(&path)) {
        Ok(secret) => {
            let secret = secret.into();
            reader.remember(&secret);
            Some(secret)
        }
        Err(problem) => {
            reader.problem(file_setting, problem);
            None
        }
    }
}

/// The error is a phrase that names the file and holds nothing of it.
fn read(path: &Path) -> Result<String, String> {
    let shown = path.display();
    let cannot = |error| format!("cannot read {shown}: {error}");
    let file = File::open(path).map_err(cannot)?;
    let mut bytes = Vec::new();
    let mut bounded = file.take(SECRET_BYTES_MAX + 1);
    bounded.read_to_end(&mut bytes).map_err(cannot)?;
    if bytes.len() as u64 > SECRET_BYTES_MAX {
        return Err(format!(
            "{shown} is larger than {SECRET_BYTES_MAX} bytes, and holds no secret"
        ));
    }
    let text = String::from_utf8(bytes).map_err(|_| format!("{shown} is not UTF-8"))?;
    let secret = text.trim_end_matches(['\r', '\n']);
    if secret.is_empty() {
        return Err(format!("{shown} is empty"));
    }
    Ok(secret.to_owned())
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    const PASSWORD: Setting = Setting::required("PASSWORD", "what opens the door");
    const PASSWORD_FILE: Setting = Setting::optional("PASSWORD_FILE", "a file that holds it");

    fn secret(pairs: &[(&str, &str)]) -> Result<Option<String>, Vec<String>> {
        secret_beside(pairs, Path::new("/nonexistent/.env"))
    }

    fn secret_beside(
        pairs: &[(&str, &str)],
        env_file: &Path,
    ) -> Result<Option<String>, Vec<String>> {
        let variables = pairs
            .iter()
            .map(|(name, value)| (name.into(), value.into()));
        let mut reader = Reader::new(variables, env_file);
        let secret = secret_of(&mut reader, &PASSWORD, &PASSWORD_FILE);
        let finished = reader.finish(secret.map(|it| it.expose_secret().to_owned()));
        finished.map_err(|invalid| invalid.problems().to_vec())
    }

    #[test]
    fn a_secret_is_that_of_the_variable_or_of_the_file_without_its_last_line_break() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let path = file.path().to_str().unwrap();
        std::fs::write(path, "in a file \r\n").unwrap();
        let in_file = ("PASSWORD_FILE", path);
        let beside = ("PASSWORD", "beside");
        assert_eq!(secret(&[beside]).unwrap().as_deref(), Some("beside"));
        assert_eq!(secret(&[in_file]).unwrap().as_deref(), Some("in a file "));
        let both = secret(&[beside, in_file]).unwrap_err();
        assert_eq!(
            both,
            ["PASSWORD_FILE: is set beside PASSWORD; set one of them"]
        );
        let neither = secret(&[]).unwrap_err();
        assert_eq!(neither, ["PASSWORD: is not set (what opens the door)"]);
    }

    #[test]
    fn what_the_environment_names_comes_before_what_the_env_file_names() {
        let [file, env_file] = [(); 2].map(|()| tempfile::NamedTempFile::new().unwrap());
        let path = file.path().to_str().unwrap();
        std::fs::write(path, "in a file").unwrap();
        std::fs::write(env_file.path(), format!("PASSWORD_FILE={path}\n")).unwrap();
        let found = secret_beside(&[("PASSWORD", "beside")], env_file.path());
        assert_eq!(found.unwrap().as_deref(), Some("beside"));
        std::fs::write(env_file.path(), "PASSWORD=beside\n").unwrap();
        let found = secret_beside(&[("PASSWORD_FILE", path)], env_file.path());
        assert_eq!(found.unwrap().as_deref(), Some("in a file"));
    }

    #[test]
    fn a_file_that_holds_no_secret_is_named_without_a_word_of_it() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let path = file.path().to_str().unwrap();
        let large = "geheim".repeat(20_000);
        for content in [b"\n".as_slice(), b"geheim\xff", large.as_bytes()] {
            std::fs::write(path, content).unwrap();
            let problem = secret(&[("PASSWORD_FILE", path)]).unwrap_err().concat();
            assert!(problem.starts_with("PASSWORD_FILE: /"), "{problem}");
            assert!(!problem.contains("geheim"), "{problem}");
        }
        let problem = secret(&[("PASSWORD_FILE", "/nonexistent")]).unwrap_err();
        assert!(
            problem[0].contains("cannot read /nonexistent"),
            "{problem:?}"
        );
    }
}
