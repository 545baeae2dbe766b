//! What is run: tasks, executors, commands, and how they are found.

use bytes::Bytes;

use super::{AgentId, DurationInfo, ExecutorId, FrameworkId, Labels, TaskId};

/// A task as the framework wants it. Whole `mesos.v1.TaskInfo`.
///
/// Exactly one of `executor` and `command` is set.
#[derive(Clone, PartialEq, prost::Message)]
pub struct TaskInfo {
    /// The name that people and DNS see.
    #[prost(string, required, tag = "1")]
    pub name: String,
    /// Names the task; never used again.
    #[prost(message, required, tag = "2")]
    pub task_id: TaskId,
    /// Where it is to run: the agent of the accepted offers.
    #[prost(message, required, tag = "3")]
    pub agent_id: AgentId,
    /// What it takes of the offers; opaque resources.
    #[prost(bytes = "bytes", repeated, tag = "4")]
    pub resources: Vec<Bytes>,
    /// Which executor runs it.
    #[prost(message, optional, tag = "5")]
    pub executor: Option<ExecutorInfo>,
    /// What Mesos's own command executor is to run.
    #[prost(message, optional, tag = "7")]
    pub command: Option<CommandInfo>,
    /// The container; opaque `ContainerInfo`.
    #[prost(bytes = "bytes", optional, tag = "9")]
    pub container: Option<Bytes>,
    /// For Mesos's own executors; opaque `HealthCheck`.
    #[prost(bytes = "bytes", optional, tag = "8")]
    pub health_check: Option<Bytes>,
    /// For Mesos's own executors; opaque `CheckInfo`.
    #[prost(bytes = "bytes", optional, tag = "13")]
    pub check: Option<Bytes>,
    /// How long the executor may take to end the task.
    #[prost(message, optional, tag = "12")]
    pub kill_policy: Option<KillPolicy>,
    /// For the executor; Mesos does not read it.
    #[prost(bytes = "bytes", optional, tag = "6")]
    pub data: Option<Bytes>,
    /// For people and tools; Mesos does not read them.
    #[prost(message, optional, tag = "10")]
    pub labels: Option<Labels>,
    /// For DNS and proxies.
    #[prost(message, optional, tag = "11")]
    pub discovery: Option<DiscoveryInfo>,
    /// After that the executor kills it.
    #[prost(message, optional, tag = "14")]
    pub max_completion_time: Option<DurationInfo>,
    /// Limits apart from requests; opaque entries of a map.
    #[prost(bytes = "bytes", repeated, tag = "15")]
    pub limits: Vec<Bytes>,
}

/// An executor. Whole `mesos.v1.ExecutorInfo`.
///
/// For an executor that lives already it must be identical to the one it was started with.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ExecutorInfo {
    /// Whether it is Mesos's default executor or the framework's own.
    #[prost(enumeration = "executor_info::Type", optional, tag = "15")]
    pub r#type: Option<i32>,
    /// Names it within framework and agent.
    #[prost(message, required, tag = "1")]
    pub executor_id: ExecutorId,
    /// Whose it is.
    #[prost(message, optional, tag = "8")]
    pub framework_id: Option<FrameworkId>,
    /// What starts it.
    #[prost(message, optional, tag = "7")]
    pub command: Option<CommandInfo>,
    /// The container; opaque `ContainerInfo`.
    #[prost(bytes = "bytes", optional, tag = "11")]
    pub container: Option<Bytes>,
    /// What it takes for itself, beside its tasks; opaque resources.
    #[prost(bytes = "bytes", repeated, tag = "5")]
    pub resources: Vec<Bytes>,
    /// The name that people see.
    #[prost(string, optional, tag = "9")]
    pub name: Option<String>,
    /// Deprecated by Mesos in favour of `labels`.
    #[prost(string, optional, tag = "10")]
    pub source: Option<String>,
    /// For the executor; Mesos does not read it.
    #[prost(bytes = "bytes", optional, tag = "4")]
    pub data: Option<Bytes>,
    /// For DNS and proxies.
    #[prost(message, optional, tag = "12")]
    pub discovery: Option<DiscoveryInfo>,
    /// How long it may take to end after a SHUTDOWN.
    #[prost(message, optional, tag = "13")]
    pub shutdown_grace_period: Option<DurationInfo>,
    /// For people and tools; Mesos does not read them.
    #[prost(message, optional, tag = "14")]
    pub labels: Option<Labels>,
}

/// The kinds of [`ExecutorInfo`].
pub mod executor_info {
    /// Whose program it is. Enum `mesos.v1.ExecutorInfo.Type`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
    #[repr(i32)]
    pub enum Type {
        /// Not said.
        Unknown = 0,
        /// Mesos's default executor.
        Default = 1,
        /// The framework's own.
        Custom = 2,
    }
}

/// What to fetch and what to run. Whole `mesos.v1.CommandInfo`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct CommandInfo {
    /// Fetched into the sandbox before it is run.
    #[prost(message, repeated, tag = "1")]
    pub uris: Vec<Uri>,
    /// Environment variables.
    #[prost(message, optional, tag = "2")]
    pub environment: Option<Environment>,
    /// Whether `value` is for `/bin/sh -c`; Mesos takes true where it is absent.
    #[prost(bool, optional, tag = "6")]
    pub shell: Option<bool>,
    /// The shell's text, or the program.
    #[prost(string, optional, tag = "3")]
    pub value: Option<String>,
    /// The arguments, the program's own name first; only without a shell.
    #[prost(string, repeated, tag = "7")]
    pub arguments: Vec<String>,
    /// As whom it runs, if not as the framework's user.
    #[prost(string, optional, tag = "5")]
    pub user: Option<String>,
}

/// Something to fetch. Whole `mesos.v1.CommandInfo.URI`.
#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct Uri {
    /// From where.
    #[prost(string, required, tag = "1")]
    pub value: String,
    /// Whether it becomes executable; it is not unpacked then.
    #[prost(bool, optional, tag = "2")]
    pub executable: Option<bool>,
    /// Whether an archive is unpacked; Mesos takes true where it is absent.
    #[prost(bool, optional, tag = "3")]
    pub extract: Option<bool>,
    /// Whether the agent keeps it for the next fetch.
    #[prost(bool, optional, tag = "4")]
    pub cache: Option<bool>,
    /// Its path in the sandbox, if not the URI's last part.
    #[prost(string, optional, tag = "5")]
    pub output_file: Option<String>,
}

/// Environment variables. Whole `mesos.v1.Environment`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Environment {
    /// The variables.
    #[prost(message, repeated, tag = "1")]
    pub variables: Vec<Variable>,
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        let variable = |(name, value): (K, V)| Variable {
            name: name.into(),
            value: Some(value.into()),
            ..Variable::default()
        };
        Self { variables: pairs.into_iter().map(variable).collect() }
    }
}

/// An environment variable. Whole `mesos.v1.Environment.Variable`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Variable {
    /// Its name.
    #[prost(string, required, tag = "1")]
    pub name: String,
    /// Value or secret; Mesos takes VALUE where it is absent.
    #[prost(enumeration = "variable::Type", optional, tag = "3")]
    pub r#type: Option<i32>,
    /// Its value.
    #[prost(string, optional, tag = "2")]
    pub value: Option<String>,
    /// Where it is a secret; opaque `Secret`.
    #[prost(bytes = "bytes", optional, tag = "4")]
    pub secret: Option<Bytes>,
}

/// The kinds of [`Variable`].
pub mod variable {
    /// Where a variable's value comes from. Enum `mesos.v1.Environment.Variable.Type`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
    #[repr(i32)]
    pub enum Type {
        /// Not said.
        Unknown = 0,
        /// It is here.
        Value = 1,
        /// It is a secret.
        Secret = 2,
    }
}

/// How long a task may take to end. Whole `mesos.v1.KillPolicy`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, prost::Message)]
pub struct KillPolicy {
    /// Between the request to end and the end by force.
    #[prost(message, optional, tag = "1")]
    pub grace_period: Option<DurationInfo>,
}

/// How a task or an executor is found. Whole `mesos.v1.DiscoveryInfo`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct DiscoveryInfo {
    /// For whom it is.
    #[prost(enumeration = "Visibility", required, tag = "1")]
    pub visibility: i32,
    /// The service's name.
    #[prost(string, optional, tag = "2")]
    pub name: Option<String>,
    /// `prod`, for example.
    #[prost(string, optional, tag = "3")]
    pub environment: Option<String>,
    /// Where.
    #[prost(string, optional, tag = "4")]
    pub location: Option<String>,
    /// Which version.
    #[prost(string, optional, tag = "5")]
    pub version: Option<String>,
    /// Its ports.
    #[prost(message, optional, tag = "6")]
    pub ports: Option<Ports>,
    /// For people and tools.
    #[prost(message, optional, tag = "7")]
    pub labels: Option<Labels>,
}

/// For whom a service is. Enum `mesos.v1.DiscoveryInfo.Visibility`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum Visibility {
    /// For its own framework.
    Framework = 0,
    /// For all frameworks of this Mesos cluster.
    Cluster = 1,
    /// For everybody.
    External = 2,
}

/// Ports. Whole `mesos.v1.Ports`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Ports {
    /// The ports.
    #[prost(message, repeated, tag = "1")]
    pub ports: Vec<Port>,
}

/// A port that a service listens on. Whole `mesos.v1.Port`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Port {
    /// Its number.
    #[prost(uint32, required, tag = "1")]
    pub number: u32,
    /// What it is for.
    #[prost(string, optional, tag = "2")]
    pub name: Option<String>,
    /// `tcp` or `udp`.
    #[prost(string, optional, tag = "3")]
    pub protocol: Option<String>,
    /// For whom it is.
    #[prost(enumeration = "Visibility", optional, tag = "4")]
    pub visibility: Option<i32>,
    /// For people and tools.
    #[prost(message, optional, tag = "5")]
    pub labels: Option<Labels>,
}
