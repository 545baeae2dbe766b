//! The messages between an executor and its agent, as they are on the wire.
//!
//! The event that a caller sees is [`crate::executor::Event`].

use super::{ExecutorId, FrameworkId};

/// What the executor says to the agent. Whole `mesos.v1.executor.Call`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Call {
    /// Who calls.
    #[prost(message, required, tag = "1")]
    pub executor_id: ExecutorId,
    /// Whose executor calls.
    #[prost(message, required, tag = "2")]
    pub framework_id: FrameworkId,
    /// Which of the others is set.
    #[prost(enumeration = "call::Type", optional, tag = "3")]
    pub r#type: Option<i32>,
    /// Of SUBSCRIBE.
    #[prost(message, optional, tag = "4")]
    pub subscribe: Option<call::Subscribe>,
    /// Of UPDATE.
    #[prost(message, optional, tag = "5")]
    pub update: Option<call::Update>,
    /// Of MESSAGE.
    #[prost(message, optional, tag = "6")]
    pub message: Option<call::Message>,
}

/// What the agent says. Whole `mesos.v1.executor.Event`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Event {
    /// Which of the others is set.
    #[prost(enumeration = "event::Type", optional, tag = "1")]
    pub r#type: Option<i32>,
    /// Of SUBSCRIBED.
    #[prost(message, optional, tag = "2")]
    pub subscribed: Option<event::Subscribed>,
    /// Of ACKNOWLEDGED.
    #[prost(message, optional, tag = "3")]
    pub acknowledged: Option<event::Acknowledged>,
    /// Of LAUNCH.
    #[prost(message, optional, tag = "4")]
    pub launch: Option<event::Launch>,
    /// Of LAUNCH_GROUP.
    #[prost(message, optional, tag = "8")]
    pub launch_group: Option<event::LaunchGroup>,
    /// Of KILL.
    #[prost(message, optional, tag = "5")]
    pub kill: Option<event::Kill>,
    /// Of MESSAGE.
    #[prost(message, optional, tag = "6")]
    pub message: Option<event::Message>,
    /// Of ERROR.
    #[prost(message, optional, tag = "7")]
    pub error: Option<event::Error>,
}

/// The parts of a [`Call`].
pub mod call {
    use bytes::Bytes;

    use crate::proto::{TaskInfo, TaskStatus};

    /// Which call it is. Enum `mesos.v1.executor.Call.Type`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
    #[repr(i32)]
    pub enum Type {
        /// None that is known.
        Unknown = 0,
        /// Opens the event stream.
        Subscribe = 1,
        /// A task has a new state.
        Update = 2,
        /// Says something to the scheduler.
        Message = 3,
        /// The executor is there.
        Heartbeat = 4,
    }

    impl Type {
        /// The name that Mesos gives it.
        pub fn as_str_name(self) -> &'static str {
            match self {
                Self::Unknown => "UNKNOWN",
                Self::Subscribe => "SUBSCRIBE",
                Self::Update => "UPDATE",
                Self::Message => "MESSAGE",
                Self::Heartbeat => "HEARTBEAT",
            }
        }
    }

    /// Opens the event stream. Whole `mesos.v1.executor.Call.Subscribe`.
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Subscribe {
        /// Tasks of which no update was acknowledged yet.
        #[prost(message, repeated, tag = "1")]
        pub unacknowledged_tasks: Vec<TaskInfo>,
        /// Updates that were not acknowledged yet.
        #[prost(message, repeated, tag = "2")]
        pub unacknowledged_updates: Vec<Update>,
    }

    /// A task has a new state. Whole `mesos.v1.executor.Call.Update`.
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Update {
        /// The state, with a `uuid` and `SOURCE_EXECUTOR`.
        #[prost(message, required, tag = "1")]
        pub status: TaskStatus,
    }

    /// Says something to the scheduler. Whole `mesos.v1.executor.Call.Message`.
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Message {
        /// What is said.
        #[prost(bytes = "bytes", required, tag = "2")]
        pub data: Bytes,
    }
}

/// The parts of an [`Event`].
pub mod event {
    use bytes::Bytes;

    use crate::proto::{
        AgentInfo, ContainerId, ExecutorInfo, FrameworkInfo, KillPolicy, TaskGroupInfo, TaskId,
        TaskInfo,
    };

    /// Which event it is. Enum `mesos.v1.executor.Event.Type`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
    #[repr(i32)]
    pub enum Type {
        /// None that is known.
        Unknown = 0,
        /// The executor is subscribed.
        Subscribed = 1,
        /// A task is to be started.
        Launch = 2,
        /// A group of tasks is to be started.
        LaunchGroup = 8,
        /// A task is to be ended.
        Kill = 3,
        /// A status update arrived.
        Acknowledged = 4,
        /// The scheduler says something.
        Message = 5,
        /// The subscription is over.
        Error = 6,
        /// The executor is to end.
        Shutdown = 7,
        /// The agent is there.
        Heartbeat = 9,
    }

    impl Type {
        /// The name that Mesos gives it.
        pub fn as_str_name(self) -> &'static str {
            match self {
                Self::Unknown => "UNKNOWN",
                Self::Subscribed => "SUBSCRIBED",
                Self::Launch => "LAUNCH",
                Self::LaunchGroup => "LAUNCH_GROUP",
                Self::Kill => "KILL",
                Self::Acknowledged => "ACKNOWLEDGED",
                Self::Message => "MESSAGE",
                Self::Error => "ERROR",
                Self::Shutdown => "SHUTDOWN",
                Self::Heartbeat => "HEARTBEAT",
            }
        }
    }

    /// The answer to SUBSCRIBE. Whole `mesos.v1.executor.Event.Subscribed`.
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Subscribed {
        /// The executor.
        #[prost(message, required, tag = "1")]
        pub executor_info: ExecutorInfo,
        /// Its framework.
        #[prost(message, required, tag = "2")]
        pub framework_info: FrameworkInfo,
        /// Its agent.
        #[prost(message, required, tag = "3")]
        pub agent_info: AgentInfo,
        /// Its container.
        #[prost(message, optional, tag = "4")]
        pub container_id: Option<ContainerId>,
    }

    /// A task is to be started. Whole `mesos.v1.executor.Event.Launch`.
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Launch {
        /// Which.
        #[prost(message, required, tag = "1")]
        pub task: TaskInfo,
    }

    /// A group of tasks is to be started. Whole `mesos.v1.executor.Event.LaunchGroup`.
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct LaunchGroup {
        /// Which.
        #[prost(message, required, tag = "1")]
        pub task_group: TaskGroupInfo,
    }

    /// A task is to be ended. Whole `mesos.v1.executor.Event.Kill`.
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Kill {
        /// Which.
        #[prost(message, required, tag = "1")]
        pub task_id: TaskId,
        /// Instead of the task's own.
        #[prost(message, optional, tag = "2")]
        pub kill_policy: Option<KillPolicy>,
    }

    /// A status update arrived and need not be kept. Whole `mesos.v1.executor.Event.Acknowledged`.
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Acknowledged {
        /// Of which task.
        #[prost(message, required, tag = "1")]
        pub task_id: TaskId,
        /// Which update: the one it was sent with.
        #[prost(bytes = "bytes", required, tag = "2")]
        pub uuid: Bytes,
    }

    /// What the scheduler says. Whole `mesos.v1.executor.Event.Message`.
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Message {
        /// What it says.
        #[prost(bytes = "bytes", required, tag = "1")]
        pub data: Bytes,
    }

    /// The subscription is over, and why. Whole `mesos.v1.executor.Event.Error`.
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Error {
        /// For people.
        #[prost(string, required, tag = "1")]
        pub message: String,
    }
}
