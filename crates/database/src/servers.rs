//! The servers that `PG_URI` names, each by itself, and what `PG_URI` leaves open.

use std::time::Duration;

use tokio_postgres::{
    Config,
    config::{Host, SslMode},
};

use crate::{passwords::Passwords, ports::port};

/// How long a connection to a server may take: name, TCP, TLS, login. A stopped one accepts and never
/// answers.
const ONLY_SERVER_TIMEOUT: Duration = Duration::from_secs(10);
/// The same where there is another one to go to.
const SERVER_TIMEOUT: Duration = Duration::from_secs(5);
/// How long TCP may take to one address of several: a SYN that is lost goes out again after 1 and 3 s.
const ADDRESS_TIMEOUT: Duration = Duration::from_secs(4);
/// When the network is silent for so long, a connection is dead.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(10);
const KEEPALIVE_IDLE_MAX: Duration = Duration::from_hours(1);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);
const KEEPALIVE_RETRIES: u32 = 3;
const TCP_USER_TIMEOUT: Duration = Duration::from_secs(20);

/// One of the servers.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    /// How it alone is connected to.
    pub(crate) config: Config,
    /// Where it is, for a person: never with a password.
    pub(crate) address: String,
    /// How long a connection may take.
    pub(crate) timeout: Duration,
}

/// Takes the servers apart, in order, and sets what is left open.
pub(crate) fn servers(all: &Config, passwords: &Passwords, application_name: &str) -> Vec<Server> {
    let count = all.get_hosts().len();
    let usual = if count > 1 {
        SERVER_TIMEOUT
    } else {
        ONLY_SERVER_TIMEOUT
    };
    let timeout = all.get_connect_timeout().copied().unwrap_or(usual);
    let numbers = 0..count;
    let server = numbers.map(|number| {
        let mut config = alone(all, number);
        if let Some(password) = passwords.of(number) {
            config.password(password);
        }
        if config.get_application_name().is_none() {
            config.application_name(application_name);
        }
        config.connect_timeout(timeout.min(ADDRESS_TIMEOUT));
        Server {
            address: address(&all.get_hosts()[number], port(all, number)),
            config,
            timeout,
        }
    });
    server.collect()
}

/// Sets how connections are encrypted. As libpq has it, that is about the network, and a socket is none.
pub(crate) fn encrypt(servers: &mut [Server], mode: SslMode) {
    for Server { config, .. } in servers {
        let is_socket = matches!(config.get_hosts(), [Host::Unix(_)]);
        config.ssl_mode(if is_socket { SslMode::Disable } else { mode });
    }
}

fn address(host: &Host, port: u16) -> String {
    match host {
        Host::Tcp(name) if name.contains(':') => format!("[{name}]:{port}"),
        Host::Tcp(name) => format!("{name}:{port}"),
        Host::Unix(folder) => format!("{}, port {port}", folder.display()),
    }
}

/// One of the servers, with everything else as it is. The driver has no way to take a host out.
fn alone(all: &Config, number: usize) -> Config {
    let mut one = Config::new();
    match &all.get_hosts()[number] {
        Host::Tcp(name) => one.host(name),
        Host::Unix(folder) => one.host_path(folder),
    };
    if let Some(address) = all.get_hostaddrs().get(number) {
        one.hostaddr(*address);
    }
    one.port(port(all, number))
        .ssl_mode(all.get_ssl_mode())
        .ssl_negotiation(all.get_ssl_negotiation())
        .channel_binding(all.get_channel_binding())
        .load_balance_hosts(all.get_load_balance_hosts())
        .target_session_attrs(all.get_target_session_attrs());
    copy_login(all, &mut one);
    set_silence(all, &mut one);
    one
}

fn copy_login(all: &Config, one: &mut Config) {
    if let Some(user) = all.get_user() {
        one.user(user);
    }
    if let Some(password) = all.get_password() {
        one.password(password);
    }
    if let Some(name) = all.get_dbname() {
        one.dbname(name);
    }
    if let Some(options) = all.get_options() {
        one.options(options);
    }
    if let Some(name) = all.get_application_name() {
        one.application_name(name);
    }
}

/// After which silence of the network a connection is dead.
fn set_silence(all: &Config, one: &mut Config) {
    // The driver's own default is the system's, two hours.
    let idle = Some(all.get_keepalives_idle()).filter(|idle| *idle <= KEEPALIVE_IDLE_MAX);
    let user_timeout = all.get_tcp_user_timeout().copied();
    one.keepalives(all.get_keepalives())
        .keepalives_idle(idle.unwrap_or(KEEPALIVE_IDLE))
        .keepalives_interval(all.get_keepalives_interval().unwrap_or(KEEPALIVE_INTERVAL))
        .keepalives_retries(all.get_keepalives_retries().unwrap_or(KEEPALIVE_RETRIES))
        .tcp_user_timeout(user_timeout.unwrap_or(TCP_USER_TIMEOUT));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_server_has_all_that_the_string_says() {
        let all = "host=/run/pg,::1,db port=1,2,3 user=u password=p dbname=d options='-c geqo=off' \
            application_name=a connect_timeout=7 keepalives=0 keepalives_idle=8 keepalives_interval=9 \
            keepalives_retries=4 target_session_attrs=read-write channel_binding=require \
            sslmode=require sslnegotiation=direct load_balance_hosts=random";
        let all: Config = all.parse().unwrap();
        let mut servers = servers(&all, &Passwords::default(), "ours");
        encrypt(&mut servers, SslMode::Require);
        let addresses: Vec<_> = servers.iter().map(|it| it.address.as_str()).collect();
        assert_eq!(addresses, ["/run/pg, port 1", "[::1]:2", "db:3"]);
        let alone = "host=db port=3 user=u password=p dbname=d options='-c geqo=off' \
            application_name=a connect_timeout=4 keepalives=0 keepalives_idle=8 keepalives_interval=9 \
            keepalives_retries=4 target_session_attrs=read-write channel_binding=require \
            sslmode=require sslnegotiation=direct load_balance_hosts=random";
        let mut alone: Config = alone.parse().unwrap();
        alone.tcp_user_timeout(TCP_USER_TIMEOUT);
        assert_eq!(servers[2].config, alone);
        assert_eq!(servers[2].timeout, Duration::from_secs(7));
        let socket = &servers[0].config;
        assert_eq!(socket.get_hosts(), [Host::Unix("/run/pg".into())]);
        assert_eq!(socket.get_ssl_mode(), SslMode::Disable);
    }
}
