use std::fmt;
use std::io;
use std::time::Duration;

/// Why a part of the harness could not do what a test asked.
///
/// Its `Debug` is its `Display` and its causes, since that is what a failed `unwrap` prints.
#[derive(thiserror::Error)]
pub enum HarnessError {
    /// A program that the tests need is not installed.
    #[error(
        "{what} is not in {place}; run `scripts/setup` at the top of the project, which installs it"
    )]
    Missing {
        /// What was looked for.
        what: String,
        /// Where it was looked for.
        place: String,
    },
    /// The system refused an operation.
    #[error("cannot {doing}")]
    Io {
        /// The operation and its object, to be read after "cannot".
        doing: String,
        /// What the system said.
        source: io::Error,
    },
    /// Something did not happen in time.
    #[error("waited {deadline:?} in vain for {what}{evidence}")]
    Timeout {
        /// What was waited for.
        what: String,
        /// How long.
        deadline: Duration,
        /// The ends of the logs that may explain it.
        evidence: String,
    },
    /// A program ended that should be running.
    #[error("{program} ended with {status}{evidence}")]
    Ended {
        /// Its name.
        program: String,
        /// Its exit status.
        status: std::process::ExitStatus,
        /// The end of its log.
        evidence: String,
    },
    /// An answer is not what its protocol allows, or not a success.
    #[error("{from} answered {answer}")]
    Answer {
        /// Who was asked, and for what.
        from: String,
        /// What is wrong with the answer.
        answer: String,
    },
    /// The test asked for something that cannot be.
    #[error("{0}")]
    Usage(String),
}

impl fmt::Debug for HarnessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

/// Says what an I/O operation was for.
pub(crate) trait Doing<T> {
    /// `doing` is read after "cannot".
    fn doing(self, doing: impl FnOnce() -> String) -> Result<T, HarnessError>;
}

impl<T> Doing<T> for io::Result<T> {
    fn doing(self, doing: impl FnOnce() -> String) -> Result<T, HarnessError> {
        self.map_err(|source| HarnessError::Io { doing: doing(), source })
    }
}
