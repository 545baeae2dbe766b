//! The transcript: a file of all that the core is told and does, for a replay elsewhere.
//!
//! It is a witness, never a part: a thread of its own writes, lines that it cannot take are not waited for,
//! and whatever fails ends the transcript alone, with a line in the log and in the report.

mod file;

use std::path::Path;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender, TrySendError};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use etcd_mesos_core::scheduler::{Action, Event, Line, Tone};
use etcd_mesos_core::time::Timestamp;
use etcd_mesos_core::transcript::{Header, OpenStep};

/// How many lines may wait for the disk.
const QUEUE_MAX: usize = 1024;
/// How long the end of the program waits for the last lines.
const FAREWELL_MAX: Duration = Duration::from_secs(1);

/// Why a transcript ended before the program did.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Ended {
    /// It has reached its size.
    Full(String),
    /// It cannot be written.
    Failed(String),
}

type Fate = Arc<OnceLock<Ended>>;

/// Writes a transcript, or does nothing if none is wanted. Dropping it writes what is left.
#[derive(Debug)]
pub(crate) struct Transcript {
    lines: Option<SyncSender<String>>,
    written: Option<Receiver<()>>,
    /// The step that is under way.
    open: Option<OpenStep>,
    fate: Fate,
    name: String,
}

impl Transcript {
    /// Begins a transcript in that file.
    pub(crate) fn begin(path: Option<&Path>, header: &Header) -> Transcript {
        let mut transcript = Transcript {
            lines: None,
            written: None,
            open: None,
            fate: Fate::default(),
            name: path.map(|path| path.display().to_string()).unwrap_or_default(),
        };
        let Some(path) = path.map(Path::to_owned) else { return transcript };
        let (send, lines) = mpsc::sync_channel(QUEUE_MAX);
        let (done, written) = mpsc::channel();
        let (header, fate) = (header.to_line(), transcript.fate.clone());
        let run = move || {
            if let Err(ended) = file::write(&path, header, &lines) {
                end(&fate, ended);
            }
            // Whoever hears that it is over finds the line closed.
            drop(lines);
            let _ = done.send(());
        };
        match std::thread::Builder::new().name("transcript".to_owned()).spawn(run) {
            Ok(_) => (transcript.lines, transcript.written) = (Some(send), Some(written)),
            Err(error) => {
                end(&transcript.fate, Ended::Failed(format!("no thread for it: {error}")))
            }
        }
        transcript
    }

    /// A step begins. What the core was told is kept even if it breaks over it.
    pub(crate) fn told(&mut self, at: Timestamp, event: &Event) {
        if self.lines.is_some() {
            self.open = Some(OpenStep::begin(at, event));
        }
    }

    /// The step has ended.
    pub(crate) fn did(&mut self, actions: &[Action]) {
        if let Some(step) = self.open.take() {
            self.write(step.end(actions));
        }
    }

    /// What the report says of it; nothing while all is well.
    pub(crate) fn line(&self) -> Option<Line> {
        let (tone, text) = match self.fate.get()? {
            Ended::Full(why) => (Tone::Fine, why),
            Ended::Failed(why) => (Tone::Trouble, why),
        };
        let text = format!("the transcript in {} has ended: {text}", self.name);
        Some(Line { step: "transcript", tone, text })
    }

    fn write(&mut self, line: String) {
        let Some(lines) = &self.lines else { return };
        match lines.try_send(line) {
            Ok(()) => return,
            Err(TrySendError::Full(_)) => {
                end(&self.fate, Ended::Failed("the disk does not keep up".to_owned()));
            }
            // The writer has ended, and said why.
            Err(TrySendError::Disconnected(_)) => {}
        }
        // No line follows one that is missing.
        self.lines = None;
    }
}

impl Drop for Transcript {
    fn drop(&mut self) {
        if let Some(step) = self.open.take() {
            self.write(step.end_broken());
        }
        self.lines = None;
        let Some(written) = self.written.take() else { return };
        if written.recv_timeout(FAREWELL_MAX) == Err(RecvTimeoutError::Timeout) {
            tracing::warn!("the last lines of the transcript are not written: the disk is slow");
        }
    }
}

fn end(fate: &Fate, ended: Ended) {
    let is_first = fate.set(ended.clone()).is_ok();
    match ended {
        Ended::Full(why) if is_first => tracing::info!("the transcript has ended: {why}"),
        Ended::Failed(why) if is_first => {
            tracing::warn!("the transcript has ended: {why}; everything else goes on");
        }
        Ended::Full(_) | Ended::Failed(_) => {}
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use etcd_mesos_core::config::{Config, Timing};
    use etcd_mesos_core::offer::{Milli, Need};
    use etcd_mesos_core::store::Version;
    use etcd_mesos_core::transcript::Entry;

    use super::*;

    pub(super) fn header() -> Header {
        let some = Milli::whole(1);
        let need =
            Need { cpus: some, mem: some, disk: some, executor_cpus: some, executor_mem: some };
        let config = Config {
            cluster: "prod".parse().unwrap(),
            role: "*".to_owned(),
            size: 3,
            need,
            etcd_flags: Vec::new(),
            nonce: "abc".to_owned(),
            removed_framework: None,
            timing: Timing::default(),
        };
        Header::new("etcd-mesos test", 0, &config, (None, Version(0)))
    }

    fn entries(path: &Path) -> Vec<Entry> {
        let text = std::fs::read_to_string(path).unwrap();
        Header::parse(text.lines().next().unwrap()).unwrap();
        let rest = text.lines().enumerate().skip(1);
        rest.map(|(i, line)| Entry::parse(line, i + 1).unwrap()).collect()
    }

    fn step(at: u64, actions: Option<&[&str]>) -> Entry {
        let texts = |all: &[&str]| all.iter().map(|text| (*text).to_owned()).collect();
        Entry::Step { at: Timestamp(at), event: Box::new(Event::Wake), actions: actions.map(texts) }
    }

    #[test]
    fn steps_are_written_and_one_that_breaks_too() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.jsonl");
        let mut transcript = Transcript::begin(Some(&path), &header());
        transcript.told(Timestamp(1), &Event::Wake);
        transcript.did(&[Action::Revive]);
        transcript.told(Timestamp(2), &Event::Wake);
        assert_eq!(transcript.line(), None);
        drop(transcript);
        let end = Entry::End { why: "the program has ended".to_owned() };
        assert_eq!(entries(&path), [step(1, Some(&["revive"])), step(2, None), end]);
    }

    #[test]
    fn a_file_that_cannot_be_made_is_said_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("nowhere/t.jsonl");
        let mut transcript = Transcript::begin(Some(&path), &header());
        let writer = transcript.written.as_ref().unwrap();
        writer.recv_timeout(Duration::from_secs(60)).unwrap();
        for at in 0..2 {
            transcript.told(Timestamp(at), &Event::Wake);
            transcript.did(&[]);
        }
        assert!(transcript.lines.is_none());
        let line = transcript.line().unwrap();
        assert_eq!((line.step, line.tone), ("transcript", Tone::Trouble));
        assert!(
            line.text.contains("nowhere") && line.text.contains("No such file"),
            "{}",
            line.text
        );
    }

    #[test]
    fn a_disk_that_hangs_is_not_waited_for() {
        let (send, lines) = mpsc::sync_channel(QUEUE_MAX);
        let (_done, written) = mpsc::channel();
        let mut transcript = Transcript {
            lines: Some(send),
            written: Some(written),
            open: None,
            fate: Fate::default(),
            name: "t.jsonl".to_owned(),
        };
        for _ in 0..=QUEUE_MAX {
            transcript.told(Timestamp(1), &Event::Wake);
            transcript.did(&[]);
        }
        assert!(transcript.line().unwrap().text.contains("does not keep up"));
        assert_eq!(lines.try_iter().count(), QUEUE_MAX);
        transcript.told(Timestamp(2), &Event::Wake);
        transcript.did(&[]);
        assert_eq!(lines.try_iter().count(), 0, "no line after one that is missing");
        let began = std::time::Instant::now();
        drop(transcript);
        assert!(began.elapsed() < FAREWELL_MAX * 5, "the end of the program waits a moment alone");
    }

    #[test]
    fn without_a_file_nothing_is_done() {
        let mut transcript = Transcript::begin(None, &header());
        transcript.told(Timestamp(1), &Event::Wake);
        assert!(transcript.open.is_none());
        transcript.did(&[]);
        assert_eq!(transcript.line(), None);
    }
}
