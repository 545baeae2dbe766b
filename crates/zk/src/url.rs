//! `zk://[user:password@]h1:p1,h2:p2/any/depth`, as Mesos writes it.

use std::{fmt, str::FromStr};

const SCHEME: &str = "zk://";

/// The servers of one ZooKeeper, a path in it, and who we are to it. Never shows the password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZkUrl {
    servers: Vec<Server>,
    login: Option<Login>,
    path: String,
}

/// A server of a ZooKeeper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// The name or address; IPv6 without brackets.
    pub host: String,
    /// The client port.
    pub port: u16,
}

/// Who we are to ZooKeeper: its digest scheme's user and password.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    user: String,
    password: String,
}

/// Why a text is no [`ZkUrl`]. What stands before its last `@` is not repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not zk://[user:password@]host:port,host:port/path: {problem}")]
pub struct ZkUrlError {
    text: String,
    problem: Problem,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum Problem {
    #[error("it does not begin with zk://")]
    Scheme,
    #[error("an `@` stands behind the first `/`; neither user nor password can hold a `/`")]
    LateAt,
    #[error("before the `@` stands no user:password")]
    Login,
    #[error("no server is named")]
    NoServer,
    #[error("the server `{0}` has no port; ZooKeeper's own is 2181")]
    NoPort(String),
    #[error("the port of the server `{0}` is not between 1 and 65535")]
    Port(String),
    #[error("the host of the server `{0}` is malformed; an IPv6 address needs brackets")]
    Host(String),
    #[error(
        "the path `{0}` has an empty part, a `.`, a `..`, or a character that ZooKeeper forbids"
    )]
    Path(String),
}

impl ZkUrl {
    /// The servers; at least one.
    pub fn servers(&self) -> &[Server] {
        &self.servers
    }

    /// Who we are, where the URL says it.
    pub fn login(&self) -> Option<&Login> {
        self.login.as_ref()
    }

    /// The same, with that `user:password` in the place of the one that the URL has.
    ///
    /// # Errors
    /// What stands there is none; it is not repeated.
    pub fn with_login(mut self, login: &str) -> Result<Self, ZkUrlError> {
        match Login::parse(login) {
            Ok(login) => self.login = Some(login),
            Err(problem) => return Err(ZkUrlError { text: self.to_string(), problem }),
        }
        Ok(self)
    }

    /// The path, `/` where none is named; else without a slash at its end.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// `host:port,host:port`, for messages.
    pub fn hosts(&self) -> String {
        let shown: Vec<String> = self.servers.iter().map(Server::to_string).collect();
        shown.join(",")
    }

    fn parse(text: &str) -> Result<Self, Problem> {
        let rest = text.strip_prefix(SCHEME).ok_or(Problem::Scheme)?;
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        if path.contains('@') {
            return Err(Problem::LateAt);
        }
        let (login, servers) = match authority.rsplit_once('@') {
            Some((login, servers)) => (Some(Login::parse(login)?), servers),
            None => (None, authority),
        };
        let named = servers.split(',').map(str::trim).filter(|server| !server.is_empty());
        let servers = named.map(Server::parse).collect::<Result<Vec<_>, _>>()?;
        if servers.is_empty() {
            return Err(Problem::NoServer);
        }
        Ok(Self { servers, login, path: parse_path(path)? })
    }
}

impl FromStr for ZkUrl {
    type Err = ZkUrlError;

    fn from_str(text: &str) -> Result<Self, ZkUrlError> {
        let text = text.trim();
        Self::parse(text).map_err(|problem| ZkUrlError { text: without_login(text), problem })
    }
}

impl fmt::Display for ZkUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(SCHEME)?;
        if let Some(login) = &self.login {
            write!(f, "{}:***@", login.user)?;
        }
        write!(f, "{}{}", self.hosts(), self.path)
    }
}

impl Server {
    fn parse(text: &str) -> Result<Self, Problem> {
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (host, after) = rest.split_once(']').ok_or(Problem::Host(text.to_owned()))?;
                (host, after.strip_prefix(':'))
            }
            None => text.rsplit_once(':').map_or((text, None), |(host, port)| (host, Some(port))),
        };
        let is_v6 = text.starts_with('[');
        let allowed = |c: char| c.is_ascii_graphic() && !"/?#@[]%,".contains(c);
        if host.is_empty() || !host.chars().all(allowed) || host.contains(':') != is_v6 {
            return Err(Problem::Host(text.to_owned()));
        }
        let port = port.ok_or(Problem::NoPort(text.to_owned()))?;
        match port.parse() {
            Ok(port) if port > 0 => Ok(Self { host: host.to_owned(), port }),
            _ => Err(Problem::Port(text.to_owned())),
        }
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl Login {
    /// The user.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// `user:password`, as the digest scheme takes it.
    pub(crate) fn secret(&self) -> String {
        format!("{}:{}", self.user, self.password)
    }

    /// A password may hold a colon, a user may not.
    fn parse(text: &str) -> Result<Self, Problem> {
        match text.split_once(':') {
            Some((user, password)) if !user.is_empty() => {
                Ok(Self { user: user.to_owned(), password: password.to_owned() })
            }
            _ => Err(Problem::Login),
        }
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Login({}:***)", self.user)
    }
}

fn parse_path(text: &str) -> Result<String, Problem> {
    let path = text.trim_end_matches('/');
    if path.is_empty() {
        return Ok("/".to_owned());
    }
    let is_sound = path.split('/').skip(1).all(|part| {
        !part.is_empty() && part != "." && part != ".." && !part.chars().any(is_forbidden)
    });
    is_sound.then(|| path.to_owned()).ok_or(Problem::Path(path.to_owned()))
}

/// ZooKeeper `PathUtils.validatePath` (3.8).
fn is_forbidden(c: char) -> bool {
    matches!(c, '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{e000}'..='\u{f8ff}' | '\u{fff0}'..='\u{ffff}')
}

/// A text that may be a malformed URL, fit to be shown.
fn without_login(text: &str) -> String {
    match text.rsplit_once('@') {
        Some((_, rest)) => format!("…@{rest}"),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> ZkUrl {
        text.parse().unwrap()
    }

    #[test]
    fn every_form_is_read() {
        let url = parse(" zk://etcd:p:a@s@h1:2181, [::1]:2182,10.0.0.1:1/any/depth/ ");
        let shown: Vec<String> = url.servers().iter().map(Server::to_string).collect();
        assert_eq!(shown, ["h1:2181", "[::1]:2182", "10.0.0.1:1"]);
        assert_eq!(url.servers()[1].host, "::1");
        assert_eq!(url.login().unwrap().secret(), "etcd:p:a@s");
        assert_eq!(url.path(), "/any/depth");
        for root in ["zk://h:1", "zk://h:1/", "zk://h:1//"] {
            assert_eq!((parse(root).path(), parse(root).login()), ("/", None));
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, part) in [
            ("", "begin with zk://"),
            ("h:1/mesos", "begin with zk://"),
            ("zk://", "no server"),
            ("zk:///mesos", "no server"),
            ("zk://h/mesos", "`h` has no port"),
            ("zk://h1:1,h2/mesos", "`h2` has no port"),
            ("zk://[::1]/mesos", "`[::1]` has no port"),
            ("zk://h:/mesos", "the port of the server `h:`"),
            ("zk://h:0/mesos", "the port of the server `h:0`"),
            ("zk://h:65536", "the port of the server"),
            ("zk://::1:2181/mesos", "brackets"),
            ("zk://[h]:2181/mesos", "malformed"),
            ("zk://[::1:2181", "malformed"),
            ("zk://:2181/mesos", "malformed"),
            ("zk://user@h:1/mesos", "user:password"),
            ("zk://:secret@h:1/mesos", "user:password"),
            ("zk://u:p/w@h:1/mesos", "behind the first `/`"),
            ("zk://h:1/a//b", "empty part"),
            ("zk://h:1/a/../b", "empty part"),
            ("zk://h:1/a\u{1}b", "forbids"),
        ] {
            let error = text.parse::<ZkUrl>().unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn an_error_does_not_repeat_the_password() {
        for text in
            ["zk:/u:secret@h:1/m", "zk://u:secret@h/m", "zk://u:sec/ret@h:1", "zk://secret@h:1"]
        {
            let error = text.parse::<ZkUrl>().unwrap_err();
            assert!(!format!("{error} {error:?}").contains("ret"), "{error:?}");
        }
    }

    fn server() -> impl Strategy<Value = (String, u16)> {
        let host = prop_oneof![
            "[a-z][a-z0-9.-]{0,20}",
            Just("10.1.2.3".to_owned()),
            Just("[fe80::1]".to_owned())
        ];
        (host, 1u16..)
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            servers in prop::collection::vec(server(), 1..5),
            login in prop::option::of(("[a-z]{1,8}", "[!-.0-~]{0,12}SECRET")),
            parts in prop::collection::vec("[a-z0-9_]{1,8}", 0..4),
        ) {
            let hosts: Vec<String> = servers.iter().map(|(host, port)| format!("{host}:{port}")).collect();
            let path = format!("/{}", parts.join("/"));
            let login_text = login.as_ref().map(|(user, password)| format!("{user}:{password}@"));
            let text = format!("zk://{}{}{path}", login_text.unwrap_or_default(), hosts.join(","));
            let url = parse(&text);
            prop_assert_eq!(url.hosts(), hosts.join(","));
            prop_assert_eq!(url.path(), path);
            let secret = login.map(|(user, password)| format!("{user}:{password}"));
            prop_assert_eq!(url.login().map(Login::secret), secret);
            let shown = format!("{url} {url:?}");
            prop_assert!(!shown.contains("SECRET"));
            if url.login().is_none() {
                prop_assert_eq!(parse(&url.to_string()), url);
            }
        }

        #[test]
        fn no_text_is_a_panic_and_none_shows_what_precedes_its_at(text in "(zk://)?[ -~]{0,40}(@[ -~]{0,20})?") {
            let marked = format!("{}SECRET@{}", text.replace('@', ""), "h/m");
            if let Err(error) = marked.parse::<ZkUrl>() {
                prop_assert!(!error.to_string().contains("SECRET"));
            }
            if let Ok(url) = text.parse::<ZkUrl>() {
                prop_assert!(url.path().starts_with('/'));
                prop_assert!(url.path() == "/" || !url.path().ends_with('/'));
                prop_assert!(url.servers().iter().all(|server| server.port > 0));
            }
        }
    }
}
