//! What a response's head says of its body.

use encoding_rs::Encoding;
use http::header::{self, HeaderMap, HeaderName};

/// Types that say that they do not know.
const UNKNOWN_TYPES: [&str; 3] = ["*/*", "unknown/unknown", "application/unknown"];

/// What a response's head says of its body.
#[derive(Debug, Default)]
pub(crate) struct Content {
    /// The media type in small letters, without parameters; `""` when there is none.
    pub(super) media_type: String,
    pub(super) charset: Option<&'static Encoding>,
    /// In the order in which they were applied.
    pub(crate) codings: Vec<Coding>,
    /// A transfer coding that nobody asked for: what comes cannot be read.
    pub(crate) unknown_transfer: Option<String>,
}

/// The codings that are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

impl Coding {
    fn named(name: &str) -> Option<Self> {
        match name {
            "gzip" | "x-gzip" => Some(Self::Gzip),
            "deflate" => Some(Self::Deflate),
            "br" => Some(Self::Brotli),
            "zstd" => Some(Self::Zstd),
            _ => None,
        }
    }

    /// Whether its decoder keeps much of what it has decoded.
    pub(crate) fn keeps_window(self) -> bool {
        matches!(self, Self::Brotli | Self::Zstd)
    }
}

impl Content {
    /// Reads the head.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let (media_type, parameters) = media_type(headers);
        let mut codings = Vec::new();
        // A content coding that nobody asked for is left as it is, as browsers do.
        for name in names(headers, header::CONTENT_ENCODING) {
            codings.extend(Coding::named(&name));
        }
        // The library undoes the chunks, and passes on what is coded within them.
        let mut unknown_transfer = None;
        for name in names(headers, header::TRANSFER_ENCODING) {
            match Coding::named(&name) {
                Some(coding) => codings.push(coding),
                None if matches!(name.as_str(), "chunked" | "identity" | "") => {}
                None => unknown_transfer = Some(name),
            }
        }
        Self {
            media_type,
            charset: charset(&parameters),
            codings,
            unknown_transfer,
        }
    }

    /// Whether something may be sought in it, as far as the head says.
    pub(crate) fn may_be_text(&self) -> bool {
        let (kind, subtype) = self.media_type.split_once('/').unwrap_or_default();
        match kind {
            "" | "text" => true,
            "application" => {
                matches!(subtype, "xhtml+xml" | "xml" | "json")
                    || subtype.ends_with("+xml")
                    || subtype.ends_with("+json")
            }
            _ => subtype.ends_with("+xml") || subtype.ends_with("+json"),
        }
    }
}

/// The media type and its parameters. Of several, in several headers or in one, browsers take the last, with
/// the charset that the same type was given before it; what is no type, or says that it is not known, says
/// nothing.
fn media_type(headers: &HeaderMap) -> (String, String) {
    let mut last: Option<(String, String)> = None;
    let values = headers.get_all(header::CONTENT_TYPE).iter();
    for value in values.rev() {
        let text = String::from_utf8_lossy(value.as_bytes());
        for piece in text.rsplit(',') {
            let (name, parameters) = piece.split_once(';').unwrap_or((piece, ""));
            // What stands behind a blank or a bracket is passed over.
            let mut words = name.trim().split([' ', '\t', '(']);
            let name = words.next().unwrap_or_default().to_ascii_lowercase();
            if !is_type(&name) || UNKNOWN_TYPES.contains(&name.as_str()) {
                continue;
            }
            match &mut last {
                None => last = Some((name, parameters.to_owned())),
                Some((same, kept)) if *same == name => {
                    if charset(kept).is_none() {
                        parameters.clone_into(kept);
                    }
                }
                Some(_) => return last.unwrap_or_default(),
            }
        }
    }
    last.unwrap_or_default()
}

/// Whether a text names a type, and not only looks like one: a comma in quotes divides a parameter.
fn is_type(text: &str) -> bool {
    let is_token = |text: &str| {
        let mut bytes = text.bytes();
        !text.is_empty()
            && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
    };
    let pair = text.split_once('/');
    pair.is_some_and(|(kind, subtype)| is_token(kind) && is_token(subtype))
}

/// The charset among a Content-Type's parameters.
fn charset(parameters: &str) -> Option<&'static Encoding> {
    parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        if !name.trim().eq_ignore_ascii_case("charset") {
            return None;
        }
        Encoding::for_label(value.trim().trim_matches(['"', '\'']).as_bytes())
    })
}

/// The names in all headers of this name, in their order and in small letters.
fn names(headers: &HeaderMap, header: HeaderName) -> Vec<String> {
    let values = headers.get_all(header).iter();
    let texts = values.map(|value| String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase());
    let mut names = Vec::new();
    for text in texts {
        names.extend(text.split(',').map(|name| name.trim().to_owned()));
    }
    names
}
