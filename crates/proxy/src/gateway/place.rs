//! Where a client URL leads.

/// The place of a client URL. Bytes pass as they are, so that the scheme only says what a look may ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The client URL.
    pub(super) client_url: String,
    /// `host:port`.
    pub(super) authority: String,
    /// Whether TLS is spoken there, so that a look learns no more than that somebody lives.
    pub(super) is_tls: bool,
}

impl Place {
    /// The place of a client URL, which a discovery promises to be `http` or `https`, a host and a port.
    pub(super) fn of(client_url: &str) -> Place {
        let (scheme, rest) = client_url.split_once("://").unwrap_or(("http", client_url));
        let authority = rest.trim_end_matches('/').to_owned();
        Place { client_url: client_url.to_owned(), authority, is_tls: scheme == "https" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_url_is_a_host_and_a_port_behind_a_scheme() {
        let of = |url| {
            let place = Place::of(url);
            (place.authority, place.is_tls)
        };
        assert_eq!(of("http://10.0.0.1:2379"), ("10.0.0.1:2379".to_owned(), false));
        assert_eq!(of("https://etcd-1.example:31001"), ("etcd-1.example:31001".to_owned(), true));
        assert_eq!(of("http://[fd00::1]:2379/"), ("[fd00::1]:2379".to_owned(), false));
    }
}
