//! What the model carries: Mesos's own messages.

use std::sync::Arc;

use etcd_mesos_model::Freight;
use mesos_v1::proto;

/// The v1 API's messages.
#[derive(Clone, Copy, Debug)]
pub(crate) struct V1;

impl Freight for V1 {
    /// A task, which has its executor in it.
    type Task = Arc<proto::TaskInfo>;
    /// A status, as an executor said it.
    type Said = Arc<proto::TaskStatus>;

    fn is_same_executor(one: &Self::Task, other: &Self::Task) -> bool {
        one.executor == other.executor
    }
}

pub(crate) type Mesos = etcd_mesos_model::Mesos<V1>;
pub(crate) type Output = etcd_mesos_model::Output<V1>;
