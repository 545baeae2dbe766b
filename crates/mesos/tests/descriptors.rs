//! Every message and enum of ours against what Mesos itself says of it.
//!
//! prost's structs can't be asked for their fields, so the test reads them where they are written: the
//! source, with its `#[prost(..)]` attributes. The facts in `descriptors/mesos-v1.txt` come from the
//! descriptors inside Mesos 1.11.0; `descriptors/extract.py` says how.

#![allow(clippy::unwrap_used)]

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use mesos_v1::proto::{Reason, Source, TaskState, executor, scheduler};

const FACTS: &str = include_str!("descriptors/mesos-v1.txt");

const SOURCES: [&str; 9] = [
    include_str!("../src/proto/executor.rs"),
    include_str!("../src/proto/framework.rs"),
    include_str!("../src/proto/ids.rs"),
    include_str!("../src/proto/offer.rs"),
    include_str!("../src/proto/scheduler.rs"),
    include_str!("../src/proto/status.rs"),
    include_str!("../src/proto/task.rs"),
    include_str!("../src/proto/value.rs"),
    include_str!("../src/resource/view.rs"),
];

type Words = Vec<&'static str>;

/// The lines of one kind about one message or enum, cut into words.
fn facts(kind: &str, owner: &str) -> impl Iterator<Item = &'static Words> + use<> {
    static ALL: LazyLock<BTreeMap<String, Vec<Words>>> = LazyLock::new(|| {
        let mut all = BTreeMap::<_, Vec<Words>>::new();
        for line in FACTS.lines().filter(|line| !line.starts_with('#')) {
            let words: Words = line.split(' ').collect();
            all.entry(words[..2].join(" ")).or_default().push(words);
        }
        all
    });
    ALL.get(&format!("{kind} {owner}")).into_iter().flatten()
}

/// A struct or an enum as it is written.
#[derive(Debug)]
struct Declared {
    /// The module within its file; empty at the top.
    module: String,
    name: String,
    /// From its documentation: Whole `..` or Enum `..`.
    genuine: String,
    members: Vec<Member>,
}

/// A field with its attribute and type, or a variant with its number.
#[derive(Debug)]
struct Member {
    name: String,
    attribute: String,
    value: String,
}

fn declarations(source: &str) -> Vec<Declared> {
    let mut module = String::new();
    let (mut docs, mut attributes) = (String::new(), String::new());
    let mut found: Vec<Declared> = Vec::new();
    let mut is_inside = false;
    let code = source.split("#[cfg(test)]").next().unwrap();
    for line in code.lines() {
        let (indent, line) = (line.len() - line.trim_start().len(), line.trim());
        if let Some(text) = line.strip_prefix("///") {
            docs.push_str(text);
        } else if line.starts_with("#[") {
            attributes.push_str(line);
        } else if let Some(name) = line.strip_prefix("pub mod ").filter(|l| l.ends_with('{')) {
            module = name.trim_end_matches(" {").to_owned();
            (docs, attributes) = Default::default();
        } else if let Some(name) = declared_name(line, &attributes) {
            let genuine = genuine_name(&docs).unwrap_or_else(|| panic!("{name} names no original"));
            let module = if indent == 0 { String::new() } else { module.clone() };
            found.push(Declared { module, name, genuine, members: Vec::new() });
            is_inside = true;
            (docs, attributes) = Default::default();
        } else if line == "}" {
            is_inside = false;
            (docs, attributes) = Default::default();
        } else if is_inside {
            let member = member(line, std::mem::take(&mut attributes));
            found.last_mut().unwrap().members.extend(member);
            docs.clear();
        } else {
            (docs, attributes) = Default::default();
        }
    }
    found
}

fn declared_name(line: &str, attributes: &str) -> Option<String> {
    let is_wire =
        attributes.contains("prost::Message") || attributes.contains("prost::Enumeration");
    let rest = line.strip_prefix("pub struct ").or_else(|| line.strip_prefix("pub enum "));
    rest.filter(|_| is_wire).map(|rest| rest.trim_end_matches(" {").to_owned())
}

fn genuine_name(docs: &str) -> Option<String> {
    let (_, rest) = docs.split_once("Whole `").or_else(|| docs.split_once("Enum `"))?;
    Some(rest.split('`').next()?.to_owned())
}

fn member(line: &str, attribute: String) -> Option<Member> {
    let line = line.trim_end_matches(',');
    let (name, value) = line
        .strip_prefix("pub ")
        .and_then(|l| l.split_once(": "))
        .or_else(|| line.split_once(" = "))?;
    let name = name.trim_start_matches("r#").to_owned();
    Some(Member { name, attribute, value: value.to_owned() })
}

/// What differs from Mesos, in words; nothing where all is well.
fn differences(sources: &[String]) -> Vec<String> {
    let files: Vec<_> = sources.iter().map(|source| declarations(source)).collect();
    let mut wrong = Vec::new();
    for file in &files {
        for declared in file {
            let is_enum = facts("enum", &declared.genuine).count() == 1;
            if is_enum {
                wrong.extend(enum_differences(declared));
            } else {
                wrong.extend(message_differences(declared, file, &files));
            }
        }
    }
    wrong
}

fn enum_differences(declared: &Declared) -> Vec<String> {
    let variant = |member: &Member| (member.value.parse().unwrap(), shouted(&member.name));
    let ours: BTreeMap<i32, String> = declared.members.iter().map(variant).collect();
    let value = |words: &Words| (words[3].parse().unwrap(), words[2].replace('_', ""));
    let theirs: BTreeMap<i32, String> = facts("value", &declared.genuine).map(value).collect();
    // Ours go without the prefix that all of theirs share, TASK_ for example.
    let prefix = |(n, ours): (&i32, &String)| Some(theirs.get(n)?.strip_suffix(ours)?.to_owned());
    let prefixes: BTreeSet<_> = ours.iter().map(prefix).collect();
    let is_same = ours.len() == theirs.len() && prefixes.len() == 1 && !prefixes.contains(&None);
    if is_same { vec![] } else { vec![format!("{}: {ours:?} is not {theirs:?}", declared.genuine)] }
}

fn shouted(camel: &str) -> String {
    camel.to_uppercase()
}

fn message_differences(
    declared: &Declared,
    file: &[Declared],
    files: &[Vec<Declared>],
) -> Vec<String> {
    let genuine = &declared.genuine;
    let mut theirs: BTreeMap<_, _> =
        facts("field", genuine).map(|words| (words[2], words[3..].join(" "))).collect();
    if facts("message", genuine).count() != 1 {
        return vec![format!("{genuine} is no message of Mesos")];
    }
    let mut wrong = Vec::new();
    for member in &declared.members {
        match theirs.remove(member.name.as_str()) {
            None => wrong.push(format!("{genuine} has no {}", member.name)),
            Some(fact) => {
                let ours = described(member, &fact, declared, file, files);
                if ours != fact {
                    wrong.push(format!("{genuine}.{}: `{ours}` is not `{fact}`", member.name));
                }
            }
        }
    }
    wrong.extend(theirs.keys().map(|name| format!("{genuine} lacks {name}")));
    wrong
}

/// One of our fields in the words of the facts: number, label, type.
fn described(
    member: &Member,
    fact: &str,
    declared: &Declared,
    file: &[Declared],
    files: &[Vec<Declared>],
) -> String {
    let inner = member.attribute.split_once("#[prost(").unwrap().1.trim_end_matches(")]");
    let words: Vec<&str> = inner.split(", ").collect();
    let number =
        words.iter().find_map(|word| word.strip_prefix("tag = ")).unwrap().trim_matches('"');
    let label = ["required", "optional", "repeated"];
    let label = label.into_iter().find(|label| words.contains(label)).unwrap_or("no label");
    let kind = match words[0] {
        "message" => format!("message {}", resolved(&bare(&member.value), declared, file, files)),
        "bytes = \"bytes\"" => opaque(fact),
        word => match word.strip_prefix("enumeration = ") {
            Some(name) => {
                format!("enum {}", resolved(name.trim_matches('"'), declared, file, files))
            }
            None => word.to_owned(),
        },
    };
    format!("{number} {label} {kind}")
}

/// Bytes stand for bytes, and for a message that is kept as it came; for nothing else.
fn opaque(fact: &str) -> String {
    let kind = fact.splitn(3, ' ').nth(2).unwrap();
    if kind.starts_with("message ") { kind.to_owned() } else { "bytes".to_owned() }
}

fn bare(kind: &str) -> String {
    let mut kind = kind;
    for wrapper in ["Option<", "Vec<", "Box<"] {
        kind = kind.strip_prefix(wrapper).map_or(kind, |rest| rest.trim_end_matches('>'));
    }
    kind.to_owned()
}

/// The genuine name of a type that is named in a field.
fn resolved(path: &str, declared: &Declared, file: &[Declared], files: &[Vec<Declared>]) -> String {
    let (module, name) = path.rsplit_once("::").unwrap_or((&declared.module, path));
    let is_it = |module: &str, other: &&Declared| other.name == name && other.module == module;
    let near = file
        .iter()
        .find(|other| is_it(module, other))
        .or_else(|| file.iter().find(|o| is_it("", o)));
    let found = near.or_else(|| files.iter().flatten().find(|other| is_it("", other)));
    found.unwrap_or_else(|| panic!("{path} is not declared")).genuine.clone()
}

fn ours() -> Vec<String> {
    SOURCES.map(str::to_owned).to_vec()
}

#[test]
fn every_message_and_enum_is_genuine_and_whole() {
    let declared: Vec<_> = SOURCES.iter().flat_map(|source| declarations(source)).collect();
    assert!(declared.len() > 100, "only {} declarations were found", declared.len());
    assert!(declared.iter().all(|one| one.members.len() <= 40));
    let derived: usize = SOURCES
        .iter()
        .map(|s| s.matches("prost::Message)").count() + s.matches("prost::Enumeration)").count())
        .sum();
    assert_eq!(declared.len(), derived, "a declaration was overlooked");
    assert_eq!(differences(&ours()), Vec::<String>::new());
}

#[test]
fn each_kind_of_mistake_is_noticed() {
    for (right, wrong) in [
        (
            "#[prost(string, required, tag = \"4\")]\n    pub hostname",
            "#[prost(string, required, tag = \"5\")]\n    pub hostname",
        ),
        (
            "#[prost(double, optional, tag = \"4\")]\n    pub failover_timeout",
            "#[prost(double, required, tag = \"4\")]\n    pub failover_timeout",
        ),
        (
            "#[prost(double, optional, tag = \"4\")]\n    pub failover_timeout",
            "#[prost(float, optional, tag = \"4\")]\n    pub failover_timeout",
        ),
        ("pub failover_timeout", "pub failover_timout"),
        ("    pub agent_id: AgentId,", "    pub agent_id: OfferId,"),
        ("AgentDraining = 34", "AgentDraining = 35"),
        ("    Staging = 6,\n", ""),
        ("#[prost(bytes = \"bytes\", optional, tag = \"11\")]\n    pub uuid: Option<Bytes>,", ""),
        (
            "#[prost(string, optional, tag = \"8\")]\n    pub principal",
            "#[prost(bytes = \"bytes\", optional, tag = \"8\")]\n    pub principal",
        ),
        ("Whole `mesos.v1.Offer`", "Whole `mesos.v1.Ofer`"),
    ] {
        let changed: Vec<_> =
            ours().iter().map(|source| source.replacen(right, wrong, 1)).collect();
        assert_ne!(changed, ours(), "`{right}` is no longer in the sources");
        assert!(!differences(&changed).is_empty(), "`{wrong}` went unnoticed");
    }
}

#[test]
fn names_are_those_of_mesos() {
    fn check(owner: &str, name: impl Fn(i32) -> Option<&'static str>) {
        assert!(facts("value", owner).count() > 0, "{owner}");
        for words in facts("value", owner) {
            assert_eq!(name(words[3].parse().unwrap()), Some(words[2]), "{owner}");
        }
    }
    check("mesos.v1.TaskState", |n| TaskState::try_from(n).ok().map(TaskState::as_str_name));
    check("mesos.v1.TaskStatus.Reason", |n| Reason::try_from(n).ok().map(Reason::as_str_name));
    check("mesos.v1.TaskStatus.Source", |n| Source::try_from(n).ok().map(Source::as_str_name));
    check("mesos.v1.scheduler.Call.Type", |n| {
        scheduler::call::Type::try_from(n).ok().map(scheduler::call::Type::as_str_name)
    });
    check("mesos.v1.scheduler.Event.Type", |n| {
        scheduler::event::Type::try_from(n).ok().map(scheduler::event::Type::as_str_name)
    });
    check("mesos.v1.executor.Call.Type", |n| {
        executor::call::Type::try_from(n).ok().map(executor::call::Type::as_str_name)
    });
    check("mesos.v1.executor.Event.Type", |n| {
        executor::event::Type::try_from(n).ok().map(executor::event::Type::as_str_name)
    });
}
