//! What servers say, in words for operators.

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
    fn a_server_decides_neither_the_length_nor_the_colour_of_what_is_said() {
        assert_eq!(printable(" a\u{1b}[31m\n"), "a\\u{1b}[31m");
        assert_eq!(printable(&"x".repeat(1000)).len(), SHOWN_MAX);
    }
}
