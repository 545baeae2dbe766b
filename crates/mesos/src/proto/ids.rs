//! Identifiers: one string each, wrapped so that they can't be mistaken for one another.

macro_rules! id {
    ($name:ident) => {
        impl From<&str> for $name {
            fn from(value: &str) -> Self {
                Self { value: value.to_owned() }
            }
        }

        impl From<String> for $name {
            fn from(value: String) -> Self {
                Self { value }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.value)
            }
        }
    };
}

/// Names a framework; chosen by the master on the first subscription.
/// Whole `mesos.v1.FrameworkID`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Message)]
pub struct FrameworkId {
    /// The identifier itself.
    #[prost(string, required, tag = "1")]
    pub value: String,
}
id!(FrameworkId);

/// Names an offer; it is used up by accepting, declining or rescinding.
/// Whole `mesos.v1.OfferID`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Message)]
pub struct OfferId {
    /// The identifier itself.
    #[prost(string, required, tag = "1")]
    pub value: String,
}
id!(OfferId);

/// Names an agent; an agent that was removed returns under another one.
/// Whole `mesos.v1.AgentID`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Message)]
pub struct AgentId {
    /// The identifier itself.
    #[prost(string, required, tag = "1")]
    pub value: String,
}
id!(AgentId);

/// Names a task; chosen by the framework and never used again.
/// Whole `mesos.v1.TaskID`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Message)]
pub struct TaskId {
    /// The identifier itself.
    #[prost(string, required, tag = "1")]
    pub value: String,
}
id!(TaskId);

/// Names an executor, unique within its framework and agent.
/// Whole `mesos.v1.ExecutorID`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Message)]
pub struct ExecutorId {
    /// The identifier itself.
    #[prost(string, required, tag = "1")]
    pub value: String,
}
id!(ExecutorId);

/// Names a resource provider of an agent.
/// Whole `mesos.v1.ResourceProviderID`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Message)]
pub struct ResourceProviderId {
    /// The identifier itself.
    #[prost(string, required, tag = "1")]
    pub value: String,
}
id!(ResourceProviderId);

/// Names an offer operation whose status the framework wants to hear.
/// Whole `mesos.v1.OperationID`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Message)]
pub struct OperationId {
    /// The identifier itself.
    #[prost(string, required, tag = "1")]
    pub value: String,
}
id!(OperationId);

/// Names a container, perhaps nested in another. Whole `mesos.v1.ContainerID`.
#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct ContainerId {
    /// The identifier itself.
    #[prost(string, required, tag = "1")]
    pub value: String,
    /// The container around this one.
    #[prost(message, optional, boxed, tag = "2")]
    pub parent: Option<Box<ContainerId>>,
}
