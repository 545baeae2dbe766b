//! Makes the calls of an executor, each with its type and its part.

use bytes::Bytes;

use crate::proto::{
    TaskInfo, TaskStatus,
    executor::{
        Call,
        call::{Message, Subscribe, Type, Update},
    },
};

impl Call {
    fn of(kind: Type) -> Self {
        Self { r#type: Some(kind.into()), ..Self::default() }
    }

    /// Mesos's name of the call.
    pub fn name(&self) -> &'static str {
        self.r#type().as_str_name()
    }

    pub(crate) fn subscribe(tasks: &[TaskInfo], updates: &[Update]) -> Self {
        let subscribe = Subscribe {
            unacknowledged_tasks: tasks.to_vec(),
            unacknowledged_updates: updates.to_vec(),
        };
        Self { subscribe: Some(subscribe), ..Self::of(Type::Subscribe) }
    }

    /// Says that a task has a new state. The status needs a `uuid` of its own, `SOURCE_EXECUTOR` and a
    /// `timestamp`; keep it until it is acknowledged.
    pub fn update(status: TaskStatus) -> Self {
        Self { update: Some(Update { status }), ..Self::of(Type::Update) }
    }

    /// Says something to the scheduler. It may be lost, and is not sent again.
    pub fn message(data: Bytes) -> Self {
        Self { message: Some(Message { data }), ..Self::of(Type::Message) }
    }
}

/// A new `uuid` for a status update: 16 random bytes.
pub fn new_status_uuid() -> Bytes {
    Bytes::copy_from_slice(uuid::Uuid::new_v4().as_bytes())
}
