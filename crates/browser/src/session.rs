//! A browser of a test's own.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use base64::{Engine, prelude::BASE64_STANDARD};
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

use crate::axe;
use crate::devtools::Devtools;
use crate::driver;
use crate::log::{ConsoleLog, Line};
use crate::screen::Screen;

/// How far the page reaches beyond the window, and the first elements that do.
const SIDEWAYS: &str = "const over = document.documentElement.scrollWidth - innerWidth; \
    if (over <= 0) return []; \
    const wide = [...document.querySelectorAll('body *')] \
        .filter(e => e.getBoundingClientRect().right > innerWidth) \
        .map(e => `${e.tagName}.${e.getAttribute('class')} ${e.getBoundingClientRect().left | 0} to ` \
            + (e.getBoundingClientRect().right | 0)); \
    return [`${over} px`, ...wide.slice(0, 12)]";
/// How long it may take a browser to end.
const END_MAX: Duration = Duration::from_secs(10);
/// Rules of WCAG 2.1 up to AA, and what is good practice besides. What axe cannot judge by itself (a
/// text upon a picture, say) is no barrier.
const JUDGE: &str = "return axe.run(document, {resultTypes: ['violations']}).then(found => \
    found.violations.flatMap(rule => rule.nodes.map(node => \
        `${rule.id}: ${rule.help}: ${node.html} (${node.failureSummary})`)));";

/// A browser. It ends when it is dropped, or with the process.
#[derive(Debug)]
pub struct Browser {
    client: Client,
    /// Where chromedriver listens, and how it calls the browser.
    address: &'static str,
    session: String,
    screen: Screen,
}

impl Browser {
    /// Starts one.
    pub async fn open(screen: Screen) -> Result<Self> {
        let options = json!({
            // Only our own pages are looked at; a container seldom lets Chromium make a sandbox, and
            // has little shared memory.
            "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                "--hide-scrollbars", "--force-color-profile=srgb"],
        });
        let capabilities = [
            ("goog:chromeOptions", options),
            ("goog:loggingPrefs", json!({ "browser": "ALL" })),
        ];
        let capabilities = capabilities
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value));
        let address = driver::address().await?;
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities.collect())
            .connect(&format!("http://{address}"))
            .await
            .context("starting a browser")?;
        let session = client.session_id().await?.context("a session")?;
        let mut browser = Self {
            client,
            address,
            session,
            screen,
        };
        browser.show_on(screen).await?;
        Ok(browser)
    }

    /// Looks otherwise from now on. Whether scripts run is seen by the next page.
    pub async fn show_on(&mut self, screen: Screen) -> Result<()> {
        self.screen = screen;
        for command in [
            Devtools::size(&screen),
            Devtools::scheme(&screen),
            Devtools::scripts(&screen),
        ] {
            self.client.issue_cmd(command).await?;
        }
        Ok(())
    }

    /// Goes to a page, and waits until it is loaded.
    pub async fn go(&self, url: &str) -> Result<()> {
        let gone = self.client.goto(url).await;
        gone.with_context(|| format!("going to {url}"))
    }

    /// What a script returns; a promise is waited for.
    pub async fn run(&self, script: &str) -> Result<Value> {
        let returned = self.client.execute(script, Vec::new()).await;
        returned.with_context(|| format!("running {script:.200}"))
    }

    /// What an expression is, as text.
    pub async fn text(&self, expression: &str) -> Result<String> {
        let value = self.run(&format!("return String({expression})")).await?;
        Ok(value.as_str().unwrap_or_default().to_owned())
    }

    /// The text of the first element so selected; empty where there is none.
    pub async fn text_of(&self, selector: &str) -> Result<String> {
        let expression = format!("document.querySelector({selector:?})?.innerText ?? ''");
        self.text(&expression).await
    }

    /// What makes the page scroll sideways; nothing where it does not.
    pub async fn sideways(&self) -> Result<Vec<String>> {
        let found = self.run(SIDEWAYS).await?;
        serde_json::from_value(found).context("reading what is too wide")
    }

    /// What the console said since it was last asked: errors, warnings, what the policy forbade.
    pub async fn complaints(&self) -> Result<Vec<String>> {
        let log = self.client.issue_cmd(ConsoleLog).await?;
        let lines: Vec<Line> = serde_json::from_value(log).context("reading the console")?;
        let loud = lines.into_iter().filter(|line| line.level != "DEBUG");
        Ok(loud
            .map(|line| format!("{}: {}", line.level, line.message))
            .collect())
    }

    /// What keeps some people from using the page, as axe-core judges it.
    pub async fn barriers(&self) -> Result<Vec<String>> {
        self.run(axe::script().await?).await?;
        let found = self.run(JUDGE).await?;
        // What axe itself made the console say is nobody's complaint.
        self.client.issue_cmd(ConsoleLog).await?;
        serde_json::from_value(found).context("reading what axe-core found")
    }

    /// A picture of the page, PNG: of all of it, or of what is in the window.
    pub async fn picture(&self, is_whole: bool) -> Result<Vec<u8>> {
        let mut height = self.screen.height;
        if is_whole {
            let script = "return document.documentElement.scrollHeight";
            let whole = self.run(script).await?.as_u64().context("a number")?;
            height = u32::try_from(whole)?;
        }
        ensure!(height > 0, "the page has no height");
        let command = Devtools::picture(self.screen.width, height);
        let picture = self.client.issue_cmd(command).await?;
        let data = picture["data"].as_str().context("a picture")?;
        Ok(BASE64_STANDARD.decode(data)?)
    }
}

impl Drop for Browser {
    /// By hand, since a test's runtime ends before a task of it would run. A browser that does not end now
    /// ends with the process.
    fn drop(&mut self) {
        if let Err(error) = end(self.address, &self.session) {
            devstack::say(format_args!("A browser did not end: {error}"));
        }
    }
}

fn end(address: &str, session: &str) -> io::Result<()> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(END_MAX))?;
    let request = format!(
        "DELETE /session/{session} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes())?;
    // chromedriver keeps the connection: the answer's first bytes say that the browser is gone.
    stream.read(&mut [0; 64]).map(|_| ())
}
