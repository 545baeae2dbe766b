//! Why a query did not bring members, and what it may have cost.

use std::error::Error;

use etcd_mesos_core::cause::chain;
use etcd_mesos_core::discovery::DiscoveryError;
use mesos_v1::CallError;

use crate::flaw::Flaw;
use crate::pace::End;

/// What kind of trouble it is: the variants of [`DiscoveryError`].
#[derive(Debug)]
enum Kind {
    Away(Box<dyn Error + Send + Sync>),
    Lie(String),
    Nobody(String),
}

/// A query that did not bring members.
#[derive(Debug)]
pub(crate) struct Trouble {
    kind: Kind,
    pub(crate) end: End,
}

impl Trouble {
    /// Nobody could be asked, or the question was refused.
    pub(crate) fn refused(why: impl Into<Box<dyn Error + Send + Sync>>) -> Trouble {
        Trouble { kind: Kind::Away(why.into()), end: End::Refused }
    }

    /// The answer did not come, or no further.
    pub(crate) fn away(why: impl Into<Box<dyn Error + Send + Sync>>) -> Trouble {
        Trouble { kind: Kind::Away(why.into()), end: End::InVain }
    }

    /// The answer cannot be used.
    pub(crate) fn lie(words: impl Into<String>) -> Trouble {
        Trouble { kind: Kind::Lie(words.into()), end: End::InVain }
    }

    /// There is no member, which to find out cost no more than to find some.
    pub(crate) fn nobody(words: impl Into<String>) -> Trouble {
        Trouble { kind: Kind::Nobody(words.into()), end: End::Answered }
    }

    /// The same, and it was, or will be, a whole state that has to be read to know more.
    pub(crate) fn in_vain(self) -> Trouble {
        Trouble { end: End::InVain, ..self }
    }

    /// The master's answer had not begun.
    pub(crate) fn at_head(error: CallError) -> Trouble {
        match error {
            // It may be at work on what it was asked for, and asking again would make it more.
            CallError::Timeout { .. } | CallError::Broken { .. } => Trouble::away(error),
            CallError::NotMesos { .. } => Trouble::lie(chain(&error)),
            _ => Trouble::refused(error),
        }
    }

    /// Whether whoever answered is still the one to ask.
    pub(crate) fn is_of_members(&self) -> bool {
        matches!(self.kind, Kind::Nobody(_))
    }

    pub(crate) fn at(self, place: String) -> DiscoveryError {
        match self.kind {
            Kind::Away(source) => DiscoveryError::Unavailable { place, source },
            Kind::Lie(found) => DiscoveryError::Unusable { place, found },
            Kind::Nobody(found) => DiscoveryError::NobodyFound { place, found },
        }
    }
}

impl From<Flaw> for Trouble {
    fn from(flaw: Flaw) -> Trouble {
        Trouble::lie(chain(&flaw))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use mesos_v1::{Endpoint, Target};

    use super::*;

    #[test]
    fn a_master_that_may_be_at_work_is_left_alone_for_longer_than_one_that_refused() {
        let at = || Target { call: "GET", endpoint: Endpoint::new("m", 5050) };
        let end = |error| Trouble::at_head(error).end;
        assert_eq!(end(CallError::Timeout { at: at(), after: Duration::ZERO }), End::InVain);
        assert_eq!(end(CallError::Broken { at: at(), source: "cut".into() }), End::InVain);
        assert_eq!(end(CallError::NotFound { at: at() }), End::Refused);
        assert_eq!(end(CallError::Unavailable { at: at(), body: String::new() }), End::Refused);
    }
}
