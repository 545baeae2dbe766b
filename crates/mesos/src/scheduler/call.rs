//! Makes the calls of a scheduler, each with its type and its part.

use bytes::Bytes;

use crate::proto::{
    AgentId, ExecutorId, Filters, FrameworkInfo, KillPolicy, OfferId, Operation, TaskId,
    TaskStatus,
    scheduler::{
        Call,
        call::{
            Accept, Acknowledge, Decline, Kill, Message, Reconcile, ReconcileTask, Revive,
            Shutdown, Subscribe, Suppress, Type, UpdateFramework,
        },
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

    /// Opens the event stream; [`crate::scheduler::SchedulerClient::subscribe`] sends it.
    pub(crate) fn subscribe(framework: &FrameworkInfo, suppressed_roles: &[String]) -> Self {
        let subscribe = Subscribe {
            framework_info: framework.clone(),
            suppressed_roles: suppressed_roles.to_vec(),
            offer_constraints: None,
        };
        let framework_id = framework.id.clone();
        Self { framework_id, subscribe: Some(subscribe), ..Self::of(Type::Subscribe) }
    }

    /// Ends the framework for good, with all that it runs.
    pub fn teardown() -> Self {
        Self::of(Type::Teardown)
    }

    /// Uses offers of one agent; without operations it declines them.
    pub fn accept(
        offer_ids: Vec<OfferId>,
        operations: Vec<Operation>,
        filters: Option<Filters>,
    ) -> Self {
        Self { accept: Some(Accept { offer_ids, operations, filters }), ..Self::of(Type::Accept) }
    }

    /// Gives offers back; without filters they are not offered again for 5 seconds.
    pub fn decline(offer_ids: Vec<OfferId>, filters: Option<Filters>) -> Self {
        Self { decline: Some(Decline { offer_ids, filters }), ..Self::of(Type::Decline) }
    }

    /// Wants offers again for these roles, for all where there are none.
    pub fn revive(roles: Vec<String>) -> Self {
        Self { revive: Some(Revive { roles }), ..Self::of(Type::Revive) }
    }

    /// Wants no offers for these roles, for all where there are none.
    pub fn suppress(roles: Vec<String>) -> Self {
        Self { suppress: Some(Suppress { roles }), ..Self::of(Type::Suppress) }
    }

    /// Ends a task.
    pub fn kill(
        task_id: TaskId,
        agent_id: Option<AgentId>,
        kill_policy: Option<KillPolicy>,
    ) -> Self {
        Self { kill: Some(Kill { task_id, agent_id, kill_policy }), ..Self::of(Type::Kill) }
    }

    /// Ends an executor and its tasks.
    pub fn shutdown(executor_id: ExecutorId, agent_id: AgentId) -> Self {
        Self { shutdown: Some(Shutdown { executor_id, agent_id }), ..Self::of(Type::Shutdown) }
    }

    /// Confirms a status update, once it is stored. None where it is not to be confirmed: an update
    /// without a `uuid` comes from the master, which does not send it again.
    pub fn acknowledge(status: &TaskStatus) -> Option<Self> {
        let uuid = status.uuid.clone().filter(|uuid| !uuid.is_empty())?;
        let agent_id = status.agent_id.clone()?;
        let acknowledge = Acknowledge { agent_id, task_id: status.task_id.clone(), uuid };
        Some(Self { acknowledge: Some(acknowledge), ..Self::of(Type::Acknowledge) })
    }

    /// Asks for the state of these tasks (explicit), or of all that the master knows where there are
    /// none (implicit).
    pub fn reconcile(tasks: Vec<(TaskId, Option<AgentId>)>) -> Self {
        let task = |(task_id, agent_id)| ReconcileTask { task_id, agent_id };
        let tasks = tasks.into_iter().map(task).collect();
        Self { reconcile: Some(Reconcile { tasks }), ..Self::of(Type::Reconcile) }
    }

    /// Says something to an executor. It may be lost, and is not sent again.
    pub fn message(agent_id: AgentId, executor_id: ExecutorId, data: Bytes) -> Self {
        let message = Some(Message { agent_id, executor_id, data });
        Self { message, ..Self::of(Type::Message) }
    }

    /// Changes what the master knows of the framework, without a new subscription (Mesos 1.10).
    pub fn update_framework(framework_info: FrameworkInfo, suppressed_roles: Vec<String>) -> Self {
        let update = UpdateFramework { framework_info, suppressed_roles, offer_constraints: None };
        Self { update_framework: Some(update), ..Self::of(Type::UpdateFramework) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn only_updates_with_a_uuid_are_acknowledged() {
        let with = |uuid: Option<&'static [u8]>, agent: Option<&str>| TaskStatus {
            task_id: "t".into(),
            uuid: uuid.map(Bytes::from_static),
            agent_id: agent.map(AgentId::from),
            ..TaskStatus::default()
        };
        let call = Call::acknowledge(&with(Some(b"0123456789abcdef"), Some("a"))).unwrap();
        assert_eq!(call.name(), "ACKNOWLEDGE");
        assert_eq!(call.acknowledge.unwrap().uuid, &b"0123456789abcdef"[..]);
        assert_eq!(Call::acknowledge(&with(None, Some("a"))), None);
        assert_eq!(Call::acknowledge(&with(Some(b""), Some("a"))), None);
        assert_eq!(Call::acknowledge(&with(Some(b"0123456789abcdef"), None)), None);
    }

    #[test]
    fn a_subscription_carries_the_framework_id_twice() {
        let framework = FrameworkInfo { id: Some("f".into()), ..FrameworkInfo::default() };
        let call = Call::subscribe(&framework, &["etcd".to_owned()]);
        assert_eq!(call.framework_id, Some("f".into()));
        assert_eq!(call.subscribe.unwrap().framework_info.id, Some("f".into()));
    }
}
