//! What is wrong with an answer, in words for operators.
//!
//! The words hold no positions: the same fault of a state that changes all the time is told the same way each
//! time, so that whoever tells of it can tell of it once.

/// Why bytes are no answer of a master that can be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Flaw {
    #[error("it ends before its end")]
    Cut,
    #[error("it is no JSON: {found} stands where {expected} must")]
    NotJson { found: String, expected: &'static str },
    #[error("its brackets do not match")]
    Brackets,
    #[error("it is nested more deeply than {0} levels")]
    TooDeep(u32),
    #[error("something stands behind its end")]
    Trailing,
    #[error("{what} is no part of what Mesos says")]
    Json { what: &'static str, source: serde_json::Error },
    #[error("it has no {0}, so it is not Mesos's")]
    NotMesos(&'static str),
    #[error("its {0} is not what Mesos has there")]
    Kind(&'static str),
    #[error("{0} stands twice in one object")]
    Twice(&'static str),
    #[error("{what} has more than {bytes_max} bytes")]
    TooLong { what: &'static str, bytes_max: usize },
    #[error("it has more than {max} {what}")]
    TooMany { what: &'static str, max: usize },
    #[error("the task {task} {what}")]
    Task { task: String, what: &'static str },
}

impl Flaw {
    pub(crate) fn not_json(found: u8, expected: &'static str) -> Flaw {
        let found = format!("`{}`", char::from(found).escape_debug());
        Flaw::NotJson { found, expected }
    }
}

/// How much of a foreign text is shown.
const SHOWN_CHARS_MAX: usize = 100;

/// A foreign text, without anything that a terminal would obey, and not longer than a line.
pub(crate) fn printable(text: &str) -> String {
    text.chars().take(SHOWN_CHARS_MAX).flat_map(char::escape_debug).collect()
}
