//! Which targets Prometheus is told of: those of the list in force, so that one that left it vanishes at
//! once.

use std::sync::Arc;

use service::blackbox::{About, Asked, Source, Website};
use tokio::sync::watch;

use super::{results::LatestResults, seen::seconds};
use crate::{clock, targets::Target};

/// The list in force, and what is known of its targets.
#[derive(Debug)]
pub(crate) struct Listed {
    targets: watch::Receiver<Vec<Arc<Target>>>,
    results: LatestResults,
    /// Which monitor looks.
    location: String,
}

impl Source for Listed {
    async fn websites(&self, asked: Option<&Asked>) -> Result<Vec<Website>, String> {
        // Nobody who reads a new list waits until all are told of.
        let targets = self.targets.borrow().clone();
        let Some(asked) = asked else {
            let location = Some(&self.location);
            return Ok(targets
                .iter()
                .map(|it| self.website(it, location))
                .collect());
        };
        let ranked = targets.iter().filter_map(|target| {
            let rank = asked.rank(&target.url, || target.shown().to_string())?;
            Some((rank, target))
        });
        let found = ranked.min_by_key(|(rank, _)| *rank);
        // Whoever asks one monitor for one target knows which one looks.
        Ok(found
            .map(|(_, target)| self.website(target, None))
            .into_iter()
            .collect())
    }
}

impl Listed {
    /// Nothing is known yet of these.
    pub(crate) fn new(targets: watch::Receiver<Vec<Arc<Target>>>, location: String) -> Self {
        Self {
            targets,
            results: LatestResults::default(),
            location,
        }
    }

    /// Where results are to be noted.
    pub(crate) fn results(&self) -> LatestResults {
        self.results.clone()
    }

    fn website(&self, target: &Target, location: Option<&String>) -> Website {
        let about = &target.own.about;
        let latest = self.results.of(&target.url);
        let latest = latest.as_ref();
        Website {
            instance: Some(target.shown().to_string()),
            location: location.cloned(),
            about: About {
                name: about.name.clone().unwrap_or_default(),
                group: about.group.clone().unwrap_or_default(),
                tags: about.tags.clone(),
            },
            checks: latest.map(|it| it.checks).unwrap_or_default(),
            newest_at: latest.map(|it| seconds(it.due_at)),
            // Windows may also be planned in the database.
            is_maintained: None,
            seen: latest.and_then(|it| it.seen(clock::now())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{target, up};

    #[tokio::test]
    async fn only_targets_of_the_list_in_force_are_told_of() {
        let one = "https://me:secret@a.test/";
        let (list, targets) = watch::channel(vec![target(one), target("https://b.test/")]);
        let listed = Listed::new(targets, "here".to_owned());
        let mut result = up("https://b.test/");
        result.check.scheduled_at = clock::now();
        listed.results().note(&result);
        let all = listed.websites(None).await.unwrap();
        let told: Vec<_> = all
            .iter()
            .map(|it| (it.instance.as_deref().unwrap(), it.seen.is_some()))
            .collect();
        assert_eq!(
            told,
            [("https://***@a.test/", false), ("https://b.test/", true)]
        );
        assert_eq!(all[0].location.as_deref(), Some("here"));

        let ask = async |url| listed.websites(Some(&Asked::new(url))).await.unwrap().len();
        assert_eq!(ask("https://b.test").await, 1);
        assert_eq!(ask("https://***@a.test/").await, 1);
        assert_eq!(ask("https://c.test/").await, 0);
        list.send_replace(vec![target(one)]);
        assert_eq!(ask("https://b.test").await, 0);
    }
}
