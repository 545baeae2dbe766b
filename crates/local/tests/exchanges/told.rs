//! All that was heard while an exchange was played, and the text that it makes.

use std::collections::BTreeSet;

use bytes::Bytes;

use crate::facts::{self, Message, Value};
use crate::names::Names;
use crate::place::{Place, Run};
use crate::shown::{self, Blocks};
use crate::transcript::{self, Entry};
use crate::wire::{Answer, Head, STREAM_ID};

const SCHEDULER_EVENT: &str = "mesos.v1.scheduler.Event";
const EXECUTOR_EVENT: &str = "mesos.v1.executor.Event";

/// What somebody was told.
#[derive(Clone, Debug)]
pub enum Said {
    /// To a request.
    Answer(Answer),
    /// To a subscription.
    Head(Head),
    /// An event of a scheduler.
    Record(Bytes),
    /// The end of its stream.
    End,
    /// What the test itself found.
    Note(String),
}

#[derive(Default)]
struct Step {
    command: String,
    said: Vec<(Option<usize>, Said)>,
}

/// An exchange as it went.
#[derive(Default)]
pub struct Told {
    steps: Vec<Step>,
}

impl Told {
    pub fn step(&mut self, command: &str) {
        self.steps.push(Step { command: command.to_owned(), said: Vec::new() });
    }

    /// Of a scheduler, or of nobody in particular.
    pub fn say(&mut self, scheduler: Option<usize>, said: Said) {
        if self.steps.is_empty() {
            self.step("");
        }
        self.steps.last_mut().unwrap().said.push((scheduler, said));
    }

    /// What schedulers heard, and then what each run of an executor heard.
    pub fn text(&self, place: &dyn Place, runs: &[Run]) -> String {
        let mut names = Names::of(place, runs);
        self.learn(&mut names);
        let runs: Vec<(&Run, Vec<Entry>)> =
            runs.iter().map(|run| (run, transcript::read(&run.sandbox))).collect();
        for entry in runs.iter().flat_map(|(_, entries)| entries) {
            if let Entry::Record(record) = entry {
                names.learn_event(&facts::read(EXECUTOR_EVENT, record));
            }
        }
        let mut blocks = Blocks::default();
        let mut text = String::new();
        for step in &self.steps {
            write(&mut text, &step.command, &step.lines(&names, &mut blocks));
        }
        for (run, entries) in runs {
            let title = format!("executor {} on a{}", run.executor, run.agent);
            let lines = entries.iter().flat_map(|entry| heard(entry, &names, &mut blocks));
            write(&mut text, &title, &lines.collect::<Vec<_>>());
        }
        text
    }

    fn learn(&self, names: &mut Names) {
        for (_, said) in self.steps.iter().flat_map(|step| &step.said) {
            match said {
                Said::Head(head) => names.learn_stream(head.get(STREAM_ID)),
                Said::Record(record) => names.learn_event(&facts::read(SCHEDULER_EVENT, record)),
                Said::Answer(_) | Said::End | Said::Note(_) => {}
            }
        }
    }
}

fn write(text: &mut String, title: &str, lines: &[String]) {
    let body: String = lines.iter().map(|line| format!("{line}\n")).collect();
    text.push_str(&format!("{title}\n----\n{body}\n"));
}

/// A piece of what was heard, with what sorts it.
struct Piece {
    rank: (usize, usize, String),
    title: String,
    lines: Vec<String>,
}

impl Step {
    /// In the order of the other exchanges: of each scheduler the answer, then what changes its
    /// subscription, then updates by task, then the rest; what comes twice is written once.
    fn lines(&self, names: &Names, blocks: &mut Blocks) -> Vec<String> {
        let mut pieces: Vec<Piece> =
            self.said.iter().flat_map(|(of, said)| said.pieces(*of, names)).collect();
        pieces.sort_by(|a, b| a.rank.cmp(&b.rank));
        let mut seen = BTreeSet::new();
        pieces.retain(|piece| seen.insert((piece.title.clone(), piece.lines.clone())));
        pieces.into_iter().flat_map(|piece| blocks.write(&piece.title, piece.lines)).collect()
    }
}

impl Said {
    fn pieces(&self, scheduler: Option<usize>, names: &Names) -> Vec<Piece> {
        let of = scheduler.map_or(String::new(), |n| format!("s{n} "));
        let piece = |rank: usize, subject: &str, title: String, lines: Vec<String>| Piece {
            rank: (scheduler.unwrap_or(0), rank, subject.to_owned()),
            title: format!("{of}{title}"),
            lines,
        };
        match self {
            Said::Answer(answer) => {
                let mut lines = shown::answer(answer, names);
                let first = lines.remove(0);
                vec![piece(0, "", format!("is answered {first}"), lines)]
            }
            Said::Head(head) => {
                let head = shown::head(head, 0, names);
                vec![piece(0, "", format!("is answered {head}"), Vec::new())]
            }
            Said::Note(words) => vec![piece(9, "", words.clone(), Vec::new())],
            Said::End => vec![piece(3, "", "hears the end of its stream".to_owned(), Vec::new())],
            Said::Record(record) => {
                let event = facts::read(SCHEDULER_EVENT, record);
                let parts = if event.text(&["type"]) == Some("OFFERS") {
                    offers(&event)
                } else {
                    vec![event]
                };
                let one = |event: &Message| {
                    let (rank, subject) = rank(event, names);
                    piece(rank, &subject, title(event, names), body(event, names))
                };
                parts.iter().map(one).collect()
            }
        }
    }
}

/// How many offers come in one event is chance.
fn offers(event: &Message) -> Vec<Message> {
    let all = event.inside(&["offers"]).unwrap();
    let alone = |(number, offer): &(u64, Value)| {
        let offers = Message { name: all.name, fields: vec![(*number, offer.clone())] };
        let fields = event.fields.iter().map(|(number, value)| match value {
            Value::Message(_) => (*number, Value::Message(offers.clone())),
            other => (*number, other.clone()),
        });
        Message { name: event.name, fields: fields.collect() }
    };
    all.fields.iter().map(alone).collect()
}

fn rank(event: &Message, names: &Names) -> (usize, String) {
    let text = |path: &[&str]| event.text(path).map(|text| names.replace(text)).unwrap_or_default();
    match event.text(&["type"]) {
        Some("SUBSCRIBED") => (1, String::new()),
        Some("ERROR") => (2, String::new()),
        Some("UPDATE") => (4, text(&["update", "status", "task_id", "value"])),
        Some("MESSAGE") => (5, text(&["message", "agent_id", "value"])),
        Some("FAILURE") => (
            6,
            text(&["failure", "agent_id", "value"]) + &text(&["failure", "executor_id", "value"]),
        ),
        Some("RESCIND") => (7, text(&["rescind", "offer_id", "value"])),
        Some("OFFERS") => (8, text(&["offers", "offers", "agent_id", "value"])),
        _ => (9, String::new()),
    }
}

/// An offer's ID is said here, so that offers can be alike.
fn title(event: &Message, names: &Names) -> String {
    let kind = event.text(&["type"]).unwrap_or("an event without a type");
    match event.text(&["offers", "offers", "id", "value"]) {
        Some(id) => format!("{kind} {}", names.replace(id)),
        None => kind.to_owned(),
    }
}

/// The part of an event that its type names.
fn body(event: &Message, names: &Names) -> Vec<String> {
    let mut lines = Vec::new();
    for (number, value) in &event.fields {
        match value {
            Value::Message(part) => lines.extend(shown::message(part, names, 2)),
            _ if *number == 1 => {}
            other => lines.push(format!("  {}", names.shown(event.name, "", other))),
        }
    }
    match event.text(&["offers", "offers", "id", "value"]) {
        Some(id) => {
            let id = names.replace(id);
            lines.into_iter().map(|line| line.replace(&id, "<this offer>")).collect()
        }
        None => lines,
    }
}

fn heard(entry: &Entry, names: &Names, blocks: &mut Blocks) -> Vec<String> {
    match entry {
        Entry::Variables(variables) => {
            let line =
                |(name, value): &(String, String)| format!("  {name}={}", names.replace(value));
            let mut lines: Vec<String> = variables.iter().map(line).collect();
            lines.sort();
            blocks.write("its environment", lines)
        }
        Entry::Answer(call, answer) => {
            let mut lines = shown::answer(answer, names);
            let first = lines.remove(0);
            [vec![format!("{call} is answered {first}")], lines].concat()
        }
        Entry::Record(record) => {
            let event = facts::read(EXECUTOR_EVENT, record);
            blocks.write(&title(&event, names), body(&event, names))
        }
        Entry::End => vec!["the end of its stream".to_owned()],
    }
}
