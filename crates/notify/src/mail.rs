//! People, by mail.

use std::time::Duration;

use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    address::Envelope,
    message::{
        Mailbox,
        header::{ContentType, Header, HeaderName, HeaderValue},
    },
    transport::smtp::{
        Error as SmtpError,
        authentication::Credentials,
        client::{Certificate, Tls, TlsParameters},
        response::Category,
    },
};
use secrecy::ExposeSecret;
use tokio::time::timeout;
use uuid::Uuid;

use crate::{alert::Alert, causes::with_causes, file::Fields, outcome::Outcome, trust};

/// How long each step of the conversation may take, and all of it.
const STEP_TIMEOUT: Duration = Duration::from_secs(10);
const SEND_TIMEOUT: Duration = Duration::from_secs(30);
/// Who is told by one mail.
const RECIPIENTS_MAX: usize = 50;
/// What a subject holds of the headline, which the text begins with: a url of two thousand characters would make a line
/// of a length (998) at which servers refuse a mail for good.
const SUBJECT_CHARS_MAX: usize = 200;

/// How the conversation is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encryption {
    /// From the greeting on.
    Starttls,
    /// From the first byte.
    Tls,
    /// Not at all.
    None,
}

impl Encryption {
    fn port(self) -> i64 {
        match self {
            Self::Starttls => 587,
            Self::Tls => 465,
            Self::None => 25,
        }
    }
}

/// A server that takes mail, and for whom.
pub(crate) struct Mail {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    server: String,
    from: Mailbox,
    to: Vec<Mailbox>,
}

/// The transport holds the password.
impl std::fmt::Debug for Mail {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Mail({})", self.server)
    }
}

impl Mail {
    /// Reads one.
    pub(crate) fn read(fields: &mut Fields<'_, '_>) -> Option<Self> {
        let server = fields.text("server", "\"smtp.example.org\"");
        let encryption = fields.choice(
            "encryption",
            &[
                ("starttls", Encryption::Starttls),
                ("tls", Encryption::Tls),
                ("none", Encryption::None),
            ],
        );
        let port = fields.optional_count("port", 1..=65_535);
        let tls = read_tls(fields, &server, encryption);
        let login = read_login(fields, encryption);
        let wanted = "an address, such as \"monitor@example.org\"";
        let from = fields.parsed("from", "\"monitor@example.org\"", wanted);
        let to = read_recipients(fields);
        let port = port.unwrap_or(encryption.port());
        // Its bounds are u16's.
        let port = u16::try_from(port).unwrap_or(u16::MAX);
        let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&server)
            .port(port)
            .tls(tls?)
            .timeout(Some(STEP_TIMEOUT));
        if let Some(login) = login {
            transport = transport.credentials(login);
        }
        Some(Self {
            transport: transport.build(),
            server,
            from: from?,
            to,
        })
    }

    /// Tells them once.
    pub(crate) async fn send(&self, alert: &Alert) -> Outcome {
        let message = match self.message(alert) {
            Ok(message) => message,
            Err(error) => return Outcome::Failed(format!("no mail can be made of it: {error}")),
        };
        let server = &self.server;
        match timeout(SEND_TIMEOUT, self.tell(&message)).await {
            Ok(Ok(refused)) if refused.is_empty() => Outcome::Sent,
            Ok(Ok(refused)) => Outcome::SentToSome(format!("{server}: {}", refused.join("; "))),
            Ok(Err(error)) => Outcome::Failed(format!("{server}: {}", story(&error))),
            Err(_) => {
                let seconds = SEND_TIMEOUT.as_secs();
                Outcome::Failed(format!(
                    "{server}: the mail was not taken within {seconds} s"
                ))
            }
        }
    }

    /// Tells all of them at once. Where the server refuses that for good, each by himself, so that one whose mailbox
    /// is gone keeps nobody else from hearing it; hands back who then did not, and why.
    async fn tell(&self, message: &Message) -> Result<Vec<String>, SmtpError> {
        let (envelope, bytes) = (message.envelope(), message.formatted());
        let refused_to_all = match self.transport.send_raw(envelope, &bytes).await {
            Ok(_) => return Ok(Vec::new()),
            Err(error) if is_of_a_mailbox(&error) && envelope.to().len() > 1 => error,
            Err(error) => return Err(error),
        };
        let mut refused = Vec::new();
        for to in envelope.to() {
            let Ok(own) = Envelope::new(envelope.from().cloned(), vec![to.clone()]) else {
                continue;
            };
            if let Err(error) = self.transport.send_raw(&own, &bytes).await {
                refused.push(format!("{to}: {}", story(&error)));
            }
        }
        if refused.len() < envelope.to().len() {
            Ok(refused)
        } else {
            Err(refused_to_all)
        }
    }

    fn message(&self, alert: &Alert) -> Result<Message, lettre::error::Error> {
        let domain = self.from.email.domain();
        // Mails of one matter stand together in a mailbox.
        let matter = Uuid::new_v5(&Uuid::NAMESPACE_URL, alert.news.key.as_bytes());
        let message = Message::builder()
            .from(self.from.clone())
            .message_id(Some(format!("<{}@{domain}>", alert.id)))
            .references(format!("<{matter}@{domain}>"))
            .subject(subject(&alert.headline))
            .header(AutoSubmitted)
            .header(ContentType::TEXT_PLAIN);
        let to = self.to.iter().cloned();
        let message = to.fold(message, lettre::message::MessageBuilder::to);
        let text = [vec![alert.headline.clone(), String::new()], alert.lines()].concat();
        message.body(text.join("\r\n") + "\r\n")
    }
}

/// What is seen of a headline in a list of mails.
fn subject(headline: &str) -> String {
    match headline.char_indices().nth(SUBJECT_CHARS_MAX) {
        Some((end, _)) => format!("{}...", &headline[..end]),
        None => headline.to_owned(),
    }
}

/// Whether a server refuses for good what it is told of mail (55x): a login that it refuses would be tried again for
/// each of them.
fn is_of_a_mailbox(error: &SmtpError) -> bool {
    let status = error.status().filter(|_| error.is_permanent());
    status.is_some_and(|code| code.category == Category::MailSystem)
}

/// What the server said, and why.
fn story(error: &SmtpError) -> String {
    let story = with_causes(error.to_string(), error);
    story.replace(char::is_control, " ")
}

/// No machine answers it: RFC 3834.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

fn read_tls(fields: &mut Fields<'_, '_>, server: &str, encryption: Encryption) -> Option<Tls> {
    let line = fields.line_of("ca_file");
    let more = trust::read(fields)?;
    if encryption == Encryption::None {
        return Some(Tls::None);
    }
    let mut parameters = TlsParameters::builder(server.to_owned());
    for authority in more {
        match Certificate::from_der(authority.to_vec()) {
            Ok(authority) => parameters = parameters.add_root_certificate(authority),
            Err(error) => fields.refuse(line, "ca_file", error),
        }
    }
    match parameters.build_rustls() {
        Ok(parameters) if encryption == Encryption::Tls => Some(Tls::Wrapper(parameters)),
        Ok(parameters) => Some(Tls::Required(parameters)),
        Err(error) => {
            let line = fields.line_of("server");
            fields.refuse(line, "server", format_args!("TLS cannot be had: {error}"));
            None
        }
    }
}

fn read_login(fields: &mut Fields<'_, '_>, encryption: Encryption) -> Option<Credentials> {
    let line = fields.line_of("username");
    let (name, password) = fields.login()?;
    if encryption == Encryption::None {
        let problem = "a password is not sent without encryption = \"starttls\" or \"tls\"";
        fields.refuse(line, "username", problem);
        return None;
    }
    Some(Credentials::new(name, password.expose_secret().to_owned()))
}

fn read_recipients(fields: &mut Fields<'_, '_>) -> Vec<Mailbox> {
    let line = fields.line_of("to");
    let texts = fields.texts("to");
    if texts.is_empty() || texts.len() > RECIPIENTS_MAX {
        let problem = format!("1 to {RECIPIENTS_MAX} addresses, such as to = [\"me@example.org\"]");
        fields.refuse(line, "to", problem);
    }
    let mailboxes = texts.iter().filter_map(|text| {
        let mailbox = text.parse().ok();
        if mailbox.is_none() {
            fields.refuse(line, "to", format_args!("{text:?} is not an address"));
        }
        mailbox
    });
    mailboxes.collect()
}
