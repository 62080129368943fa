//! Whom to tell, and how.

use std::{collections::BTreeSet, path::Path, time::Duration};

use crate::{
    alert::Alert,
    alertmanager::Alertmanager,
    file::{Document, Fields, read_each},
    mail::Mail,
    outcome::Outcome,
    slack::Slack,
    webhook::Webhook,
};

/// The word that a target says when nobody is to be told of it.
const NOBODY: &str = "none";
/// Characters of a name.
const NAME_CHARS_MAX: usize = 64;

/// All receivers of `ALERTS_FILE`, in its order.
#[derive(Debug, Default)]
pub struct Receivers(Vec<Receiver>);

/// Somebody who is told.
#[derive(Debug)]
pub struct Receiver {
    /// How targets name it, and the log.
    pub name: String,
    /// It is told of every website that names no receivers, and of what is no website's.
    pub is_default: bool,
    /// How long after an incident's beginning, and after the last time, it is told again that it is
    /// still open.
    pub remind_after: Option<Duration>,
    channel: Channel,
}

/// How it is told.
#[derive(Debug)]
enum Channel {
    Webhook(Box<Webhook>),
    Slack(Slack),
    Alertmanager(Alertmanager),
    Mail(Mail),
}

/// The words for them.
#[derive(Clone, Copy)]
enum ChannelKind {
    Webhook,
    Slack,
    Alertmanager,
    Mail,
}

const CHANNELS: &[(&str, ChannelKind)] = &[
    ("webhook", ChannelKind::Webhook),
    ("slack", ChannelKind::Slack),
    ("alertmanager", ChannelKind::Alertmanager),
    ("mail", ChannelKind::Mail),
];

impl Receivers {
    /// Reads the file. `variables` says what a name of the environment is set to. All that is wrong is
    /// said at once, a line each.
    pub fn read(
        path: &Path,
        variables: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Vec<String>> {
        let mut document = Document::new(path, variables);
        let mut names = BTreeSet::new();
        let made = read_each(path, &mut document, |fields| {
            Receiver::read(fields, &mut names)
        });
        if document.problems.is_empty() {
            Ok(Self(made.into_iter().flatten().collect()))
        } else {
            Err(document.problems)
        }
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Receiver> {
        self.0.iter()
    }

    /// The one of that name.
    pub fn named(&self, name: &str) -> Option<&Receiver> {
        self.iter().find(|receiver| receiver.name == name)
    }

    /// The names of all.
    pub fn names(&self) -> Vec<String> {
        self.iter().map(|receiver| receiver.name.clone()).collect()
    }

    /// The names of those who are told of websites that name nobody, and of what is no website's.
    pub fn default_names(&self) -> Vec<String> {
        let defaults = self.iter().filter(|receiver| receiver.is_default);
        defaults.map(|receiver| receiver.name.clone()).collect()
    }
}

impl Receiver {
    /// Reads one; nothing where its kind is not known, which is said.
    fn read(mut fields: Fields<'_, '_>, names: &mut BTreeSet<String>) -> Option<Self> {
        let line = fields.line_of("name");
        let name = fields.text("name", "\"operators\"");
        if !name.is_empty() {
            fields.set_title(format!("receiver {}", name.replace(char::is_control, " ")));
            judge_name(&mut fields, line, &name, names);
        }
        let is_default = fields.flag("default", true);
        let remind_after = fields.optional_span("remind_after");
        let channel = read_channel(&mut fields);
        fields.finish();
        Some(Self {
            name,
            is_default,
            remind_after,
            channel: channel?,
        })
    }

    /// Tells it once. Bounded in time, whatever the other side does.
    pub async fn send(&self, alert: &Alert) -> Outcome {
        let short = || alert.shortened();
        match &self.channel {
            Channel::Webhook(webhook) => webhook.send(&short()).await,
            Channel::Slack(slack) => slack.send(&short()).await,
            // Each website is an alert of its own there, which is to end: none may be left out.
            Channel::Alertmanager(alertmanager) => alertmanager.send(alert).await,
            Channel::Mail(mail) => mail.send(&short()).await,
        }
    }
}

fn judge_name(fields: &mut Fields<'_, '_>, line: usize, name: &str, names: &mut BTreeSet<String>) {
    let is_word = |name: &str| {
        name.chars()
            .all(|char| !char.is_whitespace() && !char.is_control() && char != ',')
    };
    if name == NOBODY {
        let problem = "\"none\" is what a target says when nobody is to be told";
        fields.refuse(line, "name", problem);
    } else if name.chars().count() > NAME_CHARS_MAX || !is_word(name) {
        // Targets name it among others, with spaces or commas between them.
        let problem =
            format!("is not a word of at most {NAME_CHARS_MAX} characters without commas");
        fields.refuse(line, "name", problem);
    } else if !names.insert(name.to_owned()) {
        fields.refuse(line, "name", "is another receiver's already");
    }
}

fn read_channel(fields: &mut Fields<'_, '_>) -> Option<Channel> {
    let line = fields.line_of("type");
    let word = fields.text("type", "\"webhook\"");
    let Some((_, kind)) = CHANNELS.iter().find(|(known, _)| *known == word) else {
        let known: Vec<_> = CHANNELS.iter().map(|(word, _)| *word).collect();
        if !word.is_empty() {
            let problem = format!("{word:?} is not one of {}", known.join(", "));
            fields.refuse(line, "type", problem);
        }
        // What else stands there belongs to a kind that is not known.
        fields.forget();
        return None;
    };
    match kind {
        ChannelKind::Webhook => Webhook::read(fields).map(Box::new).map(Channel::Webhook),
        ChannelKind::Slack => Slack::read(fields).map(Channel::Slack),
        ChannelKind::Alertmanager => Alertmanager::read(fields).map(Channel::Alertmanager),
        ChannelKind::Mail => Mail::read(fields).map(Channel::Mail),
    }
}
