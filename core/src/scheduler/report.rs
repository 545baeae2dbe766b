//! What the scheduler does, waits for, and why: the answer to "why does nothing happen?".

use std::fmt;

use serde::Serialize;

/// How much a line of the report asks of its reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    /// All is as it should be.
    Fine,
    /// Something is under way, or awaited.
    Waiting,
    /// Somebody must do something.
    Trouble,
}

/// One sentence of the report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// The step of the plan that says it.
    pub step: &'static str,
    /// How much it asks of its reader.
    pub tone: Tone,
    /// The sentence.
    pub text: String,
}

/// What one pass over the plan has to say, in the plan's order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The sentences.
    pub lines: Vec<Line>,
}

impl Report {
    pub(super) fn say(&mut self, step: &'static str, tone: Tone, text: impl Into<String>) {
        self.lines.push(Line { step, tone, text: text.into() });
    }

    /// The worst tone of all lines.
    pub fn tone(&self) -> Tone {
        self.lines.iter().map(|line| line.tone).max().unwrap_or(Tone::Fine)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Line { step, tone, text } in &self.lines {
            let mark = match tone {
                Tone::Fine => "ok     ",
                Tone::Waiting => "waiting",
                Tone::Trouble => "TROUBLE",
            };
            writeln!(f, "{mark}  {step:<10}  {text}")?;
        }
        Ok(())
    }
}
