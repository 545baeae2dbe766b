//! Names for what differs from run to run: IDs by their order or by what they belong to, addresses,
//! directories.

use std::collections::BTreeMap;

use crate::facts::{Message, Value};
use crate::place::{AGENTS, Place, Run};

/// What is written in place of what was heard.
#[derive(Default)]
pub struct Names {
    texts: Vec<(String, String)>,
    uuids: BTreeMap<Vec<u8>, String>,
    /// How many there are of each kind.
    counts: BTreeMap<String, usize>,
    /// Addresses as numbers, and ports.
    numbers: BTreeMap<(&'static str, u64), String>,
}

impl Names {
    /// The names of a place's own parts, and of the runs of executors that it had.
    pub fn of(place: &dyn Place, runs: &[Run]) -> Names {
        let mut names = Names::default();
        let program = std::env::current_exe().unwrap();
        names.text(&program.to_string_lossy(), "<this program>");
        names.address(&place.master(), "master");
        for n in 1..=AGENTS {
            names.address(&place.agent(n), &format!("a{n}"));
            names.text(&place.agent_id(n), &format!("<a{n}>"));
            names.text(&place.work_dir(n).to_string_lossy(), &format!("<work directory of a{n}>"));
        }
        for run in runs {
            let name = names.next(&format!("container of {}", run.executor), false);
            names.text(&run.container, &name);
        }
        names
    }

    fn address(&mut self, at: &str, whose: &str) {
        let (ip, port) = at.split_once(':').unwrap();
        self.text(at, &format!("<{whose}'s ip>:<{whose}'s port>"));
        self.text(ip, &format!("<{whose}'s ip>"));
        let ip: std::net::Ipv4Addr = ip.parse().unwrap();
        // Its bytes in the order of the network, on a machine that has them the other way.
        let number = u64::from(u32::from_le_bytes(ip.octets()));
        self.numbers.insert(("ip", number), format!("<{whose}'s ip>"));
        let kind = if whose == "master" { "<master's port>" } else { "<agent's port>" };
        self.numbers.insert(("port", port.parse().unwrap()), kind.to_owned());
    }

    /// `<f1>`, `<offer 2 of a1>`; the first goes without a number where there usually is one only.
    fn next(&mut self, kind: &str, has_number: bool) -> String {
        let count = self.counts.entry(kind.to_owned()).or_default();
        *count += 1;
        let number = if *count == 1 && !has_number { String::new() } else { count.to_string() };
        match kind.split_once(" of ") {
            None => format!("<{kind}{number}>"),
            Some((what, whose)) if number.is_empty() => format!("<{what} of {whose}>"),
            Some((what, whose)) => format!("<{what} {number} of {whose}>"),
        }
    }

    fn text(&mut self, raw: &str, name: &str) {
        if !raw.is_empty() && self.texts.iter().all(|(known, _)| known != raw) {
            self.texts.push((raw.to_owned(), name.to_owned()));
            // What is part of another comes later.
            self.texts.sort_by_key(|(raw, _)| std::cmp::Reverse(raw.len()));
        }
    }

    fn known(&self, raw: &str) -> bool {
        self.texts.iter().any(|(known, _)| known == raw)
    }

    fn learn(&mut self, raw: Option<&str>, kind: &str, has_number: bool) {
        if let Some(raw) = raw.filter(|raw| !self.known(raw)) {
            let name = self.next(kind, has_number);
            self.text(raw, &name);
        }
    }

    pub fn learn_stream(&mut self, id: Option<&str>) {
        if let Some(id) = id {
            self.text(id, "<stream ID>");
        }
    }

    /// Takes the names out of a scheduler's or an executor's event.
    pub fn learn_event(&mut self, event: &Message) {
        // A framework's ID begins with the master's.
        self.learn(event.text(&["subscribed", "framework_id", "value"]), "f", true);
        self.learn(event.text(&["subscribed", "master_info", "id"]), "master ", true);
        if let Some(offers) = event.inside(&["offers"]) {
            for offer in offers.all("offers") {
                let Value::Message(offer) = offer else { continue };
                let agent = self.replace(offer.text(&["agent_id", "value"]).unwrap_or_default());
                let kind = format!("offer of {}", agent.trim_matches(['<', '>']));
                self.learn(offer.text(&["id", "value"]), &kind, true);
            }
        }
        for path in [&["update", "status"][..], &["acknowledged"]] {
            if let Some(message) = event.inside(path) {
                self.learn_uuid(message);
            }
        }
    }

    fn learn_uuid(&mut self, message: &Message) {
        let task = message.text(&["task_id", "value"]).unwrap_or_default().to_owned();
        if let Some(uuid) = message.bytes(&["uuid"])
            && !self.uuids.contains_key(uuid)
        {
            let name = self.next(&format!("uuid of {task}"), true);
            self.uuids.insert(uuid.to_vec(), name);
        }
    }

    /// A text with names in place of all that has one.
    pub fn replace(&self, text: &str) -> String {
        let replace = |text: String, (raw, name): &(String, String)| text.replace(raw, name);
        self.texts.iter().fold(text.to_owned(), replace)
    }

    /// What is written for a field's value.
    pub fn shown(&self, owner: &str, field: &str, value: &Value) -> String {
        match (owner, field, value) {
            (_, "timestamp", Value::Double(seconds)) => time(*seconds),
            ("mesos.v1.TimeInfo", _, Value::Number(nanoseconds)) => time(*nanoseconds as f64 / 1e9),
            ("mesos.v1.ContainerStatus", "executor_pid", Value::Number(_)) => "<pid>".to_owned(),
            (_, "uuid", Value::Bytes(uuid)) => {
                self.uuids.get(uuid).cloned().unwrap_or_else(|| format!("{uuid:?}"))
            }
            (_, "ip" | "port", Value::Number(number)) => {
                let kind = if field == "ip" { "ip" } else { "port" };
                let name = self.numbers.get(&(kind, *number));
                name.cloned().unwrap_or_else(|| number.to_string())
            }
            (_, _, Value::Text(text)) => format!("{:?}", self.replace(text)),
            (_, _, Value::Bytes(bytes)) => format!("{:?}", String::from_utf8_lossy(bytes)),
            (_, _, Value::Number(number)) => number.to_string(),
            (_, _, Value::Double(double)) => format!("{double}"),
            (_, _, Value::Name(name)) => (*name).to_owned(),
            (_, _, Value::Bool(value)) => value.to_string(),
            (_, _, Value::Message(_)) => unreachable!("it is written field by field"),
        }
    }
}

/// A time of these years.
fn time(seconds: f64) -> String {
    if seconds > 1e9 { "<time>".to_owned() } else { format!("{seconds}") }
}
