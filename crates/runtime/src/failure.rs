//! What it means that a connection to the masters failed, and which flag to look at.

use etcd_mesos_core::cause::chain;
use etcd_mesos_core::scheduler::LinkFailure;
use mesos_v1::{CallError, ConnectError, HandshakeError, RedirectError, Retry, Scheme};

/// What a failure means, and what may be behind it: the trouble of whoever watches the election.
pub(crate) fn classify(error: &CallError, trouble: Option<String>) -> LinkFailure {
    let words = chain(error);
    if let Some(advice) = advice(error) {
        return LinkFailure::Lasting(format!("{words}. {advice}"));
    }
    match error {
        // It holds the trouble already.
        CallError::NoLeader { .. } => LinkFailure::Temporary(words),
        other if other.retry() == Retry::Never => LinkFailure::Lasting(words),
        other => {
            let hint = if may_be_tls(other) { TLS_MAY_BE_NEEDED } else { "" };
            LinkFailure::Temporary(match trouble {
                Some(trouble) => format!("{words}{hint}; {trouble}"),
                None => format!("{words}{hint}"),
            })
        }
    }
}

/// What to do about a failure that lasts until somebody does something.
fn advice(error: &CallError) -> Option<&'static str> {
    match error {
        CallError::Unauthorized { .. } => Some(
            "The master asks for credentials: set --mesos-authentication-principal and \
             --mesos-authentication-secret-file to what its operator has given you",
        ),
        CallError::NotFound { .. } | CallError::NotMesos { .. } => Some(
            "Set --master to the host and port of a Mesos master, version 1.0 or later, with \
             https:// before it if it speaks TLS",
        ),
        CallError::Redirect { source: RedirectError::Downgrade(_), .. } => Some(
            "Nothing was sent there. Let every master speak TLS, and whatever stands before them \
             redirect to https",
        ),
        CallError::Connect { source: ConnectError::Tls(refusal), .. } => tls_advice(refusal),
        _ => None,
    }
}

fn tls_advice(refusal: &HandshakeError) -> Option<&'static str> {
    match refusal {
        HandshakeError::NoAuthorities => {
            Some("Write --master=https://… or, with zk://, --mesos-tls, and set --mesos-ca-file")
        }
        HandshakeError::Authority(_) => {
            Some("--mesos-ca-file must hold the authority that signed it")
        }
        HandshakeError::Name(_) | HandshakeError::OtherName(_) => Some(
            "Write the masters in --master as their certificates name them; with zk:// a \
             certificate has to be for the hostname that its master announces",
        ),
        HandshakeError::OutOfDate(_) => {
            Some("Give the master a new certificate; look at this machine's clock, too")
        }
        HandshakeError::Certificate(_) => Some(
            "Give the master a certificate of its own, signed by an authority in --mesos-ca-file",
        ),
        HandshakeError::NotTls(_) => Some(
            "Set --master to a Mesos master that speaks TLS, or leave https:// and --mesos-tls away",
        ),
        HandshakeError::NothingShared(_) => Some(
            "Let LIBPROCESS_SSL_CIPHERS of the master have ECDHE with AES-GCM, which its default \
             lacks; if it demands a certificate, set --mesos-cert-file and --mesos-key-file",
        ),
        HandshakeError::Refused(_) => Some(
            "The master's log says why; if it demands a certificate, look at --mesos-cert-file \
             and --mesos-key-file",
        ),
        HandshakeError::Unfit(_) => Some("The master has to speak TLS 1.2 or 1.3"),
        // It was cut off, which may pass.
        _ => None,
    }
}

const TLS_MAY_BE_NEEDED: &str =
    " (a master that speaks TLS does so too: --master then begins with https://)";

/// A master with TLS closes a connection that begins in plain, and so does one that ends.
fn may_be_tls(error: &CallError) -> bool {
    let CallError::Broken { at, .. } = error else { return false };
    at.call == "SUBSCRIBE" && at.endpoint.scheme() == Scheme::Http
}
