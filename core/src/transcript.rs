//! The form of a transcript: all that one scheduler process was told, and what it did then.
//!
//! JSON lines. The first is a [`Header`], from which the scheduler can be made again; each further
//! one is an [`Entry`]. Who feeds the events at their times to that scheduler sees it decide the
//! same. Writing files and reading them is for others.

use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::record::{Record, RecordError};
use crate::scheduler::{Action, Event, Scheduler};
use crate::store::Version;
use crate::time::Timestamp;

/// The version of the form.
pub const TRANSCRIPT_VERSION: u32 = 1;

/// How the first line of every transcript begins, whatever its version.
pub const TRANSCRIPT_BEGINS: &str = "{\"transcript\":";

/// The first line: what a scheduler began with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// [`TRANSCRIPT_VERSION`]; it stands first, so that a file can be told from others.
    pub transcript: u32,
    /// The program's version.
    pub program: String,
    /// When the scheduler began by the wall clock, in milliseconds since 1970: its log has such times.
    pub began_unix_ms: u64,
    /// Its settings.
    pub config: Config,
    /// The version of the record that it loaded.
    pub version: Version,
    /// That record; none if the store had none. It is read as the store's would be.
    record: Option<serde_json::Value>,
}

/// A further line.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    /// A step.
    Step {
        /// When it was taken.
        at: Timestamp,
        /// What the scheduler was told.
        event: Box<Event>,
        /// What it did, in texts; none if the step never ended: the program broke in it.
        actions: Option<Vec<String>>,
    },
    /// The last line, if the transcript was ended and not cut off.
    End {
        /// Why it ends.
        why: String,
    },
}

/// [`Entry`] on its line.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryLine {
    at: Option<Timestamp>,
    event: Option<Box<Event>>,
    #[serde(default)]
    actions: Vec<String>,
    #[serde(default)]
    broke: bool,
    end: Option<String>,
}

/// A transcript that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum TranscriptError {
    /// There is not even a first line.
    #[error("it is no transcript: it does not begin with {TRANSCRIPT_BEGINS}")]
    Foreign,
    /// Another version of the program wrote it.
    #[error(
        "it has version {found}, and this program reads {TRANSCRIPT_VERSION}: \
         use the version of etcd-mesos that wrote it, which its first line names"
    )]
    Version {
        /// The version that was found.
        found: u32,
    },
    /// A line does not parse.
    #[error("line {line} does not parse")]
    Line {
        /// Its number, from 1.
        line: usize,
        /// What the parser said.
        source: serde_json::Error,
    },
    /// A line is neither a step nor an end.
    #[error("line {line} is neither a step nor an end")]
    Shape {
        /// Its number, from 1.
        line: usize,
    },
    /// The record cannot be used.
    #[error("the record in its first line cannot be used")]
    Record(#[from] RecordError),
}

/// The version alone, read first, so that another version is told from nonsense.
#[derive(Deserialize)]
struct Versioned {
    transcript: u32,
}

impl Header {
    /// The header of a scheduler that is about to be made from these.
    ///
    /// # Panics
    /// Never: every field of a record can be written as JSON.
    pub fn new(
        program: &str,
        began_unix_ms: u64,
        config: &Config,
        (record, version): (Option<&Record>, Version),
    ) -> Header {
        let value = |record| serde_json::to_value(record).expect("plain data is always JSON");
        Header {
            transcript: TRANSCRIPT_VERSION,
            program: program.to_owned(),
            began_unix_ms,
            config: config.clone(),
            version,
            record: record.map(value),
        }
    }

    /// Its line, without the line feed.
    ///
    /// # Panics
    /// Never: every field of it can be written as JSON.
    pub fn to_line(&self) -> String {
        serde_json::to_string(self).expect("plain data is always JSON")
    }

    /// Reads the first line.
    ///
    /// # Errors
    /// When it is none, or of another version.
    pub fn parse(line: &str) -> Result<Header, TranscriptError> {
        if !line.starts_with(TRANSCRIPT_BEGINS) {
            return Err(TranscriptError::Foreign);
        }
        let wrong = |source| TranscriptError::Line { line: 1, source };
        let Versioned { transcript } = serde_json::from_str(line).map_err(wrong)?;
        if transcript != TRANSCRIPT_VERSION {
            return Err(TranscriptError::Version { found: transcript });
        }
        serde_json::from_str(line).map_err(wrong)
    }

    /// The record that the scheduler loaded, read and checked as the store's is.
    ///
    /// # Errors
    /// What a scheduler would refuse at its start, too.
    pub fn record(&self) -> Result<Option<Record>, RecordError> {
        let Some(value) = &self.record else { return Ok(None) };
        Record::parse(value.to_string().as_bytes(), &self.config.cluster).map(Some)
    }

    /// The scheduler as it was when the transcript began.
    ///
    /// # Errors
    /// When its record cannot be used.
    pub fn scheduler(&self) -> Result<Scheduler, TranscriptError> {
        Ok(Scheduler::new(self.config.clone(), self.record()?, self.version))
    }
}

/// The line of a step that is under way, so that one that breaks is told of, too.
#[derive(Debug)]
pub struct OpenStep(String);

impl OpenStep {
    /// A step that is about to be taken.
    ///
    /// # Panics
    /// Never: every event can be written as JSON.
    pub fn begin(at: Timestamp, event: &Event) -> OpenStep {
        let event = serde_json::to_string(event).expect("plain data is always JSON");
        OpenStep(format!("{{\"at\":{},\"event\":{event}", at.0))
    }

    /// Its line, without the line feed, once it is known what it came to.
    pub fn end(self, actions: &[Action]) -> String {
        self.end_with(&actions.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    /// The same, where the actions are texts already.
    ///
    /// # Panics
    /// Never: texts can be written as JSON.
    pub fn end_with(self, actions: &[String]) -> String {
        if actions.is_empty() {
            return self.0 + "}";
        }
        let actions = serde_json::to_string(actions).expect("texts are always JSON");
        format!("{},\"actions\":{actions}}}", self.0)
    }

    /// Its line, without the line feed, when the program broke in it.
    pub fn end_broken(self) -> String {
        self.0 + ",\"broke\":true}"
    }
}

impl Entry {
    /// The line that says why a transcript ends, without the line feed.
    pub fn end_line(why: &str) -> String {
        serde_json::json!({ "end": why }).to_string()
    }

    /// Reads one line, which has this number in its file.
    ///
    /// # Errors
    /// When it is no entry.
    pub fn parse(line: &str, number: usize) -> Result<Entry, TranscriptError> {
        let parsed: EntryLine = serde_json::from_str(line)
            .map_err(|source| TranscriptError::Line { line: number, source })?;
        match parsed {
            EntryLine { at: Some(at), event: Some(event), actions, broke, end: None }
                if !broke || actions.is_empty() =>
            {
                Ok(Entry::Step { at, event, actions: (!broke).then_some(actions) })
            }
            EntryLine { at: None, event: None, actions, broke: false, end: Some(why) }
                if actions.is_empty() =>
            {
                Ok(Entry::End { why })
            }
            EntryLine { .. } => Err(TranscriptError::Shape { line: number }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{Epoch, MemberName};
    use crate::offer::{Milli, Need};
    use crate::scheduler::{LinkFailure, SaveFailure, SaveId};
    use crate::wire::{EtcdState, FromExecutor, WIRE_VERSION};

    fn config() -> Config {
        let some = Milli::whole(1);
        let need =
            Need { cpus: some, mem: some, disk: some, executor_cpus: some, executor_mem: some };
        Config {
            cluster: "prod".parse().unwrap(),
            role: "*".to_owned(),
            size: 3,
            need,
            etcd_flags: vec!["--quota-backend-bytes=1".to_owned()],
            nonce: "abc".to_owned(),
            removed_framework: None,
            timing: crate::config::Timing::default(),
        }
    }

    fn message(v: u32) -> Event {
        let body = FromExecutor {
            v,
            epoch: Epoch(3),
            seq: 9,
            re: None,
            refused: None,
            task_id: "etcd.prod.0.etcd-1-2.1".parse().unwrap(),
            formed: true,
            etcd: EtcdState::Preparing,
            starts: 2,
        };
        Event::Message { agent_id: "a1".into(), body: Ok(body) }
    }

    #[test]
    fn steps_survive_their_lines() {
        let events = [
            Event::Wake,
            message(WIRE_VERSION),
            Event::Message { agent_id: "a1".into(), body: Err("nonsense".to_owned()) },
            Event::Saved { id: SaveId(3), outcome: Ok(Version(7)) },
            Event::Saved { id: SaveId(4), outcome: Err(SaveFailure::Conflict("who".to_owned())) },
            Event::Disconnected(LinkFailure::Temporary("later".to_owned())),
            Event::Probed { member: MemberName::of(1, 0), outcome: Err("refused".to_owned()) },
            Event::Failure { agent_id: None, executor_id: None },
        ];
        for event in events {
            let open = || OpenStep::begin(Timestamp(12), &event);
            let step = |actions| {
                let event = Box::new(event.clone());
                Entry::Step { at: Timestamp(12), event, actions }
            };
            let lines = [
                (open().end(&[Action::Suppress, Action::Revive]), Some(vec!["suppress", "revive"])),
                (open().end(&[]), Some(Vec::new())),
                (open().end_broken(), None),
            ];
            for (line, actions) in lines {
                let texts = actions.map(|all| all.into_iter().map(str::to_owned).collect());
                assert_eq!(Entry::parse(&line, 2).unwrap(), step(texts), "{line}");
            }
        }
        let end = Entry::End { why: "full".to_owned() };
        assert_eq!(Entry::parse(&Entry::end_line("full"), 2).unwrap(), end);
    }

    #[test]
    fn what_the_types_refuse_is_refused_in_a_transcript_too() {
        for (line, why) in [
            (r#"{"at":1,"event":{"probed":{"member":"-x","outcome":{"Err":""}}}}"#, "begin or end"),
            (r#"{"at":1,"event":{"not_launched":{"task_id":"etcd.p.0","why":""}}}"#, "five fields"),
            (r#"{"at":1,"event":{"saved":{"id":1,"outcome":{"Ok":1},"x":1}}}"#, "unknown field"),
            (r#"{"at":1,"event":"wake","permit":"etcd.p.0.a.1"}"#, "unknown field"),
            (&OpenStep::begin(Timestamp(1), &message(2)).end(&[]), "version 2"),
        ] {
            let TranscriptError::Line { line: 5, source } = Entry::parse(line, 5).unwrap_err()
            else {
                panic!("{line}")
            };
            assert!(source.to_string().contains(why), "{source}");
        }
        for line in [r#"{"at":1}"#, r#"{"end":"x","at":1,"event":"wake"}"#, "{}"] {
            assert!(matches!(Entry::parse(line, 1), Err(TranscriptError::Shape { .. })), "{line}");
        }
    }

    #[test]
    fn a_header_makes_the_same_scheduler_again() {
        let mut record = Record::new("prod".parse().unwrap());
        record.epoch = Epoch(4);
        let header = Header::new("etcd-mesos 1", 5, &config(), (Some(&record), Version(6)));
        let line = header.to_line();
        assert!(line.starts_with(TRANSCRIPT_BEGINS), "{line}");
        let read = Header::parse(&line).unwrap();
        assert_eq!(read, header);
        assert_eq!(read.scheduler().unwrap().record(), &record);
        let none = Header::new("etcd-mesos 1", 5, &config(), (None, Version(0)));
        assert_eq!(Header::parse(&none.to_line()).unwrap().record().unwrap(), None);
    }

    #[test]
    fn foreign_newer_and_impossible_headers_are_told_apart() {
        assert!(matches!(Header::parse("etcd-mesos state 1"), Err(TranscriptError::Foreign)));
        let newer = Header::parse(r#"{"transcript":2,"all":"else"}"#).unwrap_err();
        assert!(matches!(newer, TranscriptError::Version { found: 2 }), "{newer}");
        let mut other = config();
        other.cluster = "other".parse().unwrap();
        let record = Record::new("prod".parse().unwrap());
        let header = Header::new("etcd-mesos 1", 5, &other, (Some(&record), Version(1)));
        let refused = header.scheduler().unwrap_err();
        assert!(matches!(refused, TranscriptError::Record(RecordError::Cluster { .. })));
    }
}
