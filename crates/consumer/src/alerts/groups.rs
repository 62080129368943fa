//! What groups of websites aim at together.

use service::settings::{Reader, Setting};

const GROUP_SLOS: Setting = Setting::optional(
    "GROUP_SLOS",
    "percentages that groups of websites aim at together: Shop=99.9, Blog=99; see slo in docs/targets.md",
);
/// Groups that may aim at something: each costs a look at its rows a minute.
const GROUPS_MAX: usize = 100;

/// The availability that the websites of a group aim at together.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupSlo {
    /// The group, as targets name it.
    pub group: String,
    /// From 1 and below 100, as a target's own.
    pub percent: f64,
}

/// Reads what groups aim at.
pub(super) fn read_group_slos(reader: &mut Reader) -> Vec<GroupSlo> {
    let text = reader.optional_text(&GROUP_SLOS).unwrap_or_default();
    let mut slos: Vec<GroupSlo> = Vec::new();
    for part in text.split(',').filter(|part| !part.trim().is_empty()) {
        match parse(part) {
            Some(slo) if slos.iter().any(|it| it.group == slo.group) => {
                reader.problem(&GROUP_SLOS, format_args!("names {:?} twice", slo.group));
            }
            Some(slo) => slos.push(slo),
            None => reader.problem(
                &GROUP_SLOS,
                format_args!(
                    "{:?} is not a group and a percentage from 1 and below 100, as Shop=99.9",
                    part.trim()
                ),
            ),
        }
    }
    if slos.len() > GROUPS_MAX {
        reader.problem(
            &GROUP_SLOS,
            format_args!("names more than {GROUPS_MAX} groups"),
        );
    }
    slos
}

fn parse(part: &str) -> Option<GroupSlo> {
    let (group, percent) = part.rsplit_once('=')?;
    let (group, percent) = (group.trim(), percent.trim());
    let percent = percent.strip_suffix('%').unwrap_or(percent).trim();
    let percent: f64 = percent.parse().ok()?;
    let is_right = (1.0..100.0).contains(&percent) && !group.is_empty();
    is_right.then(|| GroupSlo {
        group: group.to_owned(),
        percent,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<GroupSlo>, Vec<String>> {
        let mut reader = Reader::from_pairs(&[("GROUP_SLOS", text)]);
        let slos = read_group_slos(&mut reader);
        let read = reader.finish(slos);
        read.map_err(|invalid| invalid.problems().to_vec())
    }

    #[test]
    fn groups_and_percentages_are_read_and_what_is_wrong_is_named() {
        let slo = |group: &str, percent| GroupSlo {
            group: group.to_owned(),
            percent,
        };
        let expected = [slo("The shop", 99.9), slo("a=b", 99.0)];
        assert_eq!(read("The shop = 99.9%, a=b=99,").unwrap(), expected);
        assert_eq!(read("").unwrap(), []);
        for (text, problem) in [
            ("Shop", "\"Shop\" is not a group and a percentage"),
            ("Shop=100", "\"Shop=100\" is not"),
            ("=99", "\"=99\" is not"),
            ("A=99, A=98", "names \"A\" twice"),
        ] {
            let problems = read(text).unwrap_err();
            assert!(problems[0].contains(problem), "{problems:?}");
        }
    }
}
