//! What is wrong with a configuration: every problem, in one answer.

use std::error::Error;
use std::fmt;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The key that it is about, if it is about one.
    pub key: Option<String>,
    /// Where the value came from; none where it is a default.
    pub origin: Option<String>,
    /// What is wrong, and the way out.
    pub text: String,
}

impl Problem {
    /// A problem that is about no key.
    pub fn general(text: impl Into<String>) -> Problem {
        Problem { key: None, origin: None, text: text.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.key, &self.origin) {
            (Some(key), Some(origin)) => write!(f, "{key} ({origin}): {}", self.text),
            (Some(key), None) => write!(f, "{key} (default): {}", self.text),
            (None, Some(origin)) => write!(f, "{origin}: {}", self.text),
            (None, None) => f.write_str(&self.text),
        }
    }
}

/// Everything that is wrong with a configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration cannot work:")?;
        self.0.iter().try_for_each(|problem| write!(f, "\n  - {problem}"))
    }
}

impl Error for Problems {}

/// An error and its causes.
pub(crate) fn in_one_line(error: &dyn Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {}", in_one_line(cause)),
        None => error.to_string(),
    }
}

/// The known word that was probably meant.
pub(crate) fn suggestion<'a>(
    word: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let near = |candidate: &&str| strsim::damerau_levenshtein(word, candidate);
    let best = known.into_iter().min_by_key(|candidate| near(candidate))?;
    (near(&best) <= 1 + word.len() / 3).then_some(best)
}
