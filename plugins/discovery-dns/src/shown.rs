//! What servers say, in words for operators.

/// How many of a list are named.
const NAMED_MAX: usize = 4;

/// A list for people, whose length a server does not decide.
pub(crate) fn listed(words: impl IntoIterator<Item = String>) -> String {
    let mut words: Vec<String> = words.into_iter().collect();
    let more = words.len().saturating_sub(NAMED_MAX);
    words.truncate(NAMED_MAX);
    if more > 0 {
        words.push(format!("{more} more"));
    }
    words.join(", ")
}

/// A foreign text, without anything that a terminal would obey.
pub(crate) fn printable(text: &str) -> String {
    text.escape_debug().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_decides_neither_the_length_nor_the_colour_of_what_is_said() {
        assert_eq!(listed((0..9).map(|n| n.to_string())), "0, 1, 2, 3, 5 more");
        assert_eq!(printable("a\u{1b}[31m\n"), "a\\u{1b}[31m\\n");
    }
}
