//! The names of things, parsed once at the edge into types that cannot be wrong.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An identifier whose text does not have the form that it must have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} {text:?} is not valid: {why}")]
pub struct IdError {
    /// What it should have been.
    pub kind: &'static str,
    /// What it was.
    pub text: String,
    /// What is wrong with it.
    pub why: &'static str,
}

fn id_error(kind: &'static str, text: &str, why: &'static str) -> IdError {
    IdError { kind, text: text.to_owned(), why }
}

macro_rules! opaque {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            /// The text as Mesos wrote it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                $name(text.to_owned())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

opaque! {
    /// A framework ID, given by the master at the first subscription.
    FrameworkId
}
opaque! {
    /// An agent ID, given by the master when the agent registered.
    AgentId
}
opaque! {
    /// An offer ID, given by the master.
    OfferId
}

macro_rules! label {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $max:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                check_label(text, $max).map_err(|why| id_error($kind, text, why))?;
                Ok($name(text.to_owned()))
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

label! {
    /// A cluster's name: 1 to 63 characters of `a-z`, `0-9` and `-`. It is part of every task ID.
    ClusterName, "cluster name", 63
}
label! {
    /// A member's name: 1 to 63 characters of `a-z`, `0-9` and `-`. It is also the executor ID.
    MemberName, "member name", 63
}

fn check_label(text: &str, max: usize) -> Result<(), &'static str> {
    if text.is_empty() || text.len() > max {
        return Err("it must have 1 to 63 characters");
    }
    if !text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
        return Err("it may contain only a-z, 0-9 and -");
    }
    if text.starts_with('-') || text.ends_with('-') {
        return Err("it may not begin or end with -");
    }
    Ok(())
}

impl MemberName {
    /// The name of a cluster's `index`-th member of one formation attempt.
    ///
    /// The attempt is part of it, so that the executor ID of an abandoned attempt never comes back.
    ///
    /// # Panics
    /// Never: a cluster name is at most 63 characters, and the name is cut to fit.
    pub fn of(attempt: u32, index: usize) -> MemberName {
        MemberName(format!("etcd-{attempt}-{index}"))
    }

    /// The formation attempt in the name of a member of one.
    pub fn attempt(&self) -> Option<u32> {
        let (attempt, _) = self.0.strip_prefix("etcd-")?.split_once('-')?;
        attempt.parse().ok()
    }
}

macro_rules! hex_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:x}", self.0)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                u64::from_str_radix(text, 16)
                    .map($name)
                    .map_err(|_| id_error($kind, text, "it is not a hexadecimal number of 64 bits"))
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.to_string()
            }
        }
    };
}

hex_id! {
    /// An etcd member ID; hexadecimal in text, as `etcdctl member list` prints it.
    MemberId, "member ID"
}
hex_id! {
    /// An etcd cluster ID; hexadecimal in text.
    ClusterId, "cluster ID"
}

/// The succession number of schedulers: raised in the store before each subscription.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Epoch(pub u64);

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// The incarnation of a cluster: raised by a reseed, never by anything else.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Generation(pub u32);

/// The first field of every task ID that is ours.
const TASK_ID_PREFIX: &str = "etcd";
/// Mesos's own limit is 255 characters; the sandbox path wants less.
const TASK_ID_LEN_MAX: usize = 200;
/// What the ID of a client task has behind its member's.
const CLIENT_TASK_SUFFIX: &str = ".client";

/// `etcd.<cluster>.<generation>.<member>.<attempt>`: all that reconciliation gives back.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TaskId {
    /// The cluster that the task belongs to.
    pub cluster: ClusterName,
    /// The incarnation of that cluster.
    pub generation: Generation,
    /// The member that the task runs.
    pub member: MemberName,
    /// The how-manieth task of that member it is, from 1.
    pub attempt: u32,
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TaskId { cluster, generation, member, attempt } = self;
        write!(f, "{TASK_ID_PREFIX}.{cluster}.{}.{member}.{attempt}", generation.0)
    }
}

impl FromStr for TaskId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let wrong = |why| id_error("task ID", text, why);
        if text.len() > TASK_ID_LEN_MAX {
            return Err(wrong("it has more than 200 characters"));
        }
        let fields: Vec<&str> = text.split('.').collect();
        let [prefix, cluster, generation, member, attempt] = fields[..] else {
            return Err(wrong("it does not have five fields with points between them"));
        };
        if prefix != TASK_ID_PREFIX {
            return Err(wrong("it does not begin with etcd."));
        }
        Ok(TaskId {
            cluster: cluster.parse().map_err(|_| wrong("its cluster is not a name"))?,
            generation: Generation(
                number(generation).ok_or(wrong("its generation is not a number"))?,
            ),
            member: member.parse().map_err(|_| wrong("its member is not a name"))?,
            attempt: number(attempt).ok_or(wrong("its attempt is not a number"))?,
        })
    }
}

impl TaskId {
    /// The ID of this task's client task.
    pub fn client_task(&self) -> ClientTaskId {
        ClientTaskId(self.clone())
    }
}

/// `<task ID of a member>.client`: the second task of a member's executor, which is there for its
/// name alone and says nothing of a process.
///
/// It is a type of its own, so that nothing takes it for the member's task.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientTaskId(TaskId);

impl ClientTaskId {
    /// The member's task beside it.
    pub fn member_task(&self) -> &TaskId {
        &self.0
    }
}

impl fmt::Display for ClientTaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{CLIENT_TASK_SUFFIX}", self.0)
    }
}

impl FromStr for ClientTaskId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let wrong = |why| id_error("client task ID", text, why);
        if text.len() > TASK_ID_LEN_MAX {
            return Err(wrong("it has more than 200 characters"));
        }
        let member_task = text.strip_suffix(CLIENT_TASK_SUFFIX);
        member_task.ok_or(wrong("it does not end with .client"))?.parse().map(ClientTaskId)
    }
}

/// A task of ours, of either kind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OurTaskId {
    /// A member's task, which is an etcd.
    Member(TaskId),
    /// A client task, which is a name.
    Client(ClientTaskId),
}

impl OurTaskId {
    /// The member's task that it is, or that it stands beside.
    pub fn member_task(&self) -> &TaskId {
        match self {
            OurTaskId::Member(task) => task,
            OurTaskId::Client(client) => client.member_task(),
        }
    }
}

impl fmt::Display for OurTaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OurTaskId::Member(task) => task.fmt(f),
            OurTaskId::Client(client) => client.fmt(f),
        }
    }
}

impl FromStr for OurTaskId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        if text.ends_with(CLIENT_TASK_SUFFIX) {
            return text.parse().map(OurTaskId::Client);
        }
        text.parse().map(OurTaskId::Member)
    }
}

impl From<TaskId> for OurTaskId {
    fn from(task: TaskId) -> OurTaskId {
        OurTaskId::Member(task)
    }
}

/// A number in the one form in which we write it, so that text and value map one to one.
fn number(text: &str) -> Option<u32> {
    let value: u32 = text.parse().ok()?;
    (value.to_string() == text).then_some(value)
}

impl TryFrom<String> for TaskId {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<TaskId> for String {
    fn from(id: TaskId) -> String {
        id.to_string()
    }
}

/// Whether a foreign task ID has the Go predecessor's form:
/// `<name> <host> <rpcPort> <clientPort> <reseedPort>`.
pub fn is_predecessor_task_id(text: &str) -> bool {
    let fields: Vec<&str> = text.split(' ').collect();
    matches!(fields[..], [name, _, rpc, client, http]
        if name.starts_with("etcd-") && [rpc, client, http].iter().all(|p| p.parse::<u16>().is_ok()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn id() -> TaskId {
        TaskId {
            cluster: "prod".parse().unwrap(),
            generation: Generation(0),
            member: MemberName::of(1, 2),
            attempt: 7,
        }
    }

    #[test]
    fn a_task_id_is_what_it_says() {
        assert_eq!(id().to_string(), "etcd.prod.0.etcd-1-2.7");
        assert_eq!("etcd.prod.0.etcd-1-2.7".parse(), Ok(id()));
    }

    #[test]
    fn a_client_task_is_no_members_task() {
        let text = "etcd.prod.0.etcd-1-2.7.client";
        assert_eq!(id().client_task().to_string(), text);
        assert_eq!(text.parse(), Ok(id().client_task()));
        assert_eq!(text.parse(), Ok(OurTaskId::Client(id().client_task())));
        assert_eq!("etcd.prod.0.etcd-1-2.7".parse(), Ok(OurTaskId::Member(id())));
        assert!(text.parse::<TaskId>().unwrap_err().to_string().contains("five fields"));
        for foreign in
            ["etcd.prod.0.etcd-1-2.7", ".client", "web.client", "etcd.a.0.b.1.client.client"]
        {
            assert!(foreign.parse::<ClientTaskId>().is_err(), "{foreign}");
        }
    }

    #[test]
    fn the_longest_task_id_has_a_client_task_within_the_limit() {
        let name = "a".repeat(63);
        let longest = TaskId {
            cluster: name.parse().unwrap(),
            generation: Generation(u32::MAX),
            member: name.parse().unwrap(),
            attempt: u32::MAX,
        };
        let client = longest.client_task().to_string();
        assert!(client.len() <= TASK_ID_LEN_MAX, "{client}");
        assert_eq!(client.parse(), Ok(longest.client_task()));
        let endless = format!("{}.client", "a".repeat(200));
        assert!(endless.parse::<ClientTaskId>().unwrap_err().to_string().contains("200"));
    }

    #[test]
    fn foreign_task_ids_are_refused_with_the_reason() {
        for (text, why) in [
            ("etcd-1 host 1 2 3", "five fields"),
            ("etc.prod.0.a.1", "begin with etcd."),
            ("etcd.prod.00.a.1", "generation"),
            ("etcd.prod.0.a.+1", "attempt"),
            ("etcd.Prod.0.a.1", "cluster"),
            ("etcd.prod.0.-a.1", "member"),
        ] {
            let error = text.parse::<TaskId>().unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn the_predecessors_task_ids_are_known() {
        assert!(is_predecessor_task_id("etcd-1447 10.0.0.1 31000 31001 31002"));
        assert!(!is_predecessor_task_id("etcd.prod.0.etcd-1-2.7"));
        assert!(!is_predecessor_task_id("web 10.0.0.1 31000 31001 x"));
    }

    proptest! {
        #[test]
        fn whatever_parses_prints_itself(text in "etcd\\.[a-z0-9-]{1,8}\\.[0-9]{1,3}\\.[a-z0-9-]{1,8}\\.[0-9]{1,3}") {
            if let Ok(id) = text.parse::<TaskId>() {
                prop_assert_eq!(id.client_task().to_string(), format!("{}.client", text));
                prop_assert_eq!(id.to_string(), text);
            }
        }

        #[test]
        fn a_text_is_of_one_kind_at_most(
            text in "etcd\\.[a-z0-9-]{1,8}\\.[0-9]{1,3}\\.[a-z0-9-]{1,8}\\.[0-9]{1,3}(\\.client){0,2}",
        ) {
            let (member, client) = (text.parse::<TaskId>(), text.parse::<ClientTaskId>());
            prop_assert!(member.is_err() || client.is_err());
            let ours = member.map(OurTaskId::Member).or(client.map(OurTaskId::Client)).ok();
            prop_assert_eq!(text.parse::<OurTaskId>().ok(), ours.clone());
            if let Some(ours) = ours {
                prop_assert_eq!(ours.to_string(), text);
            }
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in "\\PC{0,300}") {
            let _ = text.parse::<TaskId>();
            let _ = text.parse::<OurTaskId>();
            let _ = is_predecessor_task_id(&text);
        }
    }
}
