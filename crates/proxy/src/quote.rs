//! A command line as a shell takes it.

/// The words in one line, each quoted where a shell would read it otherwise.
pub fn line<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    words.into_iter().map(word).collect::<Vec<_>>().join(" ")
}

fn word(word: &str) -> String {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"%+,-./:=@_".contains(&b);
    if !word.is_empty() && word.bytes().all(is_plain) {
        return word.to_owned();
    }
    // Within single quotes everything is itself, but a single quote.
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::process::Command;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_usual_line_needs_no_quotes() {
        let words = ["/usr/bin/etcd", "gateway", "--endpoints=http://10.0.0.1:1,http://[::1]:2"];
        assert_eq!(
            line(words),
            "/usr/bin/etcd gateway '--endpoints=http://10.0.0.1:1,http://[::1]:2'"
        );
        assert_eq!(line(["a b", "", "it's"]), r"'a b' '' 'it'\''s'");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]

        /// What a shell makes of it is what was put in.
        #[test]
        fn a_shell_reads_back_what_was_quoted(words in proptest::collection::vec("[^\0\r\n]{0,12}", 1..5)) {
            let said = line(words.iter().map(String::as_str));
            let script = format!("for word in {said}; do printf '%s\\n' \"$word\"; done");
            let output = Command::new("sh").args(["-c", &script]).output().unwrap();
            let read = String::from_utf8(output.stdout).unwrap();
            prop_assert_eq!(read.split_terminator('\n').collect::<Vec<_>>(), words);
        }
    }
}
