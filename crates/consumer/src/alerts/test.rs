//! `consumer alert-test`: proves that a receiver can be reached, before something happens.

use std::io::{self, Write};

use anyhow::bail;
use jiff::Timestamp;
use notify::{Alert, Outcome, Receivers};
use service::command_line::BadInput;
use uuid::Uuid;

use super::settings::AlertTestSettings;

/// Sends a test to the receiver of that name, and says what became of it.
pub async fn alert_test(settings: AlertTestSettings, name: &str) -> anyhow::Result<()> {
    let receivers = settings.receivers;
    let Some(receiver) = receivers.named(name) else {
        return Err(BadInput::new(unknown(name, &receivers)).into());
    };
    let now = Timestamp::now();
    let said = format!("alert-test {name} {now}");
    let id = Uuid::new_v5(&Uuid::NAMESPACE_URL, said.as_bytes());
    match receiver.send(&Alert::test(id, now)).await {
        Outcome::Sent => {
            writeln!(io::stdout(), "{name} has taken the test alert {id}")?;
            Ok(())
        }
        Outcome::SentToSome(story) => {
            bail!("{name} has told some the test alert {id}, and others not: {story}")
        }
        Outcome::Later { wait, story } => {
            bail!("{name} wants it in {} s: {story}", wait.as_secs())
        }
        Outcome::Failed(story) => bail!("{name} was not reached: {story}"),
    }
}

fn unknown(name: &str, receivers: &Receivers) -> String {
    let names: Vec<_> = receivers.iter().map(|it| it.name.as_str()).collect();
    if names.is_empty() {
        return "ALERTS_FILE is not set: there is no receiver".to_owned();
    }
    let names = names.join(", ");
    format!("ALERTS_FILE has no receiver {name:?}; there are {names}")
}
