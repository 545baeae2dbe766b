//! A command's words, and what they stand for.

use std::time::Duration;

/// The words of a command, read from the left.
pub(super) struct Words<'a> {
    rest: Vec<&'a str>,
}

impl<'a> Words<'a> {
    pub(super) fn of(command: &'a str) -> Words<'a> {
        let mut rest: Vec<&str> = command.split_whitespace().collect();
        rest.reverse();
        Words { rest }
    }

    pub(super) fn next(&mut self) -> Result<&'a str, String> {
        self.rest.pop().ok_or_else(|| "a word is missing at the end".to_owned())
    }

    /// Takes the next word if it is this one.
    pub(super) fn take(&mut self, word: &str) -> bool {
        let is_it = self.rest.last() == Some(&word);
        if is_it {
            self.rest.pop();
        }
        is_it
    }

    /// All words before `max DURATION` or the end, and that duration.
    pub(super) fn up_to_max(&mut self, default: Duration) -> Result<(String, Duration), String> {
        let mut said = Vec::new();
        while let Some(word) = self.rest.pop() {
            if word == "max" {
                return Ok((said.join(" "), self.duration()?));
            }
            said.push(word);
        }
        Ok((said.join(" "), default))
    }

    pub(super) fn duration(&mut self) -> Result<Duration, String> {
        duration(self.next()?)
    }

    /// An agent's name, `a1`, as its index from 0.
    pub(super) fn agent(&mut self, count: usize) -> Result<usize, String> {
        let word = self.next()?;
        let number = word.strip_prefix('a').and_then(|n| n.parse::<usize>().ok());
        number
            .filter(|n| (1..=count).contains(n))
            .map(|n| n - 1)
            .ok_or_else(|| format!("there is no agent {word:?}, only a1 to a{count}"))
    }

    /// `NAME=VALUE` among the words that are left.
    pub(super) fn setting(&self, name: &str) -> Option<&'a str> {
        self.rest.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
    }

    pub(super) fn number(&self, name: &str, default: u64) -> Result<u64, String> {
        let Some(value) = self.setting(name) else { return Ok(default) };
        value.parse().map_err(|_| format!("{name}={value} is no number"))
    }
}

/// `500ms`, `5s`, `4m` or `1h`.
pub(crate) fn duration(word: &str) -> Result<Duration, String> {
    let at = word.find(|c: char| !c.is_ascii_digit()).unwrap_or(word.len());
    let (digits, unit) = word.split_at(at);
    let milliseconds = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err(format!("{word:?} is no duration such as 500ms, 5s, 4m, 1h")),
    };
    let number: u64 = digits.parse().map_err(|_| format!("{word:?} has no number"))?;
    Ok(Duration::from_millis(number * milliseconds))
}
