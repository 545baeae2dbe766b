//! Where clients connect to, as the predecessor writes it: `http://host:port`.

use std::fmt;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::str::FromStr;

/// A URL to listen on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenUrl {
    scheme: Scheme,
    host: String,
    port: u16,
}

/// What clients speak. A gateway passes both on as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Plain.
    Http,
    /// TLS.
    Https,
}

/// A text that is no URL to listen on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not of the form http://host:port")]
pub struct ListenUrlError {
    text: String,
}

/// A host that has no address.
#[derive(Debug, thiserror::Error)]
#[error("the host of {url} has no address")]
pub struct NoAddress {
    url: ListenUrl,
    source: Option<std::io::Error>,
}

impl FromStr for ListenUrl {
    type Err = ListenUrlError;

    fn from_str(text: &str) -> Result<ListenUrl, ListenUrlError> {
        parsed(text).ok_or_else(|| ListenUrlError { text: text.to_owned() })
    }
}

fn parsed(text: &str) -> Option<ListenUrl> {
    let (scheme, rest) = match text.split_once("://")? {
        ("http", rest) => (Scheme::Http, rest),
        ("https", rest) => (Scheme::Https, rest),
        _ => return None,
    };
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let (host, port) = rest.rsplit_once(':')?;
    let port = port.bytes().all(|b| b.is_ascii_digit()).then(|| port.parse().ok())??;
    is_host(host).then(|| ListenUrl { scheme, host: host.to_owned(), port })
}

/// A name, an IPv4 address, or an IPv6 address in brackets.
fn is_host(host: &str) -> bool {
    if let Some(inner) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return inner.parse::<std::net::Ipv6Addr>().is_ok();
    }
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b == b'.' || b == b'-' || b == b'_';
    !host.is_empty() && host.bytes().all(is_plain)
}

impl ListenUrl {
    /// What clients speak.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// `host:port`, an IPv6 address in brackets.
    pub fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// The addresses of its host: those of IPv4, or where it has none, all. So does Go, in which the
    /// predecessor and etcd are written; `localhost` is 127.0.0.1 then.
    ///
    /// # Errors
    /// When the host has no address.
    pub fn addresses(&self) -> Result<Vec<SocketAddr>, NoAddress> {
        let failed = |source| NoAddress { url: self.clone(), source };
        let found: Vec<SocketAddr> =
            self.authority().to_socket_addrs().map_err(|error| failed(Some(error)))?.collect();
        let of_four: Vec<SocketAddr> =
            found.iter().filter(|a| matches!(a.ip(), IpAddr::V4(_))).copied().collect();
        let mut all = if of_four.is_empty() { found } else { of_four };
        all.dedup();
        if all.is_empty() { Err(failed(None)) } else { Ok(all) }
    }
}

impl fmt::Display for ListenUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.scheme {
            Scheme::Http => "http",
            Scheme::Https => "https",
        };
        write!(f, "{scheme}://{}:{}", self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_url_is_one() {
        for right in
            ["http://localhost:2379", "https://10.0.0.1:1", "http://[::1]:0", "http://a_b:2/"]
        {
            assert!(right.parse::<ListenUrl>().is_ok(), "{right}");
        }
        for wrong in [
            "",
            "localhost:2379",
            "http://",
            "http://:2379",
            "http://a",
            "http://a:",
            "http://a:x",
            "http://a:+1",
            "http://a:70000",
            "http://a:1/x",
            "ftp://a:1",
            "http://::1:1",
            "http://[x]:1",
            "http://u@a:1",
            "http://a b:1",
            "http://a,b:1",
        ] {
            let error = wrong.parse::<ListenUrl>().expect_err(wrong);
            assert!(error.to_string().contains(wrong));
        }
    }

    #[test]
    fn the_name_of_this_host_is_an_address_of_ipv4() {
        let url: ListenUrl = "http://localhost:2379".parse().expect("a URL");
        assert_eq!(url.addresses().expect("an address"), ["127.0.0.1:2379".parse().expect("one")]);
        assert_eq!(url.to_string(), "http://localhost:2379");
        let six: ListenUrl = "http://[::1]:2379".parse().expect("a URL");
        assert_eq!(six.addresses().expect("an address"), ["[::1]:2379".parse().expect("one")]);
        let none: ListenUrl = "http://nowhere.invalid:1".parse().expect("a URL");
        assert!(none.addresses().is_err());
    }
}
