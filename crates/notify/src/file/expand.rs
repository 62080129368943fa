//! `${NAME}` in a text of the file: the environment's value in its place, and no other expansion.

/// What a name is set to.
pub(crate) type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The text with each `${NAME}` replaced. A name that is not set, or one that is not closed, is said.
pub(super) fn expand(text: &str, variables: Variables<'_>) -> Result<String, String> {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, name_on)) = rest.split_once("${") {
        let Some((name, after)) = name_on.split_once('}') else {
            return Err("a ${ is not closed by }".to_owned());
        };
        let Some(value) = variables(name) else {
            return Err(format!("the environment does not set {name}"));
        };
        expanded.push_str(before);
        expanded.push_str(&value);
        rest = after;
    }
    expanded.push_str(rest);
    Ok(expanded)
}

/// Whether something of it comes from the environment.
pub(super) fn names_variable(text: &str) -> bool {
    text.contains("${")
}
