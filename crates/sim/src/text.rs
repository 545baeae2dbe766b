//! Scripts as text: a command, a line `----`, and what it must print.
//!
//! ```text
//! # What this script shows.
//!
//! until formed max 60s
//! ----
//! formed after 3.6 s
//! ```
//!
//! An output ends at an empty line; lines that begin with `#` and stand before a command are for
//! people. Scripts (`scripts/`) and exchanges (`exchanges/`) are both written so, and whoever runs
//! one only says what a command does.

/// A command and what it must print.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Where the command stands, from 1.
    pub line: usize,
    /// The command.
    pub command: String,
    /// What it must print, without an end of line.
    pub expected: String,
}

impl Step {
    /// The command's words.
    pub fn words(&self) -> Vec<&str> {
        self.command.split_whitespace().collect()
    }
}

/// A command that printed something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The command.
    pub step: Step,
    /// What it printed.
    pub actual: String,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "line {}: {}", self.step.line, self.step.command)?;
        writeln!(f, "---- expected\n{}", self.step.expected)?;
        write!(f, "---- printed\n{}", self.actual)
    }
}

/// What came of a text that was run.
#[derive(Clone, Debug, Default)]
pub struct Ran {
    /// The text with what was really printed.
    pub text: String,
    /// Where that is not what it says.
    pub differences: Vec<Difference>,
}

const RULE: &str = "----";

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    /// Lines for people, and empty ones.
    Prose(String),
    Step(Step),
}

/// Runs a text: `perform` does what each command says, and returns what it prints.
///
/// # Errors
/// The text is not of this form.
pub fn run(text: &str, mut perform: impl FnMut(&Step) -> String) -> Result<Ran, String> {
    let mut ran = Ran::default();
    for piece in parse(text)? {
        match piece {
            Piece::Prose(lines) => ran.text.push_str(&lines),
            Piece::Step(step) => {
                let actual = tidy(&perform(&step));
                let body = if actual.is_empty() { String::new() } else { format!("{actual}\n") };
                ran.text.push_str(&format!("{}\n{RULE}\n{body}", step.command));
                if actual != step.expected {
                    ran.differences.push(Difference { step, actual });
                }
            }
        }
    }
    Ok(ran)
}

/// An empty line would end the output, so there is none in it.
fn tidy(printed: &str) -> String {
    let lines = printed.lines().map(str::trim_end).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

fn parse(text: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut lines = text.lines().enumerate().peekable();
    while let Some((index, line)) = lines.next() {
        if line.trim().is_empty() || line.starts_with('#') {
            pieces.push(Piece::Prose(format!("{line}\n")));
            continue;
        }
        if lines.next_if(|(_, next)| *next == RULE).is_none() {
            return Err(format!("line {}: no `{RULE}` follows the command {line:?}", index + 1));
        }
        let mut expected = Vec::new();
        while let Some((_, line)) = lines.next_if(|(_, next)| !next.is_empty()) {
            expected.push(line);
        }
        let (command, expected) = (line.trim().to_owned(), expected.join("\n"));
        pieces.push(Piece::Step(Step { line: index + 1, command, expected }));
    }
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const TEXT: &str = "# Why.\n\nsay a\n----\na\n\n# More.\nsay nothing\n----\n\nsay b\n----\nc\n";

    fn say(step: &Step) -> String {
        let said = step.words()[1].to_owned();
        if said == "nothing" { String::new() } else { said }
    }

    #[test]
    fn a_difference_names_its_line_and_the_new_text_has_what_was_printed() {
        let ran = run(TEXT, say).unwrap();
        let told: Vec<String> = ran.differences.iter().map(ToString::to_string).collect();
        assert_eq!(told, ["line 11: say b\n---- expected\nc\n---- printed\nb"]);
        assert_eq!(ran.text, TEXT.replace("\nc\n", "\nb\n"));
        assert!(run(&ran.text, say).unwrap().differences.is_empty());
    }

    #[test]
    fn a_command_without_its_rule_is_refused() {
        let error = run("say a\na\n", say).unwrap_err();
        assert_eq!(error, "line 1: no `----` follows the command \"say a\"");
    }

    #[test]
    fn an_output_has_no_empty_line() {
        let ran = run("say a\n----\na\n", |_| "a\n\nb \n".to_owned()).unwrap();
        assert_eq!(ran.text, "say a\n----\na\nb\n");
    }
}
