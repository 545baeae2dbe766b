//! Replay: a transcript's events, at their times, into a scheduler as it was at the beginning.
//!
//! The core has no clock and no chance of its own, so that it decides again what it decided then; where it does
//! not, it was changed since, or the transcript was. What must hold whatever is decided is asked after every
//! step ([`rules`]).

pub mod rules;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use etcd_mesos_core::scheduler::{Action, Event, ExitCode, Report, Scheduler, Step};
use etcd_mesos_core::time::Timestamp;
use etcd_mesos_core::transcript::{Entry, Header, OpenStep, TranscriptError};

use rules::Rules;

/// What a replay came to.
#[derive(Debug)]
pub struct Replay {
    /// What the transcript began with.
    pub header: Header,
    /// How many steps were replayed.
    pub steps: usize,
    /// The first step that decided otherwise than it did then.
    pub difference: Option<Difference>,
    /// What must never be, and was, each with the line of its step.
    pub broken: Vec<String>,
    /// How the transcript ends, in its own words.
    pub end: String,
    /// The scheduler after the last step.
    pub scheduler: Scheduler,
    /// Each sentence that the report had.
    pub said: BTreeSet<String>,
    /// How many launches there were.
    pub launches: usize,
    /// How it ended the program, if it did.
    pub exit: Option<ExitCode>,
    /// The transcript with what is decided today.
    pub blessed: String,
}

/// A step that decided otherwise than it did when it was recorded.
#[derive(Debug)]
pub struct Difference {
    /// Its line in the transcript.
    pub line: usize,
    /// When it was.
    pub at: Timestamp,
    /// What the scheduler was told.
    pub event: Event,
    /// What was recorded; none if the program broke in it.
    pub recorded: Option<Vec<String>>,
    /// What is decided today; none if the program breaks in it.
    pub replayed: Option<Vec<String>>,
    /// The report after it.
    pub report: Report,
}

/// Replays a transcript, to its end or until the program breaks in a step.
///
/// # Errors
/// When it cannot be read. Half a last line, as a sudden end leaves it, is left out.
pub fn replay(text: &str) -> Result<Replay, TranscriptError> {
    let is_whole = text.ends_with('\n');
    let mut lines: Vec<(usize, &str)> = text.lines().enumerate().collect();
    if !is_whole {
        lines.pop();
    }
    let mut lines = lines.into_iter();
    let (_, first) = lines.next().ok_or(TranscriptError::Foreign)?;
    let header = Header::parse(first)?;
    let mut replay = Replay {
        scheduler: header.scheduler()?,
        header,
        steps: 0,
        difference: None,
        broken: Vec::new(),
        end: "it was cut off: the process was killed, or the copy was".to_owned(),
        said: BTreeSet::new(),
        launches: 0,
        exit: None,
        blessed: format!("{first}\n"),
    };
    let mut rules = Rules::new(&replay.scheduler);
    for (index, line) in lines {
        match Entry::parse(line, index + 1)? {
            Entry::End { why } => {
                replay.bless(line.to_owned());
                replay.end = why;
            }
            Entry::Step { at, event, actions } => {
                if !replay.step(&mut rules, index + 1, (at, *event), actions) {
                    break;
                }
            }
        }
    }
    Ok(replay)
}

impl Replay {
    /// False when the program breaks in the step, so that no other can follow.
    fn step(
        &mut self,
        rules: &mut Rules,
        line: usize,
        (at, event): (Timestamp, Event),
        recorded: Option<Vec<String>>,
    ) -> bool {
        self.steps += 1;
        let told = event.clone();
        let stepped = catch_unwind(AssertUnwindSafe(|| self.scheduler.step(at, told))).ok();
        let replayed = stepped.as_ref().map(texts);
        let open = OpenStep::begin(at, &event);
        self.bless(match &replayed {
            Some(texts) => open.end_with(texts),
            None => open.end_broken(),
        });
        let report = stepped.as_ref().map(|step| step.report.clone()).unwrap_or_default();
        self.said.extend(report.lines.iter().map(|line| line.text.clone()));
        match &stepped {
            Some(step) => {
                step.actions.iter().for_each(|action| self.count(action));
                let broken = rules.check(&self.scheduler, &event, &step.actions);
                self.broken.extend(broken.into_iter().map(|what| format!("line {line}: {what}")));
            }
            None => self.broken.push(format!("line {line}: the program breaks in this step")),
        }
        if self.difference.is_none() && recorded != replayed {
            self.difference = Some(Difference { line, at, event, recorded, replayed, report });
        }
        stepped.is_some()
    }

    fn count(&mut self, action: &Action) {
        match action {
            Action::Launch { .. } => self.launches += 1,
            Action::Exit { code, .. } => self.exit = Some(*code),
            _ => {}
        }
    }

    fn bless(&mut self, line: String) {
        self.blessed.push_str(&line);
        self.blessed.push('\n');
    }
}

fn texts(step: &Step) -> Vec<String> {
    step.actions.iter().map(ToString::to_string).collect()
}

impl std::fmt::Display for Replay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Header { program, config, .. } = &self.header;
        writeln!(f, "cluster {}, written by {program}: {} steps", config.cluster, self.steps)?;
        writeln!(f, "the transcript's end: {}", self.end)?;
        self.broken.iter().try_for_each(|what| writeln!(f, "BROKEN: {what}"))?;
        match &self.difference {
            None => writeln!(f, "every step decided what was recorded"),
            Some(difference) => write!(f, "{difference}"),
        }
    }
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(
            f,
            "DIFFERENCE in line {}, {} after the start: {:?}",
            self.line, self.at, self.event
        )?;
        for (what, actions) in [("recorded", &self.recorded), ("decided today", &self.replayed)] {
            match actions {
                None => writeln!(f, "{what}: the program breaks")?,
                Some(actions) => {
                    writeln!(f, "{what}:")?;
                    actions.iter().try_for_each(|text| writeln!(f, "    {text}"))?;
                }
            }
        }
        writeln!(f, "the report after it:\n{}", self.report)
    }
}
