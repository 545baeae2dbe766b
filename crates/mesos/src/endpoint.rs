//! Where masters and agents listen.

use std::{fmt, str::FromStr};

/// A host, by name or address, and a port. Names are resolved anew at each connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Endpoint {
    host: String,
    port: u16,
}

impl Endpoint {
    /// A host, IPv6 addresses without brackets, and a port.
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        Self { host: host.into(), port }
    }

    /// The host; IPv6 addresses without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Reads the `Location` of a redirection. Mesos leaves the scheme out: `//10.0.0.1:5050/path`
    /// (Mesos `src/master/http.cpp`).
    pub(crate) fn from_location(location: &str) -> Result<Self, EndpointError> {
        let rest = location.strip_prefix("//").unwrap_or(location);
        rest.parse().map_err(|error: EndpointError| error.of(location))
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// Why a text is not an [`Endpoint`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a host and port: {problem}")]
pub struct EndpointError {
    text: String,
    problem: &'static str,
}

impl EndpointError {
    fn of(self, text: &str) -> Self {
        Self { text: text.to_owned(), ..self }
    }
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    /// Reads `host:port`, `[::1]:port`, and both after `http://`; a path is ignored.
    fn from_str(text: &str) -> Result<Self, EndpointError> {
        let error = |problem| EndpointError { text: text.to_owned(), problem };
        let rest = text.trim();
        let rest = rest.strip_prefix("http://").unwrap_or(rest);
        if rest.contains("://") {
            return Err(error("of the schemes only http is known here"));
        }
        let authority = rest.split('/').next().unwrap_or_default();
        let (host, port) =
            authority.rsplit_once(':').ok_or_else(|| error("the port is missing"))?;
        let host = unbracketed(host).ok_or_else(|| error("the host is malformed"))?;
        match port.parse() {
            Ok(port) if port > 0 => Ok(Self::new(host, port)),
            _ => Err(error("the port is not between 1 and 65535")),
        }
    }
}

fn unbracketed(host: &str) -> Option<&str> {
    let allowed = |c: char| c.is_ascii_graphic() && !"/?#@[]%".contains(c);
    let (inner, is_v6) = match host.strip_prefix('[') {
        Some(rest) => (rest.strip_suffix(']')?, true),
        None => (host, false),
    };
    let is_sound = !inner.is_empty() && inner.chars().all(allowed) && inner.contains(':') == is_v6;
    is_sound.then_some(inner)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn endpoints_are_read_in_every_form() {
        for (text, host, port) in [
            ("m1:5050", "m1", 5050),
            ("http://m1.example:5050", "m1.example", 5050),
            ("http://10.0.0.1:5050/", "10.0.0.1", 5050),
            (" [::1]:5050 ", "::1", 5050),
        ] {
            assert_eq!(text.parse(), Ok(Endpoint::new(host, port)), "{text}");
        }
        assert_eq!(Endpoint::new("::1", 1).to_string(), "[::1]:1");
    }

    #[test]
    fn malformed_endpoints_are_named() {
        for text in ["", "m1", "m1:", "m1:0", "m1:65536", ":5050", "::1:5050", "[::1:5050", "a@b:1"]
        {
            let error = text.parse::<Endpoint>().unwrap_err().to_string();
            assert!(error.starts_with(&format!("`{text}`")), "{error}");
        }
        assert!("https://m1:5050".parse::<Endpoint>().unwrap_err().to_string().contains("http"));
    }

    #[test]
    fn locations_are_read_with_and_without_a_scheme() {
        for location in ["//m2:5050/api/v1/scheduler", "http://m2:5050/api", "//m2:5050"] {
            assert_eq!(Endpoint::from_location(location), Ok(Endpoint::new("m2", 5050)));
        }
        for location in ["https://m2:5050/", "/api/v1/scheduler", ""] {
            let error = Endpoint::from_location(location).unwrap_err().to_string();
            assert!(error.starts_with(&format!("`{location}`")), "{error}");
        }
    }
}
