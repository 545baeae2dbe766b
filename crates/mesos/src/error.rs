//! How a call can fail, told apart, and whether asking again makes sense.

use std::{error::Error, fmt, io, time::Duration};

use crate::{
    endpoint::{Endpoint, EndpointError},
    recordio::RecordIoError,
    tls::HandshakeError,
};

/// What was asked of whom; the object of each [`CallError`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Mesos's name of the call, or `GET`.
    pub call: &'static str,
    /// Who was asked.
    pub endpoint: Endpoint,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", self.call, self.endpoint)
    }
}

/// When asking again makes sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// At once: what broke is gone, and a new attempt begins afresh.
    Now,
    /// After a while: the other side is not ready.
    Later,
    /// Not before something was changed: the same question gets the same answer.
    Never,
}

/// How a call failed. Bodies are cut at 4 KiB.
///
/// The meanings of the HTTP statuses are those of Mesos `docs/scheduler-http-api.md` and
/// `src/master/http.cpp` (1.11).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// No master is known to lead, so that nobody could be asked.
    #[error("no leading master is known after {within:?}: {why}")]
    NoLeader {
        /// How long one was waited for.
        within: Duration,
        /// Why, in the words of whoever watches the election.
        why: String,
    },
    /// No connection; nothing was sent.
    #[error("{at}: no connection")]
    Connect {
        /// What was asked of whom.
        at: Target,
        /// Why.
        source: ConnectError,
    },
    /// A redirection (302, 307, 308) that can't be followed.
    #[error("{at}: redirected in a way that can't be followed")]
    Redirect {
        /// What was asked of whom.
        at: Target,
        /// Why not.
        source: RedirectError,
    },
    /// 400: a malformed call, an unknown framework, or a stream ID that is no longer the
    /// framework's; the body says which. See [`CallError::is_not_subscribed`].
    #[error("{at}: refused as a bad request (400): {body}")]
    BadRequest {
        /// What was asked of whom.
        at: Target,
        /// In Mesos's words.
        body: String,
    },
    /// 401: no credentials, or wrong ones.
    #[error("{at}: not authenticated (401): {body}")]
    Unauthorized {
        /// What was asked of whom.
        at: Target,
        /// In Mesos's words.
        body: String,
    },
    /// 403: not allowed, or not subscribed (yet).
    #[error("{at}: forbidden (403): {body}")]
    Forbidden {
        /// What was asked of whom.
        at: Target,
        /// In Mesos's words.
        body: String,
    },
    /// 404: this API is not there. A Mesos that has only just started answers so for a moment.
    #[error("{at}: not found (404), so this is no Mesos v1 API, or one that has only just started")]
    NotFound {
        /// What was asked of whom.
        at: Target,
    },
    /// 405.
    #[error("{at}: method not allowed (405)")]
    MethodNotAllowed {
        /// What was asked of whom.
        at: Target,
    },
    /// 406.
    #[error("{at}: it offers no protobuf (406): {body}")]
    NotAcceptable {
        /// What was asked of whom.
        at: Target,
        /// In Mesos's words.
        body: String,
    },
    /// 415.
    #[error("{at}: it takes no protobuf (415): {body}")]
    UnsupportedMediaType {
        /// What was asked of whom.
        at: Target,
        /// In Mesos's words.
        body: String,
    },
    /// 501: a call that this Mesos doesn't know.
    #[error("{at}: not implemented (501)")]
    NotImplemented {
        /// What was asked of whom.
        at: Target,
    },
    /// 503: no leader elected, the master has not finished its recovery, or neither has the agent.
    #[error("{at}: not available (503): {body}")]
    Unavailable {
        /// What was asked of whom.
        at: Target,
        /// In Mesos's words.
        body: String,
    },
    /// A status that Mesos isn't known to answer with.
    #[error("{at}: unexpected status {status}: {body}")]
    UnexpectedStatus {
        /// What was asked of whom.
        at: Target,
        /// The status.
        status: u16,
        /// What came with it.
        body: String,
    },
    /// Who answered is not Mesos.
    #[error("{at}: the answer is not one of Mesos")]
    NotMesos {
        /// What was asked of whom.
        at: Target,
        /// What shows it.
        source: NotMesos,
    },
    /// Nothing, or not all of it, came in time. Whether the call was performed is unknown.
    #[error("{at}: no whole answer within {after:?}")]
    Timeout {
        /// What was asked of whom.
        at: Target,
        /// The deadline.
        after: Duration,
    },
    /// The connection broke before the answer was there. Whether the call was performed is unknown.
    #[error("{at}: the connection broke before the whole answer was there")]
    Broken {
        /// What was asked of whom.
        at: Target,
        /// How.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The answer is longer than was asked for.
    #[error("{at}: the answer is longer than {body_max} bytes")]
    TooLong {
        /// What was asked of whom.
        at: Target,
        /// The bound.
        body_max: usize,
    },
    /// The event stream is over.
    #[error("{at}: the event stream is over")]
    Stream {
        /// What was asked of whom.
        at: Target,
        /// Why.
        source: StreamError,
    },
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The name has no address.
    #[error("the name `{name}` can't be resolved")]
    Resolve {
        /// The name.
        name: String,
        /// Why.
        source: io::Error,
    },
    /// The name was resolved, to nothing.
    #[error("the name `{0}` has no address")]
    NoAddress(String),
    /// No address takes the connection; the error is that of the last one.
    #[error("refused, or out of reach")]
    Io(#[source] io::Error),
    /// It took too long, the TLS handshake included.
    #[error("no connection within {0:?}")]
    Timeout(Duration),
    /// There is a connection, and no TLS on it.
    #[error("no TLS")]
    Tls(#[source] HandshakeError),
}

/// Why a redirection can't be followed.
#[derive(Debug, thiserror::Error)]
pub enum RedirectError {
    /// It doesn't say to where.
    #[error("it names no place")]
    NoLocation,
    /// The place can't be read, or is not HTTP.
    #[error("the place that it names can't be used")]
    Location(#[from] EndpointError),
    /// The winner of the election sends us elsewhere: it does not know yet that it leads, or leads no more.
    #[error("it was elected and does not lead, yet or any more: it names `{0}`")]
    NotLeading(Endpoint),
    /// From TLS to a place without: what is sent there anybody on the way could read. Nothing is sent.
    #[error("it leads from https to `{0}` without TLS")]
    Downgrade(Endpoint),
    /// Each master sends us to another one.
    #[error("the last of {0} redirections in a row leads to yet another place, `{1}`")]
    TooMany(usize, Endpoint),
}

/// What shows that an answer is not one of Mesos.
#[derive(Debug, thiserror::Error)]
pub enum NotMesos {
    /// It is not HTTP.
    #[error("it is not HTTP")]
    NotHttp(#[source] Box<dyn Error + Send + Sync>),
    /// Mesos would have answered with another status.
    #[error("the status is {0}")]
    Status(u16),
    /// Mesos would have answered in protobuf.
    #[error("the content type is `{0}`")]
    ContentType(String),
    /// A subscription has a stream ID.
    #[error("a subscription without a Mesos-Stream-Id")]
    NoStreamId,
}

/// Why an event stream is over.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// Its framing can't be read.
    #[error("it can't be cut into records")]
    RecordIo(#[from] RecordIoError),
    /// A record can't be read.
    #[error("a record can't be decoded")]
    Decode(#[from] prost::DecodeError),
    /// An event lacks what it is about.
    #[error("an event {event} has no {missing}")]
    Incomplete {
        /// Mesos's name of the event.
        event: &'static str,
        /// What is missing.
        missing: &'static str,
    },
    /// The first event has to be SUBSCRIBED or ERROR.
    #[error("it began with an event of type {0}")]
    NotSubscribed(i32),
    /// The other side closed it: it ended, lost its leadership, or another subscription took over.
    #[error("it was closed by the other side")]
    Closed,
    /// It was closed within a record.
    #[error("it was closed within a record")]
    Truncated,
    /// The connection broke.
    #[error("its connection broke")]
    Broken(#[source] Box<dyn Error + Send + Sync>),
    /// Another master was elected, so that this one has nothing more to say.
    #[error("another master leads now, {0}")]
    Deposed(Endpoint),
    /// The other side is silent, so that it, or the network, is away.
    #[error("nothing, not even a heartbeat, came within {0:?}")]
    HeartbeatsMissing(Duration),
}

impl CallError {
    /// When asking again makes sense.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Connect { source: ConnectError::Tls(source), .. } => source.retry(),
            Self::Redirect { source: RedirectError::Downgrade(_), .. } => Retry::Never,
            Self::NoLeader { .. }
            | Self::Connect { .. }
            | Self::Redirect { .. }
            | Self::Forbidden { .. }
            | Self::NotFound { .. }
            | Self::Unavailable { .. }
            | Self::Timeout { .. }
            | Self::Broken { .. } => Retry::Later,
            Self::BadRequest { .. }
            | Self::Unauthorized { .. }
            | Self::MethodNotAllowed { .. }
            | Self::NotAcceptable { .. }
            | Self::UnsupportedMediaType { .. }
            | Self::NotImplemented { .. }
            | Self::NotMesos { .. }
            | Self::TooLong { .. } => Retry::Never,
            Self::UnexpectedStatus { status, .. } if *status >= 500 => Retry::Later,
            Self::UnexpectedStatus { .. } => Retry::Never,
            Self::Stream { source, .. } => source.retry(),
        }
    }

    /// What was asked of whom; none where nobody could be asked.
    pub fn target(&self) -> Option<&Target> {
        match self {
            Self::NoLeader { .. } => None,
            Self::Connect { at, .. }
            | Self::Redirect { at, .. }
            | Self::BadRequest { at, .. }
            | Self::Unauthorized { at, .. }
            | Self::Forbidden { at, .. }
            | Self::NotFound { at }
            | Self::MethodNotAllowed { at }
            | Self::NotAcceptable { at, .. }
            | Self::UnsupportedMediaType { at, .. }
            | Self::NotImplemented { at }
            | Self::Unavailable { at, .. }
            | Self::UnexpectedStatus { at, .. }
            | Self::NotMesos { at, .. }
            | Self::Timeout { at, .. }
            | Self::Broken { at, .. }
            | Self::TooLong { at, .. }
            | Self::Stream { at, .. } => Some(at),
        }
    }

    /// Whether the master says that the caller's subscription is not the framework's: there is none,
    /// or another scheduler has it. Only a new subscription, or an end, helps.
    ///
    /// The words are those of Mesos `src/master/http.cpp` (1.11).
    pub fn is_not_subscribed(&self) -> bool {
        match self {
            Self::Forbidden { body, .. } => {
                body.starts_with("Framework is not ") || body == "Executor is not subscribed"
            }
            Self::BadRequest { body, .. } => {
                body.starts_with("The stream ID") || body == "Framework cannot be found"
            }
            _ => false,
        }
    }

    /// Whether another master of the list may answer better. A master that understood the call and
    /// refused it spoke for all of them.
    pub(crate) fn is_of_this_master_alone(&self) -> bool {
        let was_heard =
            !matches!(self, Self::NotMesos { .. } | Self::Connect { .. } | Self::Redirect { .. });
        self.retry() != Retry::Never || !was_heard
    }
}

impl HandshakeError {
    /// When a new attempt makes sense: a master that only just starts or ends may cut a handshake off.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Closed(_) | Self::Broken(_) => Retry::Later,
            Self::NoAuthorities
            | Self::Name(_)
            | Self::Authority(_)
            | Self::OtherName(_)
            | Self::OutOfDate(_)
            | Self::Certificate(_)
            | Self::NotTls(_)
            | Self::NothingShared(_)
            | Self::Refused(_)
            | Self::Unfit(_) => Retry::Never,
        }
    }
}

impl StreamError {
    /// When subscribing again makes sense.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Closed
            | Self::Truncated
            | Self::Broken(_)
            | Self::Deposed(_)
            | Self::HeartbeatsMissing(_) => Retry::Now,
            Self::RecordIo(_)
            | Self::Decode(_)
            | Self::Incomplete { .. }
            | Self::NotSubscribed(_) => Retry::Later,
        }
    }
}
