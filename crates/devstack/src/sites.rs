//! Sample websites on the loopback address, each well or ailing in its own way.

mod behaviour;
mod page;
mod serve;

use std::fmt::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinSet;

use crate::certificates::Authority;
use crate::files::{make_folder, write};
use crate::ports::kept_ports;
use behaviour::{Behaviour, SITES, behaviours};

/// A sample website.
#[derive(Clone, Debug)]
pub struct Site {
    /// What is the matter with it, in a word or two.
    pub name: &'static str,
    /// Those that fail together are one, all others another.
    pub group: &'static str,
    /// Where it is.
    pub url: String,
    /// What its page should hold.
    pub regexp: &'static str,
}

/// All sample websites. They end when this is dropped.
#[derive(Debug)]
pub struct Sites {
    all: Vec<Site>,
    folder: PathBuf,
    _servers: JoinSet<()>,
    // A port that is bound and never listened to refuses every connection, and nobody else gets it.
    _refusing: TcpSocket,
}

impl Site {
    /// What people see it called.
    pub fn title(&self) -> String {
        let (first, rest) = self.name.split_at(1);
        first.to_uppercase() + rest
    }
}

impl Sites {
    /// Starts them, on the ports of last time where these are free, so that they are the same
    /// websites again. Their ports and files are kept in `folder`.
    pub async fn start(folder: &Path) -> Result<Self> {
        make_folder(folder)?;
        let authority = Authority::new("Sample sites")?;
        write(&folder.join("ca.pem"), &authority.pem())?;
        let ports: [u16; SITES] = kept_ports(&folder.join("ports")).await?;
        let refusing = TcpSocket::new_v4().context("making a socket for the refusing site")?;
        let mut all = Vec::with_capacity(SITES);
        let mut servers = JoinSet::new();
        for ((name, regexp, behaviour), port) in behaviours(&authority)?.into_iter().zip(ports) {
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            let scheme = if matches!(behaviour, Behaviour::AnswerByTls(..)) {
                "https"
            } else {
                "http"
            };
            let is_shop = matches!(behaviour, Behaviour::Turns(_));
            let path = name.replace(' ', "-");
            all.push(Site {
                name,
                group: if is_shop { "Shops" } else { "Samples" },
                regexp,
                url: format!("{scheme}://{address}/{path}"),
            });
            if matches!(behaviour, Behaviour::Refuse) {
                refusing
                    .bind(address)
                    .with_context(|| format!("taking {address}"))?;
                continue;
            }
            let listener = TcpListener::bind(address)
                .await
                .with_context(|| format!("listening on {address} for the site {name}"))?;
            servers.spawn(serve::serve(listener, serve::Answers::new(behaviour)?));
        }
        Ok(Self {
            all,
            folder: folder.to_path_buf(),
            _servers: servers,
            _refusing: refusing,
        })
    }

    /// Each of them.
    pub fn all(&self) -> &[Site] {
        &self.all
    }

    /// The authority that signed the certificates of those that have a signed one.
    pub fn ca_file(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    /// Writes them to a targets file of the monitor's, and returns its path.
    pub fn write_targets(&self) -> Result<PathBuf> {
        let mut text = String::from("url,regexp,name,group\n");
        for site in &self.all {
            let regexp = site.regexp.replace('"', "\"\"");
            let (url, title, group) = (&site.url, site.title(), site.group);
            // Writing to a text does not fail.
            let _ = writeln!(text, "{url},\"{regexp}\",{title},{group}");
        }
        let file = self.folder.join("targets.csv");
        write(&file, &text)?;
        Ok(file)
    }
}
