//! Mail, beside a small SMTP server.

use std::{fs, net::SocketAddr, sync::Arc};

use devstack::Authority;
use jiff::Timestamp;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;
use uuid::Uuid;

use crate::{Alert, Outcome, Receivers};

/// How a conversation went on.
enum End {
    /// To encryption.
    Starttls,
    /// Not at all.
    Quit,
}

/// Talks as a server does, and notes what it hears.
async fn talk(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    is_encrypted: bool,
    heard: &mut Vec<String>,
) -> End {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await.unwrap() == 0 {
            return End::Quit;
        }
        heard.push(line.trim_end().to_owned());
        let answer = match line.split_whitespace().next().unwrap_or_default() {
            "EHLO" if is_encrypted => "250-test\r\n250 AUTH PLAIN\r\n",
            "EHLO" => "250-test\r\n250 STARTTLS\r\n",
            "STARTTLS" => "220 go on\r\n",
            "AUTH" => "235 welcome\r\n",
            "RCPT" if line.contains("unknown@") => "550 nobody of that name\r\n",
            "DATA" => "354 go on\r\n",
            "QUIT" => "221 bye\r\n",
            _ => "250 ok\r\n",
        };
        stream.write_all(answer.as_bytes()).await.unwrap();
        stream.flush().await.unwrap();
        match heard.last().map(String::as_str) {
            Some("STARTTLS") => return End::Starttls,
            Some("QUIT") => return End::Quit,
            Some("DATA") => {
                while line.trim_end() != "." {
                    line.clear();
                    stream.read_line(&mut line).await.unwrap();
                    heard.push(line.trim_end().to_owned());
                }
                stream.write_all(b"250 taken\r\n").await.unwrap();
                stream.flush().await.unwrap();
            }
            _ => {}
        }
    }
}

/// Serves so many conversations, and hands back what it heard.
async fn serve(
    authority: &Authority,
    conversations: usize,
) -> (SocketAddr, JoinHandle<Vec<String>>) {
    let config = authority.server().unwrap().server_config().unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        let mut heard = Vec::new();
        for _ in 0..conversations {
            let (mut stream, _): (TcpStream, _) = listener.accept().await.unwrap();
            stream.write_all(b"220 test ESMTP\r\n").await.unwrap();
            if let End::Starttls = talk(&mut stream, false, &mut heard).await {
                let mut stream = acceptor.accept(stream).await.unwrap();
                talk(&mut stream, true, &mut heard).await;
            }
        }
        heard
    });
    (address, server)
}

/// Sends a test through a receiver of these fields, and hands back what the server heard.
async fn send(fields: &str) -> (Outcome, Vec<String>) {
    let alert = Alert::test(Uuid::nil(), Timestamp::UNIX_EPOCH);
    send_alert(&alert, fields, 1).await
}

/// Sends an alert in so many conversations.
async fn send_alert(alert: &Alert, fields: &str, conversations: usize) -> (Outcome, Vec<String>) {
    let authority = Authority::new("Test").unwrap();
    let (address, server) = serve(&authority, conversations).await;
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("ca.pem"), authority.pem()).unwrap();
    let text = format!(
        "[[receiver]]\nname = \"people\"\ntype = \"mail\"\nserver = \"localhost\"\nport = {}\n\
        from = \"Websites <monitor@a.test>\"\n{fields}",
        address.port()
    );
    let path = folder.path().join("alerts.toml");
    fs::write(&path, text).unwrap();
    let receivers = Receivers::read(&path, &|_| Some("topsecret".to_owned())).unwrap();
    let outcome = receivers.named("people").unwrap().send(alert).await;
    drop(receivers);
    (outcome, server.await.unwrap())
}

#[tokio::test]
async fn a_mail_is_sent_encrypted_to_each() {
    let (outcome, heard) = send(
        "ca_file = \"ca.pem\"\nusername = \"u\"\npassword = \"${PASSWORD}\"\n\
        to = [\"one@a.test\", \"two@a.test\"]",
    )
    .await;
    assert_eq!(outcome, Outcome::Sent, "{heard:?}");
    for line in [
        "AUTH PLAIN AHUAdG9wc2VjcmV0",
        "RCPT TO:<one@a.test>",
        "RCPT TO:<two@a.test>",
        "Subject: example.org: a test: alerts arrive here",
        "Message-ID: <00000000-0000-0000-0000-000000000000@a.test>",
        "Auto-Submitted: auto-generated",
        "https://example.org/",
    ] {
        assert!(heard.iter().any(|it| it == line), "{line} in {heard:#?}");
    }
    let position = |part: &str| heard.iter().position(|it| it.starts_with(part)).unwrap();
    assert!(position("STARTTLS") < position("AUTH"));
}

#[tokio::test]
async fn a_server_that_refuses_is_quoted() {
    let (outcome, _) = send("encryption = \"none\"\nto = \"unknown@a.test\"").await;
    let Outcome::Failed(story) = outcome else {
        panic!("{outcome:?}");
    };
    assert!(story.contains("nobody of that name"), "{story}");
}

#[tokio::test]
async fn one_mailbox_that_is_gone_keeps_nobody_else_from_hearing_it() {
    let alert = Alert::test(Uuid::nil(), Timestamp::UNIX_EPOCH);
    let fields = "encryption = \"none\"\nto = [\"unknown@a.test\", \"two@a.test\"]";
    let (outcome, heard) = send_alert(&alert, fields, 3).await;
    let Outcome::SentToSome(story) = outcome else {
        panic!("{outcome:?}");
    };
    assert!(
        story.contains("unknown@a.test: ") && story.contains("nobody of that name"),
        "{story}"
    );
    assert!(!story.contains("two@a.test"), "{story}");
    assert_eq!(
        heard.iter().filter(|it| *it == "DATA").count(),
        1,
        "{heard:#?}"
    );
}

#[tokio::test]
async fn no_line_is_longer_than_a_mail_may_have() {
    let mut alert = Alert::test(Uuid::nil(), Timestamp::UNIX_EPOCH);
    alert.headline = format!("https://example.org/{}: refused", "x".repeat(2000));
    let (outcome, heard) =
        send_alert(&alert, "encryption = \"none\"\nto = \"one@a.test\"", 1).await;
    assert_eq!(outcome, Outcome::Sent, "{heard:?}");
    assert!(heard.iter().all(|line| line.len() <= 998), "{heard:#?}");
    assert!(
        heard
            .iter()
            .any(|line| line.contains("https://example.org/xxx") && line.ends_with("x..."))
    );
}

#[tokio::test]
async fn a_server_that_nobody_vouches_for_gets_no_password() {
    let authority = Authority::new("Test").unwrap();
    let (address, server) = serve(&authority, 1).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("alerts.toml");
    let text = format!(
        "[[receiver]]\nname = \"people\"\ntype = \"mail\"\nserver = \"localhost\"\nport = {}\n\
        from = \"monitor@a.test\"\nto = \"one@a.test\"\nusername = \"u\"\npassword = \"${{PASSWORD}}\"",
        address.port()
    );
    fs::write(&path, text).unwrap();
    let receivers = Receivers::read(&path, &|_| Some("topsecret".to_owned())).unwrap();
    let alert = Alert::test(Uuid::nil(), Timestamp::UNIX_EPOCH);
    let outcome = receivers.named("people").unwrap().send(&alert).await;
    assert!(matches!(outcome, Outcome::Failed(_)), "{outcome:?}");
    assert!(server.await.is_err(), "the handshake fails");
}
