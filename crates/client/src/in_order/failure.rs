//! How one of the list failed, and what all of them together come to: pure.

use etcd_mesos_core::cause::chain;
use etcd_mesos_core::discovery::DiscoveryError;

/// A failure that can be told again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    kind: Kind,
    words: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Away,
    Nobody,
    Unusable,
}

impl Failure {
    /// Says whose it is.
    pub(super) fn of(self, name: &str) -> Failure {
        Failure { words: format!("{name}: {}", self.words), ..self }
    }
}

impl From<DiscoveryError> for Failure {
    /// Without the place, which all of them together name.
    fn from(error: DiscoveryError) -> Failure {
        let (kind, words) = match error {
            DiscoveryError::Unavailable { source, .. } => (Kind::Away, chain(&*source)),
            DiscoveryError::NobodyFound { found, .. } => (Kind::Nobody, found),
            DiscoveryError::Unusable { found, .. } => (Kind::Unusable, found),
            other => (Kind::Away, chain(&other)),
        };
        Failure { kind, words }
    }
}

/// That nobody is there is said only where all that answered say so.
pub(super) fn all_failed(place: String, failures: &[Failure]) -> DiscoveryError {
    let words: Vec<&str> = failures.iter().map(|failure| failure.words.as_str()).collect();
    let found = words.join("; ");
    let has = |kind| failures.iter().any(|failure| failure.kind == kind);
    if has(Kind::Unusable) {
        return DiscoveryError::Unusable { place, found };
    }
    if has(Kind::Nobody) {
        return DiscoveryError::NobodyFound { place, found };
    }
    DiscoveryError::Unavailable { place, source: found.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn away() -> DiscoveryError {
        let cause = std::io::Error::other("refused");
        DiscoveryError::Unavailable { place: "a".into(), source: cause.into() }
    }

    fn nobody() -> DiscoveryError {
        DiscoveryError::NobodyFound { place: "a".into(), found: "none".into() }
    }

    fn unusable() -> DiscoveryError {
        DiscoveryError::Unusable { place: "a".into(), found: "<html>".into() }
    }

    #[test]
    fn nobody_is_there_only_if_all_that_answered_say_so() {
        let all = |errors: Vec<DiscoveryError>| {
            let failures = errors.into_iter().map(|error| Failure::from(error).of("x"));
            all_failed("here".to_owned(), &failures.collect::<Vec<_>>())
        };
        let told = |error: &DiscoveryError| match error {
            DiscoveryError::Unavailable { .. } => format!("away: {}", chain(error)),
            DiscoveryError::NobodyFound { .. } => format!("nobody: {error}"),
            _ => format!("unusable: {error}"),
        };
        for (errors, expected) in [
            (vec![away()], "away: cannot ask here: x: refused"),
            (vec![nobody()], "nobody: here knows no member: x: none"),
            (vec![unusable()], "unusable: here gave no usable answer: x: <html>"),
            (vec![away(), nobody()], "nobody: here knows no member: x: refused; x: none"),
            (
                vec![nobody(), unusable()],
                "unusable: here gave no usable answer: x: none; x: <html>",
            ),
            (
                vec![unusable(), away()],
                "unusable: here gave no usable answer: x: <html>; x: refused",
            ),
        ] {
            assert_eq!(told(&all(errors)), expected);
        }
    }
}
