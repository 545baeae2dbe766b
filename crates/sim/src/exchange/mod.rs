//! Exchanges: what a scheduler calls, and what a master answers, as text.
//!
//! Each file in `exchanges/` was written by genuine Mesos 1.11.0 (`crates/local/tests/exchanges` checks
//! it and its likes), and the model must answer the same. What differs from run to run is left
//! out: times, messages, and IDs, which are named by their order (`f1`), their agent (offers) or
//! the exchange itself (`t1`, `a1`).
//!
//! A command may end with `within 30s`, when its answer may take so long, or with `for 3s`, when
//! nothing else may come in that time. What is heard is sorted: of each scheduler first what
//! changes its subscription, then updates by task, then messages, failures and offers; what is said
//! twice in one answer is written once.

mod act;
mod heard;
mod model;

use std::time::Duration;

pub use act::Act;
pub use heard::{Heard, What};
pub use model::Model;

use crate::text::{self, Ran, Step};
use act::{Command, Wait};
use heard::Names;

/// A Mesos, genuine or not.
pub trait Mesos {
    /// Does something to it; scheduler `n` is the one that is called `sn`.
    ///
    /// # Errors
    /// It could not be done. A call that the master refuses is no error, but heard.
    fn act(&mut self, act: &Act) -> Result<(), String>;

    /// The next event that any scheduler hears within that time.
    fn hear(&mut self, within: Duration) -> Option<Heard>;

    /// Its clock.
    fn now(&self) -> Duration;
}

/// How long an answer is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The file is being written: until nothing more comes.
    Record,
    /// The file is being checked: until what it says has come, and then a moment more.
    Check,
}

/// An answer that is there takes no longer.
const ANSWER_MAX: Duration = Duration::from_secs(15);
/// What comes later than this after the last event belongs to another command.
const SETTLE: Duration = Duration::from_millis(250);
/// How long nothing may come before a recording goes on.
const QUIET: Duration = Duration::from_secs(2);

/// Runs an exchange.
///
/// # Errors
/// The text is no exchange.
pub fn run(text: &str, mesos: &mut dyn Mesos, mode: Mode) -> Result<Ran, String> {
    let mut names = Names::default();
    text::run(text, |step| match perform(step, mesos, mode, &mut names) {
        Ok(lines) => lines.join("\n"),
        Err(trouble) => format!("error: {trouble}"),
    })
}

fn perform(
    step: &Step,
    mesos: &mut dyn Mesos,
    mode: Mode,
    names: &mut Names,
) -> Result<Vec<String>, String> {
    let Command { act, wait } = Command::parse(&step.command, names)?;
    if let Some(act) = act {
        mesos.act(&act)?;
    }
    let enough = match mode {
        Mode::Record => usize::MAX,
        Mode::Check => step.expected.lines().count(),
    };
    let heard = listen(mesos, mode, wait, enough);
    Ok(names.lines(heard))
}

fn listen(mesos: &mut dyn Mesos, mode: Mode, wait: Wait, enough: usize) -> Vec<Heard> {
    let began = mesos.now();
    let mut last = began;
    let mut heard = Vec::new();
    loop {
        let until = match (wait, mode) {
            (Wait::For(time), _) => began + time,
            (Wait::Within(time), Mode::Record) => began + time,
            (Wait::Usual, Mode::Record) => last + QUIET,
            (_, Mode::Check) if heard.len() >= enough => last + SETTLE,
            (Wait::Within(time), Mode::Check) => began + time.max(ANSWER_MAX),
            (Wait::Usual, Mode::Check) => began + ANSWER_MAX,
        };
        match mesos.hear(until.saturating_sub(mesos.now())) {
            Some(event) => {
                last = mesos.now();
                // How often an agent repeats itself at once is a race.
                if !heard.contains(&event) {
                    heard.push(event);
                }
            }
            None if mesos.now() >= until => return heard,
            None => {}
        }
    }
}
