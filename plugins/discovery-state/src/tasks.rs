//! Reads the tasks in `/tasks?framework_id=…`.

use crate::flaw::Flaw;
use crate::frameworks::{MEMBERS_MAX, enter, once};
use crate::task::{Member, TASK_BYTES_MAX, Task, Told};
use crate::walk::{Kind, Reader, Wish};

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) members: Vec<Member>,
    /// Whether there are other frameworks' tasks: this master does not know that it may be asked for one's.
    pub(crate) is_unfiltered: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Before,
    Top,
    Tasks,
}

#[derive(Debug)]
pub(crate) struct Tasks {
    framework_id: String,
    place: Place,
    has_tasks: bool,
    listed: Listed,
}

impl Tasks {
    pub(crate) fn new(framework_id: String) -> Tasks {
        Tasks { framework_id, place: Place::Before, has_tasks: false, listed: Listed::default() }
    }

    pub(crate) fn listed(self) -> Result<Listed, Flaw> {
        if self.has_tasks { Ok(self.listed) } else { Err(Flaw::NotMesos("tasks")) }
    }

    fn keep(&mut self, bytes: &[u8]) -> Result<(), Flaw> {
        let task = Task::read(bytes)?;
        if task.framework_id != self.framework_id {
            self.listed.is_unfiltered = true;
            return Ok(());
        }
        let Told::Member(member) = task.told? else { return Ok(()) };
        if self.listed.members.len() >= MEMBERS_MAX {
            return Err(Flaw::TooMany { what: "members", max: MEMBERS_MAX });
        }
        self.listed.members.push(member);
        Ok(())
    }
}

impl Reader for Tasks {
    fn wish(&mut self, key: Option<&[u8]>, kind: Kind) -> Result<Wish, Flaw> {
        match (self.place, key) {
            (Place::Before, _) => {
                self.place = Place::Top;
                enter(kind, Kind::Object, "document")
            }
            (Place::Top, Some(b"tasks")) => {
                once(&mut self.has_tasks, "tasks")?;
                self.place = Place::Tasks;
                enter(kind, Kind::Array, "tasks")
            }
            (Place::Top, _) => Ok(Wish::Skip),
            (Place::Tasks, _) => Ok(Wish::Keep(TASK_BYTES_MAX)),
        }
    }

    fn kept(&mut self, value: Option<&[u8]>) -> Result<(), Flaw> {
        let too_long = Flaw::TooLong { what: "a task", bytes_max: TASK_BYTES_MAX };
        self.keep(value.ok_or(too_long)?)
    }

    fn leave(&mut self) -> Result<(), Flaw> {
        if self.place == Place::Tasks {
            self.place = Place::Top;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;
    use crate::walk::Walk;

    fn listed(text: &str) -> Result<Listed, Flaw> {
        let mut walk = Walk::new(Tasks::new("F".to_owned()));
        walk.push(text.as_bytes())?;
        walk.finish()?.listed()
    }

    #[test]
    fn only_the_frameworks_own_running_tasks_are_members() {
        let task = |framework: &str, id: &str, state: &str| json!({"id": id, "framework_id": framework, "state": state});
        let text = json!({"tasks": [
            task("F", "etcd-1 a 1 2 3", "TASK_RUNNING"),
            task("F", "etcd-2 b 1 2 3", "TASK_KILLED"),
            task("F", "web", "TASK_RUNNING"),
        ]});
        let own = listed(&text.to_string()).unwrap();
        assert_eq!((own.members.len(), own.is_unfiltered), (1, false));
        let text = json!({"tasks": [task("G", "etcd-1 a 1 2 3", "TASK_RUNNING")]});
        let others = listed(&text.to_string()).unwrap();
        assert_eq!((others.members.len(), others.is_unfiltered), (0, true));
    }

    /// Each member has a second task, whose ID and DiscoveryInfo are its own.
    #[test]
    fn of_a_members_two_tasks_one_is_the_member() {
        let task = |id: &str, name: &str, ports: serde_json::Value| {
            json!({
                "id": id, "name": name, "framework_id": "F", "slave_id": "S", "state": "TASK_RUNNING",
                "discovery": {"name": name, "ports": {"ports": ports}},
            })
        };
        let own = json!([{"number": 1, "protocol": "tcp"}, {"number": 2, "protocol": "client"}]);
        let server = task("etcd.etcd.0.etcd-1-0.1", "etcd-server", own.clone());
        let client = json!([{"number": 2, "protocol": "tcp"}]);
        let client = task("etcd.etcd.0.etcd-1-0.1.client", "etcd-client", client);
        let alike = task("etcd.etcd.0.etcd-1-0.1.client", "etcd-server", own);
        let text = json!({"tasks": [client, server, alike]});
        let listed = listed(&text.to_string()).unwrap();
        let names: Vec<&str> = listed.members.iter().map(|m| m.name.as_str()).collect();
        assert_eq!(names, ["etcd-1-0"], "the ID tells, whatever the name is");
    }

    #[test]
    fn another_documents_shape_is_none() {
        for text in ["{}", "[]", "7", "\"tasks\"", "{\"tasks\": {}}", "{\"tasks\": [1]}", ""] {
            assert!(listed(text).is_err(), "{text}");
        }
        assert_eq!(listed("{\"tasks\": []}").unwrap(), Listed::default());
        assert!(matches!(listed(r#"{"tasks": [], "tasks": []}"#), Err(Flaw::Twice(_))));
    }
}
