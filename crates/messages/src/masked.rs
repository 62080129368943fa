//! Urls as they may be shown.

use std::fmt;

/// A url without its credentials: what may go into logs, details and on screens.
#[derive(Clone, Copy, Debug)]
pub struct Masked<'a>(pub &'a str);

impl fmt::Display for Masked<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.0;
        let Some(start) = url.find("//").map(|at| at + 2) else {
            return formatter.write_str(url);
        };
        let authority = &url[start..];
        let end = authority.find(['/', '?', '#', '\\']);
        let authority = &authority[..end.unwrap_or(authority.len())];
        match authority.rfind('@') {
            Some(at) => write!(formatter, "{}***{}", &url[..start], &url[start + at..]),
            None => formatter.write_str(url),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_hidden_and_nothing_else() {
        let shown = |url: &'static str| Masked(url).to_string();
        assert_eq!(
            shown("https://u:p@w@h:8/a@b?c@d"),
            "https://***@h:8/a@b?c@d"
        );
        assert_eq!(shown("https://user@host"), "https://***@host");
        assert_eq!(shown("https://host/a@b"), "https://host/a@b");
        assert_eq!(shown("//u:p@host"), "//***@host");
        assert_eq!(shown("no url"), "no url");
    }
}
