//! Why a chore could not be done.

use std::error::Error;
use std::fmt;

/// A failure, in words for the person at the terminal. Nothing in this program reacts to its kind.
#[derive(Debug)]
pub struct Failure(String);

/// What a chore's part returns.
pub type Outcome<T> = Result<T, Failure>;

impl Failure {
    /// A failure that has no further cause.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The same failure with more to read below it.
    pub fn with(self, evidence: &str) -> Self {
        Self(format!("{}\n{evidence}", self.0))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Every error becomes its text and its causes'. `Failure` is no `Error`, so this covers all the others.
impl<E: Error> From<E> for Failure {
    fn from(error: E) -> Self {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            text += &format!(": {error}");
            cause = error.source();
        }
        Self(text)
    }
}

/// Refuses to go on unless something holds; `what` says what was found instead.
pub fn ensure(holds: bool, what: impl FnOnce() -> String) -> Outcome<()> {
    if holds { Ok(()) } else { Err(Failure(what())) }
}
