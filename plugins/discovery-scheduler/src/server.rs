//! An admin server, by its URL.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

/// The admin server's port by default.
const PORT: u16 = 23400;
/// As many addresses of a name are tried.
const ADDRESSES_MAX: usize = 4;

/// An admin server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Server {
    /// An address or a name, without brackets.
    host: String,
    port: u16,
}

impl FromStr for Server {
    type Err = String;

    fn from_str(text: &str) -> Result<Server, String> {
        let form = || format!("`{text}` is not of the form http://host:{PORT}");
        if text.starts_with("https://") {
            return Err(format!("`{text}`: the admin server speaks no TLS; write http://"));
        }
        let rest = text.strip_prefix("http://").unwrap_or(text);
        let (host, port) = split(rest.strip_suffix('/').unwrap_or(rest)).ok_or_else(form)?;
        let port = match port {
            Some(digits) => number(digits).ok_or_else(form)?,
            None => PORT,
        };
        Ok(Server { host: host.to_owned(), port })
    }
}

/// The host without brackets, and the port as it is written.
fn split(text: &str) -> Option<(&str, Option<&str>)> {
    if let Some((host, rest)) = text.strip_prefix('[').and_then(|text| text.split_once(']')) {
        host.parse::<Ipv6Addr>().ok()?;
        return match rest {
            "" => Some((host, None)),
            port => Some((host, Some(port.strip_prefix(':')?))),
        };
    }
    let (host, port) = match text.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (text, None),
    };
    is_name(host).then_some((host, port))
}

/// Whether it can be a host's name, or an IPv4 address.
pub(crate) fn is_name(host: &str) -> bool {
    let is_right = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    !host.is_empty() && host.len() <= 253 && host.chars().all(is_right)
}

fn number(digits: &str) -> Option<u16> {
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|port| is_plain && *port != 0)
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}", self.authority())
    }
}

impl Server {
    /// The host and the port, as `Host` wants them.
    pub(crate) fn authority(&self) -> String {
        match self.host.parse::<IpAddr>() {
            Ok(ip) => SocketAddr::new(ip, self.port).to_string(),
            Err(_) => format!("{}:{}", self.host, self.port),
        }
    }

    /// Where it is at present.
    pub(crate) async fn addresses(&self) -> io::Result<Vec<SocketAddr>> {
        let found = tokio::net::lookup_host((self.host.as_str(), self.port)).await?;
        Ok(found.take(ADDRESSES_MAX).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_says_where_an_admin_server_is() {
        for (text, shown) in [
            ("http://10.0.0.1:8080", "http://10.0.0.1:8080"),
            ("http://10.0.0.1:8080/", "http://10.0.0.1:8080"),
            ("http://etcd.mesos", "http://etcd.mesos:23400"),
            ("etcd.mesos:1", "http://etcd.mesos:1"),
            ("http://[::1]", "http://[::1]:23400"),
            ("http://[::1]:7", "http://[::1]:7"),
        ] {
            assert_eq!(text.parse::<Server>().expect(text).to_string(), shown);
        }
    }

    #[test]
    fn what_is_no_url_of_an_admin_server_is_refused_in_words() {
        for text in [
            "",
            "http://",
            "http://a:0",
            "http://a:",
            "http://a:+1",
            "http://a:65536",
            "http://a b",
            "http://a/members",
            "http://u:p@a:1",
            "http://::1",
            "http://[::1]7",
            "http://[a]:7",
            "ftp://a:1",
        ] {
            let words = text.parse::<Server>().expect_err(text);
            assert!(words.contains(text) && words.contains("http://host:23400"), "{words}");
        }
        let words = "https://a:1".parse::<Server>().expect_err("TLS");
        assert!(words.contains("no TLS"), "{words}");
    }
}
