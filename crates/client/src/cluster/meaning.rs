//! What an error says of a request: whether it was carried out, and whether another member may answer. Pure.
//!
//! What proves that nothing was done, in etcd 3.4 to 3.6:
//! - the request was not sent, because the connection was over: the words are our own;
//! - `no leader`, `rpc not supported for learner`: an interceptor says so before any request is looked at. With
//!   the metadata that a leader is required, which this crate always sends, nothing else says it of a put, a
//!   delete or a transaction;
//! - `too many requests`: said before a proposal is made.
//!
//! Everything else that is no answer may have come after a proposal: a timeout, `server stopped`, a connection
//! that broke. etcd's own client in Go repeats even less: what was not sent.

use std::error::Error as _;

use etcd_client::Error;
use tonic::{Code, Status};

use super::connection::Spent;

/// What an error says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// It was not sent.
    NotSent,
    /// It was refused by this member before anything was done.
    Refused,
    /// The same, and the member is only busy.
    Busy,
    /// Nobody knows whether it was carried out.
    Unknown,
    /// It is etcd's answer, and would be any other member's.
    Answer,
}

impl Meaning {
    /// Whether it certainly was not carried out, and another member may do it.
    pub(super) fn is_undone(self) -> bool {
        matches!(self, Meaning::NotSent | Meaning::Refused | Meaning::Busy)
    }

    /// Whether another member may answer.
    pub(super) fn is_of_member(self) -> bool {
        self != Meaning::Answer
    }

    /// Whether the member should not be asked for a moment.
    pub(super) fn sets_aside(self) -> bool {
        matches!(self, Meaning::NotSent | Meaning::Refused | Meaning::Unknown)
    }
}

pub(super) fn meaning(error: &Error) -> Meaning {
    match error {
        Error::GRpcStatus(status) => of_status(status),
        Error::IoError(_) | Error::TransportError(_) => Meaning::Unknown,
        _ => Meaning::Answer,
    }
}

fn of_status(status: &Status) -> Meaning {
    match status.source() {
        Some(source) if has_spent(source) => Meaning::NotSent,
        // Made on this side: the connection broke, or the time was over.
        Some(_) => Meaning::Unknown,
        None => of_words(status.code(), status.message()),
    }
}

fn has_spent(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut error = Some(error);
    while let Some(one) = error {
        if one.is::<Spent>() {
            return true;
        }
        error = one.source();
    }
    false
}

/// What etcd itself said.
fn of_words(code: Code, words: &str) -> Meaning {
    match (code, words) {
        (_, "etcdserver: no leader" | "etcdserver: rpc not supported for learner") => {
            Meaning::Refused
        }
        (_, "etcdserver: too many requests") => Meaning::Busy,
        (Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled, _) => Meaning::Unknown,
        (Code::Unknown, words) if !words.starts_with("etcdserver: ") => Meaning::Unknown,
        // What tonic makes of an answer that is no gRPC.
        (Code::Internal, words) if !words.starts_with("etcdserver: ") => Meaning::Unknown,
        _ => Meaning::Answer,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn said(code: Code, words: &str) -> Meaning {
        meaning(&Error::GRpcStatus(Status::new(code, words)))
    }

    #[test]
    fn only_what_proves_that_nothing_was_done_counts_as_undone() {
        for (code, words, expected) in [
            (Code::Unavailable, "etcdserver: no leader", Meaning::Refused),
            (Code::Unavailable, "etcdserver: rpc not supported for learner", Meaning::Refused),
            (Code::ResourceExhausted, "etcdserver: too many requests", Meaning::Busy),
            (Code::Unavailable, "etcdserver: request timed out", Meaning::Unknown),
            (Code::Unavailable, "etcdserver: server stopped", Meaning::Unknown),
            (Code::Unavailable, "etcdserver: leader changed", Meaning::Unknown),
            (Code::Unavailable, "tcp connect error", Meaning::Unknown),
            (Code::Unknown, "context deadline exceeded", Meaning::Unknown),
            (Code::Unknown, "raft proposal dropped", Meaning::Unknown),
            (Code::Cancelled, "Timeout expired", Meaning::Unknown),
            (Code::ResourceExhausted, "etcdserver: mvcc: database space exceeded", Meaning::Answer),
            (
                Code::OutOfRange,
                "etcdserver: mvcc: required revision has been compacted",
                Meaning::Answer,
            ),
            (Code::InvalidArgument, "etcdserver: key is not provided", Meaning::Answer),
            (Code::PermissionDenied, "etcdserver: permission denied", Meaning::Answer),
        ] {
            assert_eq!(said(code, words), expected, "{words}");
            assert_eq!(expected.is_undone(), matches!(expected, Meaning::Refused | Meaning::Busy));
        }
    }

    #[test]
    fn what_was_made_on_this_side_is_unknown_unless_it_was_not_sent() {
        let of = |source: Arc<dyn std::error::Error + Send + Sync>| {
            let mut status = Status::unavailable("etcdserver: no leader");
            status.set_source(source);
            meaning(&Error::GRpcStatus(status))
        };
        assert_eq!(of(Arc::new(std::io::Error::other("reset"))), Meaning::Unknown);
        assert_eq!(of(Arc::new(tonic::ConnectError(Box::new(Spent)))), Meaning::NotSent);
    }
}
