//! Errors in words.

use std::error::Error;

/// An error and what caused it, in one line: `what failed: why: why`.
pub fn chain(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        // Some libraries repeat their cause in their own text.
        if !words.ends_with(&text) {
            words.push_str(": ");
            words.push_str(&text);
        }
        cause = error.source();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{words}")]
    struct Failure {
        words: &'static str,
        source: Option<Box<Failure>>,
    }

    fn failure(words: &'static str, cause: Option<Failure>) -> Failure {
        Failure { words, source: cause.map(Box::new) }
    }

    #[test]
    fn causes_follow_once_each() {
        let deepest = failure("connection refused", None);
        let deep = failure("a is away: connection refused", Some(deepest));
        let error = failure("cannot ask a", Some(deep));
        assert_eq!(chain(&error), "cannot ask a: a is away: connection refused");
        assert_eq!(chain(&failure("alone", None)), "alone");
    }
}
