//! For discoveries that ask several servers: what each one's trouble is, and what all together are.

use std::fmt::Display;
use std::time::Duration;

use async_trait::async_trait;

use crate::discovery::{Cost, Discovery, DiscoveryError, Members};
use crate::plugin::SectionProblem;

/// What kind of trouble it is. Of several servers' troubles the last of these counts: one that knows no member
/// has at least answered, and one that lies has to be mended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// It did not answer, or says itself that it cannot.
    Away,
    /// It answered what cannot be, or not to the end.
    Lie,
    /// It answered, and knows nobody.
    Nobody,
}

/// A trouble with one server, in words for operators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// Its kind.
    pub kind: Kind,
    /// What it is.
    pub words: String,
}

impl Trouble {
    /// The server did not answer, or says itself that it cannot.
    pub fn away(words: impl Into<String>) -> Trouble {
        Trouble { kind: Kind::Away, words: words.into() }
    }

    /// It answered what cannot be, or not to the end.
    pub fn lie(words: impl Into<String>) -> Trouble {
        Trouble { kind: Kind::Lie, words: words.into() }
    }

    /// It answered, and knows nobody.
    pub fn nobody(words: impl Into<String>) -> Trouble {
        Trouble { kind: Kind::Nobody, words: words.into() }
    }

    /// Says what it is about: a question, a server.
    pub fn about(self, what: impl Display) -> Trouble {
        Trouble { words: format!("{what}: {}", self.words), ..self }
    }

    /// What all servers' troubles together are, for who asked at that place.
    pub fn of_all(troubles: &[Trouble], place: String) -> DiscoveryError {
        let words: Vec<&str> = troubles.iter().map(|trouble| trouble.words.as_str()).collect();
        let words = words.join("; ");
        match troubles.iter().map(|trouble| trouble.kind).max() {
            Some(Kind::Nobody) => DiscoveryError::NobodyFound { place, found: words },
            Some(Kind::Lie) => DiscoveryError::Unusable { place, found: words },
            Some(Kind::Away) => DiscoveryError::Unavailable { place, source: words.into() },
            None => DiscoveryError::Unavailable { place, source: "it has no address".into() },
        }
    }
}

/// The discovery of a section that nobody checked: it asks nobody, and says what is wrong.
#[derive(Debug)]
pub struct Misconfigured {
    /// Who would have been asked.
    pub place: &'static str,
    /// What is wrong with the section.
    pub problems: Vec<SectionProblem>,
}

#[async_trait]
impl Discovery for Misconfigured {
    fn place(&self) -> String {
        self.place.to_owned()
    }

    fn cost(&self) -> Cost {
        Cost::new(Duration::from_secs(1), "nothing: the section is wrong, and nobody is asked")
    }

    async fn members(&self) -> Result<Members, DiscoveryError> {
        let problems =
            self.problems.iter().map(|problem| format!("{}: {}", problem.key, problem.text));
        let source = problems.collect::<Vec<_>>().join("; ").into();
        Err(DiscoveryError::Unavailable { place: self.place(), source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_troubles_the_most_telling_counts() {
        assert_eq!([Kind::Away, Kind::Nobody, Kind::Lie].iter().max(), Some(&Kind::Nobody));
        assert_eq!([Kind::Lie, Kind::Away].iter().max(), Some(&Kind::Lie));
    }

    #[test]
    fn who_answers_that_nobody_is_there_counts_more_than_a_lie_and_that_more_than_silence() {
        let (away, lie, nobody) =
            (Trouble::away("a"), Trouble::lie("b").about("ns"), Trouble::nobody("c"));
        let told = |troubles: &[Trouble]| Trouble::of_all(troubles, "the servers".to_owned());
        let error = told(&[away.clone(), lie.clone(), nobody]);
        assert!(
            matches!(&error, DiscoveryError::NobodyFound { found, .. } if found == "a; ns: b; c")
        );
        assert!(matches!(told(&[lie, away.clone()]), DiscoveryError::Unusable { .. }));
        assert!(matches!(told(&[away]), DiscoveryError::Unavailable { .. }));
        assert!(matches!(told(&[]), DiscoveryError::Unavailable { .. }));
    }
}
