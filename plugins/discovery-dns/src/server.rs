//! The DNS servers to ask: those of the configuration, or the system's.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::str::FromStr;

/// The port of DNS servers.
const PORT: u16 = 53;

/// Where the system says which DNS servers it asks.
const RESOLV_CONF: &str = "/etc/resolv.conf";

/// More than libc asks (3), and fewer than would be a flood.
const SERVERS_MAX: usize = 8;

/// A DNS server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Server {
    /// By its address.
    At(SocketAddr),
    /// By a name, which the system resolves anew for each query.
    Named(String, u16),
}

impl FromStr for Server {
    type Err = String;

    fn from_str(text: &str) -> Result<Server, String> {
        let server = match (text.parse::<SocketAddr>(), text.parse::<IpAddr>()) {
            (Ok(address), _) => Server::At(address),
            (_, Ok(address)) => Server::At(SocketAddr::new(address, PORT)),
            _ => named(text).ok_or_else(|| format!("`{text}` is not of the form host:port"))?,
        };
        if server.port() == 0 { Err(format!("`{text}`: no server has port 0")) } else { Ok(server) }
    }
}

fn named(text: &str) -> Option<Server> {
    let (host, port) = match text.split_once(':') {
        Some((host, port)) => (host, port.parse().ok()?),
        None => (text, PORT),
    };
    let is_right = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let is_host = !host.is_empty() && host.chars().all(is_right);
    is_host.then(|| Server::Named(host.to_owned(), port))
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Server::At(address) => address.fmt(f),
            Server::Named(host, port) => write!(f, "{host}:{port}"),
        }
    }
}

impl Server {
    fn port(&self) -> u16 {
        match self {
            Server::At(address) => address.port(),
            Server::Named(_, port) => *port,
        }
    }

    /// Where it is at present.
    pub(crate) async fn addresses(&self) -> io::Result<Vec<SocketAddr>> {
        match self {
            Server::At(address) => Ok(vec![*address]),
            Server::Named(host, port) => {
                let found = tokio::net::lookup_host((host.as_str(), *port)).await?;
                Ok(found.take(SERVERS_MAX).collect())
            }
        }
    }
}

/// All servers to ask.
#[derive(Clone, Debug)]
pub(crate) enum Servers {
    /// Those of the configuration.
    Given(Vec<Server>),
    /// Those of the system, whatever they are when something is asked.
    Systems,
}

impl Servers {
    /// Those of the configuration; the system's if it names none.
    pub(crate) fn of(given: Vec<Server>) -> Servers {
        if given.is_empty() { Servers::Systems } else { Servers::Given(given) }
    }

    /// The servers at present, the preferred one first.
    pub(crate) fn now(&self) -> io::Result<Vec<Server>> {
        match self {
            Servers::Given(servers) => Ok(servers.clone()),
            Servers::Systems => systems(Path::new(RESOLV_CONF)),
        }
    }
}

impl fmt::Display for Servers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Servers::Given(servers) => {
                let servers: Vec<String> = servers.iter().map(Server::to_string).collect();
                write!(f, "the DNS server{} {}", plural(servers.len()), servers.join(", "))
            }
            Servers::Systems => write!(f, "the DNS servers of {RESOLV_CONF}"),
        }
    }
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

/// As libc reads it: without the file, or without a server in it, the one of this machine is asked.
fn systems(resolv_conf: &Path) -> io::Result<Vec<Server>> {
    let text = match std::fs::read_to_string(resolv_conf) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        read => read?,
    };
    let servers = name_servers(&text);
    let own = Server::At(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), PORT));
    Ok(if servers.is_empty() { vec![own] } else { servers })
}

fn name_servers(text: &str) -> Vec<Server> {
    let addresses = text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        (words.next() == Some("nameserver")).then(|| words.next()).flatten()
    });
    addresses.filter_map(address).take(SERVERS_MAX).map(Server::At).collect()
}

/// An address may name the network interface behind `%`, by its number here: by its name it is the
/// business of libc.
fn address(text: &str) -> Option<SocketAddr> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(SocketAddr::new(address, PORT));
    }
    let (address, scope) = text.split_once('%')?;
    let address = address.parse::<Ipv6Addr>().ok()?;
    Some(std::net::SocketAddrV6::new(address, PORT, 0, scope.parse().ok()?).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_an_address_or_a_name_and_its_port_may_be_left_out() {
        for (text, shown) in [
            ("10.0.0.1:8053", "10.0.0.1:8053"),
            ("10.0.0.1", "10.0.0.1:53"),
            ("::1", "[::1]:53"),
            ("[::1]:8053", "[::1]:8053"),
            ("ns.example:8053", "ns.example:8053"),
            ("ns", "ns:53"),
        ] {
            assert_eq!(text.parse::<Server>().map(|s| s.to_string()), Ok(shown.to_owned()));
        }
        for text in ["", ":53", "a:", "a:0", "10.0.0.1:0", "http://a", "a:53/", "a b", "a:65536"] {
            assert!(text.parse::<Server>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_systems_servers_are_those_of_its_file() {
        let text = "# nameserver 9.9.9.9\nsearch mesos\nnameserver 10.0.0.1\n\
                    nameserver\t::1 # here\nnameserver fe80::1%2\nnameserver fe80::1%eth0\nnameserver";
        let servers: Vec<String> = name_servers(text).iter().map(Server::to_string).collect();
        assert_eq!(servers, ["10.0.0.1:53", "[::1]:53", "[fe80::1%2]:53"]);
        let many = "nameserver 10.0.0.1\n".repeat(100);
        assert_eq!(name_servers(&many).len(), SERVERS_MAX);
    }

    #[test]
    fn without_a_file_this_machine_is_asked() {
        let servers =
            systems(Path::new("/nowhere/resolv.conf")).expect("its absence is no failure");
        assert_eq!(servers, ["127.0.0.1".parse().expect("an address")]);
    }
}
