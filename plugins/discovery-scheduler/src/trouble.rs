//! Why a server's word is not members, in words for operators.

/// What kind of trouble it is. Of several servers' troubles the last of these counts: one that knows no member has
/// at least answered, and one that lies has to be mended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// It did not answer, or says itself that it cannot.
    Away,
    /// It answered what cannot be, or not to the end.
    Lie,
    /// It answered, and knows nobody.
    Nobody,
}

/// A trouble with one server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub kind: Kind,
    pub words: String,
}

impl Trouble {
    pub(crate) fn away(words: impl Into<String>) -> Trouble {
        Trouble { kind: Kind::Away, words: words.into() }
    }

    pub(crate) fn lie(words: impl Into<String>) -> Trouble {
        Trouble { kind: Kind::Lie, words: words.into() }
    }

    pub(crate) fn nobody(words: impl Into<String>) -> Trouble {
        Trouble { kind: Kind::Nobody, words: words.into() }
    }

    /// Says whom it is about.
    pub(crate) fn about(self, whom: impl std::fmt::Display) -> Trouble {
        Trouble { words: format!("{whom}: {}", self.words), ..self }
    }
}

/// How much of a foreign text is shown.
const SHOWN_MAX: usize = 120;

/// A foreign text: its beginning, without anything that a terminal would obey.
pub(crate) fn printable(text: &str) -> String {
    let shown: String = text.trim().chars().take(SHOWN_MAX).collect();
    shown.escape_debug().collect()
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
    fn a_server_decides_neither_the_length_nor_the_colour_of_what_is_said() {
        assert_eq!(printable(" a\u{1b}[31m\n"), "a\\u{1b}[31m");
        assert_eq!(printable(&"x".repeat(1000)).len(), SHOWN_MAX);
    }
}
