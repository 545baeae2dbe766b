//! What the agent says, one variant a kind.

use bytes::Bytes;
use prost::Message;

use crate::{
    error::StreamError,
    proto::{
        TaskInfo,
        executor::{self as wire, event},
    },
};

/// An event of the executor's stream.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The first one: the executor is subscribed.
    Subscribed(Box<event::Subscribed>),
    /// A task is to be started.
    Launch(Box<TaskInfo>),
    /// A group of tasks is to be started.
    LaunchGroup(Vec<TaskInfo>),
    /// A task is to be ended.
    Kill(event::Kill),
    /// A status update arrived, and need not be kept any longer.
    Acknowledged(event::Acknowledged),
    /// The scheduler says something.
    Message(Bytes),
    /// The subscription is over.
    Error(String),
    /// The executor is to end, within its grace period.
    Shutdown,
    /// The agent is there.
    Heartbeat,
    /// Of a type that this crate doesn't know.
    Other(i32),
}

impl Event {
    /// Reads one record.
    ///
    /// # Errors
    ///
    /// The record is no event, or lacks what its type needs.
    pub fn decode(record: Bytes) -> Result<Self, StreamError> {
        let wire = wire::Event::decode(record)?;
        let number = wire.r#type.unwrap_or_default();
        let Ok(kind) = event::Type::try_from(number) else {
            return Ok(Self::Other(number));
        };
        let event = kind.as_str_name();
        let lacks = |missing| StreamError::Incomplete { event, missing };
        let part = || lacks("part of its own");
        let event = match kind {
            event::Type::Unknown => Self::Other(number),
            event::Type::Subscribed => {
                Self::Subscribed(Box::new(wire.subscribed.ok_or_else(part)?))
            }
            event::Type::Launch => Self::Launch(Box::new(wire.launch.ok_or_else(part)?.task)),
            event::Type::LaunchGroup => {
                Self::LaunchGroup(wire.launch_group.ok_or_else(part)?.task_group.tasks)
            }
            event::Type::Kill => Self::Kill(wire.kill.ok_or_else(part)?),
            event::Type::Acknowledged => Self::Acknowledged(wire.acknowledged.ok_or_else(part)?),
            event::Type::Message => Self::Message(wire.message.ok_or_else(part)?.data),
            event::Type::Error => Self::Error(wire.error.ok_or_else(part)?.message),
            event::Type::Shutdown => Self::Shutdown,
            event::Type::Heartbeat => Self::Heartbeat,
        };
        event.checked(lacks)
    }

    /// Prost leaves empty what a record lacks; no task is started or ended on such a word.
    fn checked(self, lacks: impl Fn(&'static str) -> StreamError) -> Result<Self, StreamError> {
        let is_nameless = match &self {
            Self::Launch(task) => task.task_id.value.is_empty(),
            Self::LaunchGroup(tasks) => tasks.iter().any(|task| task.task_id.value.is_empty()),
            Self::Kill(kill) => kill.task_id.value.is_empty(),
            Self::Acknowledged(acknowledged) => acknowledged.task_id.value.is_empty(),
            _ => false,
        };
        if is_nameless { Err(lacks("task ID")) } else { Ok(self) }
    }

    /// Its type's number on the wire.
    pub fn number(&self) -> i32 {
        match self {
            Self::Subscribed(_) => event::Type::Subscribed.into(),
            Self::Launch(_) => event::Type::Launch.into(),
            Self::LaunchGroup(_) => event::Type::LaunchGroup.into(),
            Self::Kill(_) => event::Type::Kill.into(),
            Self::Acknowledged(_) => event::Type::Acknowledged.into(),
            Self::Message(_) => event::Type::Message.into(),
            Self::Error(_) => event::Type::Error.into(),
            Self::Shutdown => event::Type::Shutdown.into(),
            Self::Heartbeat => event::Type::Heartbeat.into(),
            Self::Other(number) => *number,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_launch_needs_a_task_and_a_shutdown_nothing() {
        let of = |kind| wire::Event { r#type: Some(kind), ..wire::Event::default() };
        let decode = |event: wire::Event| Event::decode(event.encode_to_vec().into());
        assert_eq!(decode(of(7)).unwrap(), Event::Shutdown);
        assert_eq!(decode(of(42)).unwrap(), Event::Other(42));
        for kind in [1, 2, 8, 3, 4, 5, 6] {
            assert!(matches!(decode(of(kind)), Err(StreamError::Incomplete { .. })), "{kind}");
        }
        let launch = Some(event::Launch::default());
        let error = decode(wire::Event { launch, ..of(2) }).unwrap_err();
        assert_eq!(error.to_string(), "an event LAUNCH has no task ID");
    }
}
