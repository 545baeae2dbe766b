//! Reads the frameworks in `/state`, or in `/frameworks`, which has the same objects.
//!
//! The order of keys is not promised. So the tasks of a framework whose name has not come yet are read, and what
//! is kept of each that is a member's is its address; once the name is there and another one, they are dropped,
//! and further ones are passed over. `slaves` is never read: where an agent's address is needed, which is where a
//! task does not tell its own, it is asked for by itself.

use crate::flaw::Flaw;
use crate::task::{Member, TASK_BYTES_MAX, Task, Told};
use crate::walk::{Kind, Reader, Wish};

/// A framework's name or ID; Mesos bounds neither.
const WORD_BYTES_MAX: usize = 64 << 10;
/// As many members as no cluster has: etcd has seldom more than nine.
pub(crate) const MEMBERS_MAX: usize = 1024;
/// As many frameworks of one name.
pub(crate) const NAMESAKES_MAX: usize = 64;

/// Which frameworks are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    Named(String),
    WithId(String),
}

/// A framework that was looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Framework {
    pub(crate) id: String,
    /// Whether its scheduler is subscribed.
    pub(crate) is_active: bool,
    pub(crate) members: Vec<Member>,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) frameworks: Vec<Framework>,
    /// Whether the one of the ID that was looked for is among those that are over.
    pub(crate) is_completed: bool,
}

/// Where in the document we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Before,
    Top,
    List(Which),
    Framework(Which),
    Tasks,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    Registered,
    Completed,
}

/// The value of a framework that is being kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Id,
    Name,
    Active,
}

/// The framework that is being read.
#[derive(Debug, Default)]
struct Current {
    id: Option<String>,
    name: Option<String>,
    active: Option<bool>,
    has_tasks: bool,
    members: Vec<Member>,
    /// What is wrong with its tasks, if it is ours.
    flaw: Option<Flaw>,
}

#[derive(Debug)]
pub(crate) struct Frameworks {
    wanted: Wanted,
    place: Place,
    field: Field,
    current: Current,
    has_registered: bool,
    has_completed: bool,
    found: Found,
}

impl Frameworks {
    pub(crate) fn new(wanted: Wanted) -> Frameworks {
        Frameworks {
            wanted,
            place: Place::Before,
            field: Field::Id,
            current: Current::default(),
            has_registered: false,
            has_completed: false,
            found: Found::default(),
        }
    }

    pub(crate) fn found(self) -> Result<Found, Flaw> {
        if self.has_registered { Ok(self.found) } else { Err(Flaw::NotMesos("frameworks")) }
    }

    fn wish_at_top(&mut self, key: &[u8], kind: Kind) -> Result<Wish, Flaw> {
        let by_id = matches!(self.wanted, Wanted::WithId(_));
        let (which, has, name) = match key {
            b"frameworks" => (Which::Registered, &mut self.has_registered, "frameworks"),
            b"completed_frameworks" if by_id => {
                (Which::Completed, &mut self.has_completed, "completed_frameworks")
            }
            _ => return Ok(Wish::Skip),
        };
        once(has, name)?;
        self.place = Place::List(which);
        enter(kind, Kind::Array, name)
    }

    fn wish_in_framework(&mut self, which: Which, key: &[u8], kind: Kind) -> Result<Wish, Flaw> {
        self.field = match key {
            b"id" => Field::Id,
            b"name" => Field::Name,
            b"active" => Field::Active,
            b"tasks" if which == Which::Registered => return self.wish_tasks(kind),
            _ => return Ok(Wish::Skip),
        };
        Ok(Wish::Keep(WORD_BYTES_MAX))
    }

    fn wish_tasks(&mut self, kind: Kind) -> Result<Wish, Flaw> {
        once(&mut self.current.has_tasks, "tasks")?;
        if !self.may_be_wanted() {
            return Ok(Wish::Skip);
        }
        self.place = Place::Tasks;
        enter(kind, Kind::Array, "tasks")
    }

    /// Whether the framework is wanted, as far as is known.
    fn may_be_wanted(&self) -> bool {
        match &self.wanted {
            Wanted::Named(name) => self.current.name.as_ref().is_none_or(|read| read == name),
            Wanted::WithId(id) => self.current.id.as_ref().is_none_or(|read| read == id),
        }
    }

    fn is_wanted(&self) -> bool {
        match &self.wanted {
            Wanted::Named(name) => self.current.name.as_ref() == Some(name),
            Wanted::WithId(id) => self.current.id.as_ref() == Some(id),
        }
    }

    fn keep_field(&mut self, value: &[u8]) -> Result<(), Flaw> {
        match self.field {
            Field::Id => set(&mut self.current.id, value, "the ID of a framework"),
            Field::Name => set(&mut self.current.name, value, "the name of a framework"),
            Field::Active => set(&mut self.current.active, value, "`active` of a framework"),
        }
    }

    /// A task that cannot be, or one too many, is a fault only once the framework is known to be ours.
    fn keep_task(&mut self, value: Option<&[u8]>) {
        let told = match value {
            Some(bytes) => Task::read(bytes).and_then(|task| task.told),
            None => Err(Flaw::TooLong { what: "a task", bytes_max: TASK_BYTES_MAX }),
        };
        match told {
            Ok(Told::Member(_)) if self.current.members.len() >= MEMBERS_MAX => {
                let flaw = Flaw::TooMany { what: "members", max: MEMBERS_MAX };
                self.current.flaw.get_or_insert(flaw);
            }
            Ok(Told::Member(member)) => self.current.members.push(member),
            Ok(Told::NotRunning | Told::Other) => {}
            Err(flaw) => {
                self.current.flaw.get_or_insert(flaw);
            }
        }
    }

    fn framework_ends(&mut self, which: Which) -> Result<(), Flaw> {
        let is_wanted = self.is_wanted();
        let current = std::mem::take(&mut self.current);
        match (is_wanted, which) {
            (false, _) => Ok(()),
            (true, Which::Completed) => {
                self.found.is_completed = true;
                Ok(())
            }
            (true, Which::Registered) => self.take(current),
        }
    }

    fn take(&mut self, current: Current) -> Result<(), Flaw> {
        if let Some(flaw) = current.flaw {
            return Err(flaw);
        }
        if self.found.frameworks.len() >= NAMESAKES_MAX {
            return Err(Flaw::TooMany { what: "frameworks of that name", max: NAMESAKES_MAX });
        }
        let id = current.id.ok_or(Flaw::NotMesos("ID of a framework"))?;
        let is_active = current.active.unwrap_or(false);
        self.found.frameworks.push(Framework { id, is_active, members: current.members });
        Ok(())
    }
}

impl Reader for Frameworks {
    fn wish(&mut self, key: Option<&[u8]>, kind: Kind) -> Result<Wish, Flaw> {
        let key = key.unwrap_or_default();
        match self.place {
            Place::Before => {
                self.place = Place::Top;
                enter(kind, Kind::Object, "document")
            }
            Place::Top => self.wish_at_top(key, kind),
            Place::List(which) => {
                self.place = Place::Framework(which);
                enter(kind, Kind::Object, "frameworks")
            }
            Place::Framework(which) => self.wish_in_framework(which, key, kind),
            Place::Tasks => Ok(Wish::Keep(TASK_BYTES_MAX)),
        }
    }

    fn kept(&mut self, value: Option<&[u8]>) -> Result<(), Flaw> {
        if self.place == Place::Tasks {
            self.keep_task(value);
            return Ok(());
        }
        let too_long = Flaw::TooLong { what: "the name of a framework", bytes_max: WORD_BYTES_MAX };
        self.keep_field(value.ok_or(too_long)?)
    }

    fn leave(&mut self) -> Result<(), Flaw> {
        match self.place {
            Place::Tasks => self.place = Place::Framework(Which::Registered),
            Place::Framework(which) => {
                self.place = Place::List(which);
                self.framework_ends(which)?;
            }
            Place::List(_) => self.place = Place::Top,
            Place::Top | Place::Before => {}
        }
        Ok(())
    }
}

/// Enters what is of this kind, and is what Mesos has there.
pub(crate) fn enter(kind: Kind, expected: Kind, name: &'static str) -> Result<Wish, Flaw> {
    if kind == expected { Ok(Wish::Enter) } else { Err(Flaw::Kind(name)) }
}

/// Whether it is the first time that this key comes; of two it would not be known which one counts.
pub(crate) fn once(seen: &mut bool, name: &'static str) -> Result<(), Flaw> {
    if std::mem::replace(seen, true) { Err(Flaw::Twice(name)) } else { Ok(()) }
}

fn set<T: serde::de::DeserializeOwned>(
    slot: &mut Option<T>,
    value: &[u8],
    what: &'static str,
) -> Result<(), Flaw> {
    let read = serde_json::from_slice(value).map_err(|source| Flaw::Json { what, source })?;
    if slot.replace(read).is_some() { Err(Flaw::Twice(what)) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
