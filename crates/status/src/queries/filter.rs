//! Which websites are asked for.

use crate::state::State;

/// Websites whose days and hours one page shows.
pub(crate) const SHOWN_MAX: i64 = 100;
/// More words than anybody types, and pages than there are websites.
const WORDS_MAX: usize = 8;
const PAGES_MAX: i64 = 10_000;

/// Which websites, and in which order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    /// Each has to stand in name, address, group, tags or state; in small letters.
    pub(crate) words: Vec<String>,
    pub(crate) tag: Option<String>,
    pub(crate) state: Option<State>,
    pub(crate) group: Option<String>,
    pub(crate) order: Order,
    /// From 0.
    pub(crate) page: i64,
}

/// In which order websites stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Order {
    #[default]
    Worst,
    Name,
    Slowest,
    Availability,
}

impl Order {
    pub(crate) const ALL: [Self; 4] = [Self::Worst, Self::Name, Self::Slowest, Self::Availability];

    /// As the address and the statement spell it.
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::Worst => "worst",
            Self::Name => "name",
            Self::Slowest => "slowest",
            Self::Availability => "availability",
        }
    }

    /// For a person.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Worst => "Worst first",
            Self::Name => "Name",
            Self::Slowest => "Slowest first",
            Self::Availability => "Availability",
        }
    }
}

impl Filter {
    /// From the words of an address; or what is wrong with them.
    pub(crate) fn read<'a>(
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, String> {
        let mut filter = Self::default();
        for (name, value) in pairs {
            let value = value.trim();
            if value.is_empty() && name != "group" {
                continue;
            }
            match name {
                "q" => filter.words = words(value)?,
                "tag" => filter.tag = Some(value.to_owned()),
                "group" => filter.group = Some(value.to_owned()),
                "state" => filter.state = Some(state(value)?),
                "sort" => filter.order = order(value)?,
                "page" => filter.page = page(value)?,
                _ => {}
            }
        }
        Ok(filter)
    }

    /// The words of an address that asks for the same, its page left out.
    pub(crate) fn pairs(&self) -> Vec<(&'static str, String)> {
        let words = Some(self.words.join(" ")).filter(|words| !words.is_empty());
        let order = Some(self.order).filter(|order| *order != Order::default());
        let pairs = [
            ("q", words),
            ("tag", self.tag.clone()),
            ("state", self.state.map(|state| state.key().to_owned())),
            ("group", self.group.clone()),
            ("sort", order.map(|order| order.key().to_owned())),
        ];
        let pairs = pairs.into_iter();
        pairs
            .filter_map(|(name, value)| Some((name, value?)))
            .collect()
    }

    /// Nobody asked for some of them.
    pub(crate) fn is_open(&self) -> bool {
        self.words.is_empty() && self.tag.is_none() && self.state.is_none() && self.group.is_none()
    }
}

fn words(text: &str) -> Result<Vec<String>, String> {
    let words: Vec<_> = text
        .to_lowercase()
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    if words.len() > WORDS_MAX {
        return Err(format!("q holds more than {WORDS_MAX} words"));
    }
    Ok(words)
}

fn state(word: &str) -> Result<State, String> {
    State::from_key(word).ok_or_else(|| {
        let all = State::ALL.map(State::key).join(", ");
        format!("state is none of {all}")
    })
}

fn order(word: &str) -> Result<Order, String> {
    let found = Order::ALL.into_iter().find(|order| order.key() == word);
    found.ok_or_else(|| format!("sort is none of {}", Order::ALL.map(Order::key).join(", ")))
}

fn page(number: &str) -> Result<i64, String> {
    match number.parse() {
        Ok(page) if (1..=PAGES_MAX).contains(&page) => Ok(page - 1),
        _ => Err(format!("page is not a number from 1 to {PAGES_MAX}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_said() {
        let read = |name, value| Filter::read([(name, value)]).unwrap_err();
        assert!(read("state", "dwon").contains("down, partial"));
        assert!(read("sort", "x").contains("worst, name"));
        assert!(read("page", "0").contains("from 1"));
        assert!(read("q", "a b c d e f g h i").contains("8 words"));
    }

    #[test]
    fn what_is_left_empty_asks_for_nothing() {
        let filter = Filter::read([("q", " "), ("tag", ""), ("sort", "worst")]).unwrap();
        assert!(filter.is_open());
        assert_eq!(filter, Filter::default());
        let shop = Filter::read([("q", "Shop EXAMPLE")]).unwrap();
        assert_eq!(shop.words, ["shop", "example"]);
    }
}
