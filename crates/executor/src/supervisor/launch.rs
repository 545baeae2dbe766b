//! A launch: is it one that this executor can carry out?

use etcd_mesos_core::id::TaskId;
use etcd_mesos_core::wire::{BinaryRole, ExecutorData, LaunchOrder, WireError};
use etcd_mesos_etcd::flags::{FlagError, check_extra_flag};

/// Why a launch is not carried out.
#[derive(Debug, thiserror::Error)]
pub(super) enum LaunchError {
    #[error("the task ID is not one of etcd-mesos")]
    TaskId(#[source] etcd_mesos_core::id::IdError),
    #[error("the launch order cannot be read")]
    Order(#[source] WireError),
    #[error("the executor's data did not arrive with the subscription, or cannot be read")]
    NoData,
    #[error(
        "the task ID names member {task}, the launch order {order}, and this executor is {executor}"
    )]
    Member { task: String, order: String, executor: String },
    #[error("the task ID has generation {task}, and the launch order {order}")]
    Generation { task: u32, order: u32 },
    #[error("the task ID names cluster {task}, and this executor belongs to {executor}")]
    Cluster { task: String, executor: String },
    #[error("the initial cluster of the launch order does not have the member's own entry")]
    NotInCluster,
    #[error("the launch order asks for an etcd flag that may not be set")]
    Flag(#[source] FlagError),
    #[error("the executor's data names no {0} binary")]
    NoBinary(&'static str),
}

/// Reads a launch and checks that all of its parts say the same.
pub(super) fn read_launch(
    task_id: &str,
    order: &[u8],
    executor: Option<&ExecutorData>,
) -> Result<(TaskId, LaunchOrder), LaunchError> {
    let executor = executor.ok_or(LaunchError::NoData)?;
    let task: TaskId = task_id.parse().map_err(LaunchError::TaskId)?;
    let order = LaunchOrder::from_bytes(order).map_err(LaunchError::Order)?;
    check_names(&task, &order, executor)?;
    if !order.initial_cluster.contains(&order.member) {
        return Err(LaunchError::NotInCluster);
    }
    for flag in &order.etcd_flags {
        check_extra_flag(flag).map_err(LaunchError::Flag)?;
    }
    for (role, name) in [(BinaryRole::Etcd, "etcd"), (BinaryRole::Executor, "executor")] {
        if !executor.binaries.iter().any(|binary| binary.role == role) {
            return Err(LaunchError::NoBinary(name));
        }
    }
    Ok((task, order))
}

fn check_names(
    task: &TaskId,
    order: &LaunchOrder,
    executor: &ExecutorData,
) -> Result<(), LaunchError> {
    if task.member != order.member.name || task.member != executor.member {
        return Err(LaunchError::Member {
            task: task.member.to_string(),
            order: order.member.name.to_string(),
            executor: executor.member.to_string(),
        });
    }
    if task.generation != order.generation {
        let (task, order) = (task.generation.0, order.generation.0);
        return Err(LaunchError::Generation { task, order });
    }
    if task.cluster != executor.cluster {
        let (task, executor) = (task.cluster.to_string(), executor.cluster.to_string());
        return Err(LaunchError::Cluster { task, executor });
    }
    Ok(())
}
