//! Where masters and agents listen.

use std::{fmt, str::FromStr};

/// How an [`Endpoint`] is spoken with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scheme {
    /// Plain HTTP.
    #[default]
    Http,
    /// HTTP over TLS.
    Https,
}

/// A host, by name or address, a port, and how it is spoken with. Names are resolved anew at each connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Endpoint {
    host: String,
    port: u16,
    scheme: Scheme,
}

impl Endpoint {
    /// A host, IPv6 addresses without brackets, and a port, spoken with in plain HTTP.
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        Self { host: host.into(), port, scheme: Scheme::Http }
    }

    /// The same place, spoken with in this way.
    pub fn with_scheme(self, scheme: Scheme) -> Self {
        Self { scheme, ..self }
    }

    /// How it is spoken with.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The host; IPv6 addresses without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Host and port alone, as a `Host` header has them.
    pub(crate) fn authority(&self) -> String {
        let Self { host, port, .. } = self;
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }

    /// Reads the `Location` of a redirection. Mesos leaves the scheme out: `//10.0.0.1:5050/path`
    /// (Mesos `src/master/http.cpp`), and it then stays what it was.
    ///
    /// # Errors
    /// What is wrong with it, and the whole `Location`.
    pub fn from_location(location: &str, scheme: Scheme) -> Result<Self, EndpointError> {
        let rest = location.strip_prefix("//").unwrap_or(location);
        Self::parse(rest, scheme).map_err(|error| error.of(location))
    }

    /// Reads `host:port` or `[::1]:port`, with `http://` or `https://` before it or else with this scheme; a
    /// path is ignored.
    pub(crate) fn parse(text: &str, scheme: Scheme) -> Result<Self, EndpointError> {
        let error = |problem| EndpointError { text: text.to_owned(), problem };
        let (scheme, rest) = split_scheme(text.trim(), scheme);
        if rest.contains("://") {
            return Err(error("of the schemes only http and https are known here"));
        }
        let authority = rest.split('/').next().unwrap_or_default();
        let (host, port) =
            authority.rsplit_once(':').ok_or_else(|| error("the port is missing"))?;
        let host = unbracketed(host).ok_or_else(|| error("the host is malformed"))?;
        match port.parse() {
            Ok(port) if port > 0 => Ok(Self::new(host, port).with_scheme(scheme)),
            _ => Err(error("the port is not between 1 and 65535")),
        }
    }
}

fn split_scheme(text: &str, otherwise: Scheme) -> (Scheme, &str) {
    let schemes = [("http://", Scheme::Http), ("https://", Scheme::Https)];
    let named = |(name, scheme)| Some((scheme, text.strip_prefix(name)?));
    schemes.into_iter().find_map(named).unwrap_or((otherwise, text))
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.scheme {
            Scheme::Http => "",
            Scheme::Https => "https://",
        };
        write!(f, "{scheme}{}", self.authority())
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

    /// Reads `host:port`, `[::1]:port`, and both after `http://` or `https://`; a path is ignored.
    fn from_str(text: &str) -> Result<Self, EndpointError> {
        Self::parse(text, Scheme::default())
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
        use Scheme::{Http, Https};
        for (text, scheme, host, port) in [
            ("m1:5050", Http, "m1", 5050),
            ("http://m1.example:5050", Http, "m1.example", 5050),
            ("https://m1.example:5050", Https, "m1.example", 5050),
            ("http://10.0.0.1:5050/", Http, "10.0.0.1", 5050),
            (" [::1]:5050 ", Http, "::1", 5050),
            ("https://[::1]:5050", Https, "::1", 5050),
        ] {
            let read: Endpoint = text.parse().unwrap();
            assert_eq!(read, Endpoint::new(host, port).with_scheme(scheme), "{text}");
            assert_eq!(read.to_string().parse(), Ok(read), "what is shown can be read");
        }
        let v6 = Endpoint::new("::1", 1);
        assert_eq!((v6.to_string(), v6.authority()), ("[::1]:1".into(), "[::1]:1".into()));
        let https = v6.with_scheme(Https);
        assert_eq!(
            (https.to_string(), https.authority()),
            ("https://[::1]:1".into(), "[::1]:1".into())
        );
    }

    #[test]
    fn malformed_endpoints_are_named() {
        for text in ["", "m1", "m1:", "m1:0", "m1:65536", ":5050", "::1:5050", "[::1:5050", "a@b:1"]
        {
            let error = text.parse::<Endpoint>().unwrap_err().to_string();
            assert!(error.starts_with(&format!("`{text}`")), "{error}");
        }
        for text in ["ftp://m1:5050", "https://http://m1:5050"] {
            let error = text.parse::<Endpoint>().unwrap_err().to_string();
            assert!(error.contains("only http and https"), "{error}");
        }
    }

    #[test]
    fn locations_are_read_with_and_without_a_scheme() {
        for (scheme, other) in [(Scheme::Http, "https"), (Scheme::Https, "http")] {
            let here = Endpoint::new("m2", 5050).with_scheme(scheme);
            for location in ["//m2:5050/api/v1/scheduler", "//m2:5050"] {
                assert_eq!(Endpoint::from_location(location, scheme), Ok(here.clone()));
            }
            let there = format!("{other}://m2:5050/api");
            let there = Endpoint::from_location(&there, scheme).unwrap();
            assert_eq!((there.host(), there.scheme() == scheme), ("m2", false));
        }
        for location in ["ftp://m2:5050/", "/api/v1/scheduler", ""] {
            let error = Endpoint::from_location(location, Scheme::Http).unwrap_err().to_string();
            assert!(error.starts_with(&format!("`{location}`")), "{error}");
        }
    }
}
