//! The messages between a scheduler and the master, as they are on the wire.
//!
//! The event that a caller sees is [`crate::scheduler::Event`].

use bytes::Bytes;

use super::FrameworkId;

/// What the framework says to the master. Whole `mesos.v1.scheduler.Call`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Call {
    /// Who calls; absent only in the first SUBSCRIBE.
    #[prost(message, optional, tag = "1")]
    pub framework_id: Option<FrameworkId>,
    /// Which of the others is set.
    #[prost(enumeration = "call::Type", optional, tag = "2")]
    pub r#type: Option<i32>,
    /// Of SUBSCRIBE.
    #[prost(message, optional, tag = "3")]
    pub subscribe: Option<call::Subscribe>,
    /// Of ACCEPT.
    #[prost(message, optional, tag = "4")]
    pub accept: Option<call::Accept>,
    /// Of DECLINE.
    #[prost(message, optional, tag = "5")]
    pub decline: Option<call::Decline>,
    /// Of ACCEPT_INVERSE_OFFERS.
    #[prost(message, optional, tag = "13")]
    pub accept_inverse_offers: Option<call::AcceptInverseOffers>,
    /// Of DECLINE_INVERSE_OFFERS.
    #[prost(message, optional, tag = "14")]
    pub decline_inverse_offers: Option<call::DeclineInverseOffers>,
    /// Of REVIVE.
    #[prost(message, optional, tag = "15")]
    pub revive: Option<call::Revive>,
    /// Of KILL.
    #[prost(message, optional, tag = "6")]
    pub kill: Option<call::Kill>,
    /// Of SHUTDOWN.
    #[prost(message, optional, tag = "7")]
    pub shutdown: Option<call::Shutdown>,
    /// Of ACKNOWLEDGE.
    #[prost(message, optional, tag = "8")]
    pub acknowledge: Option<call::Acknowledge>,
    /// Of ACKNOWLEDGE_OPERATION_STATUS.
    #[prost(message, optional, tag = "17")]
    pub acknowledge_operation_status: Option<call::AcknowledgeOperationStatus>,
    /// Of RECONCILE.
    #[prost(message, optional, tag = "9")]
    pub reconcile: Option<call::Reconcile>,
    /// Of RECONCILE_OPERATIONS.
    #[prost(message, optional, tag = "18")]
    pub reconcile_operations: Option<call::ReconcileOperations>,
    /// Of MESSAGE.
    #[prost(message, optional, tag = "10")]
    pub message: Option<call::Message>,
    /// Of REQUEST; opaque, Mesos ignores it.
    #[prost(bytes = "bytes", optional, tag = "11")]
    pub request: Option<Bytes>,
    /// Of SUPPRESS.
    #[prost(message, optional, tag = "16")]
    pub suppress: Option<call::Suppress>,
    /// Of UPDATE_FRAMEWORK.
    #[prost(message, optional, tag = "19")]
    pub update_framework: Option<call::UpdateFramework>,
}

/// What the master says. Whole `mesos.v1.scheduler.Event`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Event {
    /// Which of the others is set.
    #[prost(enumeration = "event::Type", optional, tag = "1")]
    pub r#type: Option<i32>,
    /// Of SUBSCRIBED.
    #[prost(message, optional, tag = "2")]
    pub subscribed: Option<event::Subscribed>,
    /// Of OFFERS.
    #[prost(message, optional, tag = "3")]
    pub offers: Option<event::Offers>,
    /// Of INVERSE_OFFERS.
    #[prost(message, optional, tag = "9")]
    pub inverse_offers: Option<event::InverseOffers>,
    /// Of RESCIND.
    #[prost(message, optional, tag = "4")]
    pub rescind: Option<event::Rescind>,
    /// Of RESCIND_INVERSE_OFFER.
    #[prost(message, optional, tag = "10")]
    pub rescind_inverse_offer: Option<event::RescindInverseOffer>,
    /// Of UPDATE.
    #[prost(message, optional, tag = "5")]
    pub update: Option<event::Update>,
    /// Of UPDATE_OPERATION_STATUS; opaque `OperationStatus`.
    #[prost(bytes = "bytes", optional, tag = "11")]
    pub update_operation_status: Option<Bytes>,
    /// Of MESSAGE.
    #[prost(message, optional, tag = "6")]
    pub message: Option<event::Message>,
    /// Of FAILURE.
    #[prost(message, optional, tag = "7")]
    pub failure: Option<event::Failure>,
    /// Of ERROR.
    #[prost(message, optional, tag = "8")]
    pub error: Option<event::Error>,
}

/// The parts of a [`Call`].
pub mod call {
    use bytes::Bytes;

    use crate::proto::{
        AgentId, ExecutorId, Filters, FrameworkInfo, KillPolicy, OfferId, Operation, OperationId,
        ResourceProviderId, TaskId,
    };

    /// Which call it is. Enum `mesos.v1.scheduler.Call.Type`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
    #[repr(i32)]
    pub enum Type {
        /// None that is known.
        Unknown = 0,
        /// Opens the event stream.
        Subscribe = 1,
        /// Ends the framework and all that it runs.
        Teardown = 2,
        /// Uses offers.
        Accept = 3,
        /// Gives offers back.
        Decline = 4,
        /// Agrees to inverse offers.
        AcceptInverseOffers = 13,
        /// Does not agree to inverse offers.
        DeclineInverseOffers = 14,
        /// Clears filters and suppression.
        Revive = 5,
        /// Ends a task.
        Kill = 6,
        /// Ends an executor.
        Shutdown = 7,
        /// Confirms a status update.
        Acknowledge = 8,
        /// Confirms an operation's status update.
        AcknowledgeOperationStatus = 15,
        /// Asks for the state of tasks.
        Reconcile = 9,
        /// Asks for the state of operations.
        ReconcileOperations = 16,
        /// Says something to an executor.
        Message = 10,
        /// Asks for resources.
        Request = 11,
        /// Wants no offers.
        Suppress = 12,
        /// Changes what the master knows of the framework.
        UpdateFramework = 17,
    }

    impl Type {
        /// The name that Mesos gives it.
        pub fn as_str_name(self) -> &'static str {
            match self {
                Self::Unknown => "UNKNOWN",
                Self::Subscribe => "SUBSCRIBE",
                Self::Teardown => "TEARDOWN",
                Self::Accept => "ACCEPT",
                Self::Decline => "DECLINE",
                Self::AcceptInverseOffers => "ACCEPT_INVERSE_OFFERS",
                Self::DeclineInverseOffers => "DECLINE_INVERSE_OFFERS",
                Self::Revive => "REVIVE",
                Self::Kill => "KILL",
                Self::Shutdown => "SHUTDOWN",
                Self::Acknowledge => "ACKNOWLEDGE",
                Self::AcknowledgeOperationStatus => "ACKNOWLEDGE_OPERATION_STATUS",
                Self::Reconcile => "RECONCILE",
                Self::ReconcileOperations => "RECONCILE_OPERATIONS",
                Self::Message => "MESSAGE",
                Self::Request => "REQUEST",
                Self::Suppress => "SUPPRESS",
                Self::UpdateFramework => "UPDATE_FRAMEWORK",
            }
        }
    }

    /// Opens the event stream. Whole `mesos.v1.scheduler.Call.Subscribe`.
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Subscribe {
        /// Who subscribes.
        #[prost(message, required, tag = "1")]
        pub framework_info: FrameworkInfo,
        /// Roles that want no offers for now.
        #[prost(string, repeated, tag = "2")]
        pub suppressed_roles: Vec<String>,
        /// Which offers are wanted; opaque `OfferConstraints`.
        #[prost(bytes = "bytes", optional, tag = "3")]
        pub offer_constraints: Option<Bytes>,
    }

    /// Uses offers; what it leaves is given back. Whole `mesos.v1.scheduler.Call.Accept`.
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Accept {
        /// Offers of one agent.
        #[prost(message, repeated, tag = "1")]
        pub offer_ids: Vec<OfferId>,
        /// What to do, in this order.
        #[prost(message, repeated, tag = "2")]
        pub operations: Vec<Operation>,
        /// For what is left.
        #[prost(message, optional, tag = "3")]
        pub filters: Option<Filters>,
    }

    /// Gives offers back. Whole `mesos.v1.scheduler.Call.Decline`.
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Decline {
        /// Which.
        #[prost(message, repeated, tag = "1")]
        pub offer_ids: Vec<OfferId>,
        /// For how long not to offer them again.
        #[prost(message, optional, tag = "2")]
        pub filters: Option<Filters>,
    }

    /// Agrees to inverse offers. Whole `mesos.v1.scheduler.Call.AcceptInverseOffers`.
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct AcceptInverseOffers {
        /// Which.
        #[prost(message, repeated, tag = "1")]
        pub inverse_offer_ids: Vec<OfferId>,
        /// For how long not to ask again.
        #[prost(message, optional, tag = "2")]
        pub filters: Option<Filters>,
    }

    /// Does not agree to inverse offers. Whole `mesos.v1.scheduler.Call.DeclineInverseOffers`.
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct DeclineInverseOffers {
        /// Which.
        #[prost(message, repeated, tag = "1")]
        pub inverse_offer_ids: Vec<OfferId>,
        /// For how long not to ask again.
        #[prost(message, optional, tag = "2")]
        pub filters: Option<Filters>,
    }

    /// Clears filters and suppression. Whole `mesos.v1.scheduler.Call.Revive`.
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Revive {
        /// Of these roles; of all where there are none.
        #[prost(string, repeated, tag = "1")]
        pub roles: Vec<String>,
    }

    /// Ends a task. Whole `mesos.v1.scheduler.Call.Kill`.
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Kill {
        /// Which.
        #[prost(message, required, tag = "1")]
        pub task_id: TaskId,
        /// On which agent.
        #[prost(message, optional, tag = "2")]
        pub agent_id: Option<AgentId>,
        /// Instead of the task's own.
        #[prost(message, optional, tag = "3")]
        pub kill_policy: Option<KillPolicy>,
    }

    /// Ends an executor and its tasks. Whole `mesos.v1.scheduler.Call.Shutdown`.
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Shutdown {
        /// Which.
        #[prost(message, required, tag = "1")]
        pub executor_id: ExecutorId,
        /// On which agent.
        #[prost(message, required, tag = "2")]
        pub agent_id: AgentId,
    }

    /// Confirms a status update, so that it is not sent again. Whole `mesos.v1.scheduler.Call.Acknowledge`.
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Acknowledge {
        /// From the update.
        #[prost(message, required, tag = "1")]
        pub agent_id: AgentId,
        /// From the update.
        #[prost(message, required, tag = "2")]
        pub task_id: TaskId,
        /// From the update.
        #[prost(bytes = "bytes", required, tag = "3")]
        pub uuid: Bytes,
    }

    /// Confirms an operation's status update. Whole `mesos.v1.scheduler.Call.AcknowledgeOperationStatus`.
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct AcknowledgeOperationStatus {
        /// From the update.
        #[prost(message, optional, tag = "1")]
        pub agent_id: Option<AgentId>,
        /// From the update.
        #[prost(message, optional, tag = "2")]
        pub resource_provider_id: Option<ResourceProviderId>,
        /// From the update.
        #[prost(bytes = "bytes", required, tag = "3")]
        pub uuid: Bytes,
        /// From the update.
        #[prost(message, required, tag = "4")]
        pub operation_id: OperationId,
    }

    /// Asks for the state of tasks. Whole `mesos.v1.scheduler.Call.Reconcile`.
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Reconcile {
        /// Of these; of all that the master knows where there are none.
        #[prost(message, repeated, tag = "1")]
        pub tasks: Vec<ReconcileTask>,
    }

    /// A task whose state is asked for. Whole `mesos.v1.scheduler.Call.Reconcile.Task`.
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct ReconcileTask {
        /// Which.
        #[prost(message, required, tag = "1")]
        pub task_id: TaskId,
        /// Where it was last known to be.
        #[prost(message, optional, tag = "2")]
        pub agent_id: Option<AgentId>,
    }

    /// Asks for the state of operations. Whole `mesos.v1.scheduler.Call.ReconcileOperations`.
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct ReconcileOperations {
        /// Of these; of all where there are none.
        #[prost(message, repeated, tag = "1")]
        pub operations: Vec<ReconcileOperation>,
    }

    /// An operation whose state is asked for. Whole `mesos.v1.scheduler.Call.ReconcileOperations.Operation`.
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct ReconcileOperation {
        /// Which.
        #[prost(message, required, tag = "1")]
        pub operation_id: OperationId,
        /// On which agent.
        #[prost(message, optional, tag = "2")]
        pub agent_id: Option<AgentId>,
        /// Of which resource provider.
        #[prost(message, optional, tag = "3")]
        pub resource_provider_id: Option<ResourceProviderId>,
    }

    /// Says something to an executor; it is not sent again if it is lost. Whole `mesos.v1.scheduler.Call.Message`.
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Message {
        /// On which agent.
        #[prost(message, required, tag = "1")]
        pub agent_id: AgentId,
        /// Which executor.
        #[prost(message, required, tag = "2")]
        pub executor_id: ExecutorId,
        /// What is said.
        #[prost(bytes = "bytes", required, tag = "3")]
        pub data: Bytes,
    }

    /// Wants no offers. Whole `mesos.v1.scheduler.Call.Suppress`.
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Suppress {
        /// For these roles; for all where there are none.
        #[prost(string, repeated, tag = "1")]
        pub roles: Vec<String>,
    }

    /// Changes what the master knows of the framework. Whole `mesos.v1.scheduler.Call.UpdateFramework`.
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct UpdateFramework {
        /// All of it.
        #[prost(message, required, tag = "1")]
        pub framework_info: FrameworkInfo,
        /// Roles that want no offers for now.
        #[prost(string, repeated, tag = "2")]
        pub suppressed_roles: Vec<String>,
        /// Which offers are wanted; opaque `OfferConstraints`.
        #[prost(bytes = "bytes", optional, tag = "3")]
        pub offer_constraints: Option<Bytes>,
    }
}

/// The parts of an [`Event`].
pub mod event {
    use bytes::Bytes;

    use crate::proto::{
        AgentId, ExecutorId, FrameworkId, InverseOffer, MasterInfo, Offer, OfferId, TaskStatus,
    };

    /// Which event it is. Enum `mesos.v1.scheduler.Event.Type`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
    #[repr(i32)]
    pub enum Type {
        /// None that is known.
        Unknown = 0,
        /// The framework is subscribed.
        Subscribed = 1,
        /// New offers.
        Offers = 2,
        /// The question whether resources may be taken away.
        InverseOffers = 9,
        /// An offer is no longer valid.
        Rescind = 3,
        /// An inverse offer is no longer valid.
        RescindInverseOffer = 10,
        /// A task has a new state.
        Update = 4,
        /// An operation has a new state.
        UpdateOperationStatus = 11,
        /// An executor says something.
        Message = 5,
        /// An agent was removed or an executor ended.
        Failure = 6,
        /// The subscription is over.
        Error = 7,
        /// The master is there.
        Heartbeat = 8,
    }

    impl Type {
        /// The name that Mesos gives it.
        pub fn as_str_name(self) -> &'static str {
            match self {
                Self::Unknown => "UNKNOWN",
                Self::Subscribed => "SUBSCRIBED",
                Self::Offers => "OFFERS",
                Self::InverseOffers => "INVERSE_OFFERS",
                Self::Rescind => "RESCIND",
                Self::RescindInverseOffer => "RESCIND_INVERSE_OFFER",
                Self::Update => "UPDATE",
                Self::UpdateOperationStatus => "UPDATE_OPERATION_STATUS",
                Self::Message => "MESSAGE",
                Self::Failure => "FAILURE",
                Self::Error => "ERROR",
                Self::Heartbeat => "HEARTBEAT",
            }
        }
    }

    /// The answer to SUBSCRIBE. Whole `mesos.v1.scheduler.Event.Subscribed`.
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Subscribed {
        /// The ID, new or confirmed.
        #[prost(message, required, tag = "1")]
        pub framework_id: FrameworkId,
        /// Seconds between heartbeats.
        #[prost(double, optional, tag = "2")]
        pub heartbeat_interval_seconds: Option<f64>,
        /// The leading master.
        #[prost(message, optional, tag = "3")]
        pub master_info: Option<MasterInfo>,
    }

    /// New offers. Whole `mesos.v1.scheduler.Event.Offers`.
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Offers {
        /// The offers.
        #[prost(message, repeated, tag = "1")]
        pub offers: Vec<Offer>,
    }

    /// New inverse offers. Whole `mesos.v1.scheduler.Event.InverseOffers`.
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct InverseOffers {
        /// The inverse offers.
        #[prost(message, repeated, tag = "1")]
        pub inverse_offers: Vec<InverseOffer>,
    }

    /// An offer is no longer valid. Whole `mesos.v1.scheduler.Event.Rescind`.
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Rescind {
        /// Which.
        #[prost(message, required, tag = "1")]
        pub offer_id: OfferId,
    }

    /// An inverse offer is no longer valid. Whole `mesos.v1.scheduler.Event.RescindInverseOffer`.
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct RescindInverseOffer {
        /// Which.
        #[prost(message, required, tag = "1")]
        pub inverse_offer_id: OfferId,
    }

    /// A task has a new state. Whole `mesos.v1.scheduler.Event.Update`.
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Update {
        /// The state.
        #[prost(message, required, tag = "1")]
        pub status: TaskStatus,
    }

    /// What an executor says; it is not sent again if it is lost. Whole `mesos.v1.scheduler.Event.Message`.
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Message {
        /// On which agent.
        #[prost(message, required, tag = "1")]
        pub agent_id: AgentId,
        /// Which executor.
        #[prost(message, required, tag = "2")]
        pub executor_id: ExecutorId,
        /// What it says.
        #[prost(bytes = "bytes", required, tag = "3")]
        pub data: Bytes,
    }

    /// An agent was removed, or, with an executor ID, an executor ended. Whole `mesos.v1.scheduler.Event.Failure`.
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Failure {
        /// Which agent.
        #[prost(message, optional, tag = "1")]
        pub agent_id: Option<AgentId>,
        /// Which executor.
        #[prost(message, optional, tag = "2")]
        pub executor_id: Option<ExecutorId>,
        /// The executor's wait status.
        #[prost(int32, optional, tag = "3")]
        pub status: Option<i32>,
    }

    /// The subscription is over, and why. Whole `mesos.v1.scheduler.Event.Error`.
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Error {
        /// For people.
        #[prost(string, required, tag = "1")]
        pub message: String,
    }
}
