//! What must hold whatever bytes a master sends, for searches by chance.
//!
//! Documents are read in pieces of several lengths, which must not matter; and by `serde_json` as a whole, with
//! which the reader must agree wherever that one finds a document of this kind. The other way round it need not:
//! what is passed over is not read.

use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::agent::Agents;
use crate::flaw::Flaw;
use crate::frameworks::{Found, Framework, Frameworks, MEMBERS_MAX, NAMESAKES_MAX, Wanted};
use crate::task::{Member, Task, Told, Wire};
use crate::tasks::{Listed, Tasks};
use crate::walk::{Reader, Walk};

/// The framework that is looked for, by its name and by its ID.
const NAME: &str = "etcd";
const ID: &str = "F";

/// Checks all readers on these bytes.
///
/// # Panics
/// Where a promise is broken.
pub fn check(bytes: &[u8]) {
    let named = || Frameworks::new(Wanted::Named(NAME.to_owned()));
    agrees(bytes, &in_pieces(bytes, named, Frameworks::found), frameworks(bytes, &Fits::Name));
    let with_id = || Frameworks::new(Wanted::WithId(ID.to_owned()));
    agrees(bytes, &in_pieces(bytes, with_id, Frameworks::found), frameworks(bytes, &Fits::Id));
    let tasks = || Tasks::new(ID.to_owned());
    agrees(bytes, &in_pieces(bytes, tasks, Tasks::listed), listed(bytes));
    let agents = || Agents::new("S".to_owned());
    let _ = in_pieces(bytes, agents, |reader| {
        reader.found().map(|agent| agent.and_then(|a| a.place(1)))
    });
}

/// How a document was read: what is in it, or in words why it cannot be used.
type Outcome<T> = Result<T, String>;

fn agrees<T: PartialEq + std::fmt::Debug>(
    bytes: &[u8],
    outcome: &Outcome<T>,
    expected: Option<Outcome<T>>,
) {
    let shown = || String::from_utf8_lossy(bytes);
    match expected {
        // It is no document of this kind.
        None => {}
        Some(Ok(expected)) => assert_eq!(outcome.as_ref(), Ok(&expected), "{}", shown()),
        Some(Err(_)) => assert!(outcome.is_err(), "{outcome:?}: {}", shown()),
    }
}

/// Reads the bytes whole, and cut in several ways.
fn in_pieces<R: Reader, T: PartialEq + std::fmt::Debug>(
    bytes: &[u8],
    reader: impl Fn() -> R,
    end: impl Fn(R) -> Result<T, Flaw>,
) -> Outcome<T> {
    let read = |length: usize| {
        let mut walk = Walk::new(reader());
        bytes.chunks(length).try_for_each(|piece| walk.push(piece))?;
        end(walk.finish()?)
    };
    let outcome = |length| read(length).map_err(|flaw| flaw.to_string());
    let whole = outcome(bytes.len().max(1));
    for length in [1, 2, 7, 64, bytes.len() / 2 + 1] {
        assert_eq!(
            outcome(length),
            whole,
            "in pieces of {length}: {}",
            String::from_utf8_lossy(bytes)
        );
    }
    whole
}

#[derive(Debug, Deserialize)]
struct StateWire {
    frameworks: Vec<Object<FrameworkWire>>,
    #[serde(default)]
    completed_frameworks: Vec<Object<FrameworkWire>>,
}

#[derive(Debug, Deserialize)]
struct FrameworkWire {
    #[serde(default, deserialize_with = "present")]
    id: Option<String>,
    #[serde(default, deserialize_with = "present")]
    name: Option<String>,
    #[serde(default)]
    active: bool,
    #[serde(default)]
    tasks: Vec<Wire>,
}

#[derive(Debug, Deserialize)]
struct TasksWire {
    tasks: Vec<Wire>,
}

/// An object, and no list of its values, which `serde` would take too.
#[derive(Debug)]
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Object<T>, D::Error> {
        deserializer.deserialize_map(Entries(PhantomData)).map(Object)
    }
}

struct Entries<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Entries<T> {
    type Value = T;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }
}

/// What is there is no `null`.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    String::deserialize(deserializer).map(Some)
}

enum Fits {
    Name,
    Id,
}

impl Fits {
    fn is_met(&self, framework: &FrameworkWire) -> bool {
        match self {
            Fits::Name => framework.name.as_deref() == Some(NAME),
            Fits::Id => framework.id.as_deref() == Some(ID),
        }
    }
}

fn frameworks(bytes: &[u8], fits: &Fits) -> Option<Outcome<Found>> {
    let Object(state): Object<StateWire> = serde_json::from_slice(bytes).ok()?;
    let wanted = state.frameworks.into_iter().map(|Object(framework)| framework);
    let wanted: Vec<FrameworkWire> = wanted.filter(|one| fits.is_met(one)).collect();
    if wanted.len() > NAMESAKES_MAX {
        return Some(Err("too many".to_owned()));
    }
    let frameworks: Outcome<Vec<Framework>> = wanted.into_iter().map(framework).collect();
    let is_completed = matches!(fits, Fits::Id)
        && state.completed_frameworks.iter().any(|one| fits.is_met(&one.0));
    Some(frameworks.map(|frameworks| Found { frameworks, is_completed }))
}

fn framework(wire: FrameworkWire) -> Outcome<Framework> {
    let id = wire.id.ok_or("no ID")?;
    let members = members(wire.tasks.into_iter().map(Task::from))?;
    Ok(Framework { id, is_active: wire.active, members })
}

fn listed(bytes: &[u8]) -> Option<Outcome<Listed>> {
    let Object(document): Object<TasksWire> = serde_json::from_slice(bytes).ok()?;
    let tasks = document.tasks.into_iter().map(Task::from);
    let (ours, others): (Vec<Task>, Vec<Task>) = tasks.partition(|task| task.framework_id == ID);
    let members = members(ours.into_iter());
    Some(members.map(|members| Listed { members, is_unfiltered: !others.is_empty() }))
}

fn members(tasks: impl Iterator<Item = Task>) -> Outcome<Vec<Member>> {
    let told = tasks.map(|task| task.told.map_err(|flaw| flaw.to_string()));
    let told: Vec<Told> = told.collect::<Result<_, _>>()?;
    let members: Vec<Member> = told
        .into_iter()
        .filter_map(|told| match told {
            Told::Member(member) => Some(member),
            Told::NotRunning | Told::Other => None,
        })
        .collect();
    if members.len() > MEMBERS_MAX { Err("too many".to_owned()) } else { Ok(members) }
}

#[cfg(test)]
mod tests;
