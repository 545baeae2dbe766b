//! The core's actions become Mesos's calls.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use etcd_mesos_core::id::{
    AgentId, ClusterName, FrameworkId, MemberName, OfferId, OurTaskId, TaskId,
};
use etcd_mesos_core::offer::{Amount, Part, Take};
use etcd_mesos_core::wire::{Binary, ExecutorData, LaunchOrder, ToExecutor, WIRE_VERSION};
use mesos_v1::proto;
use mesos_v1::proto::framework_capability::Type as Capability;
use mesos_v1::resource::{TakeError, take_ranges, take_scalar};
use mesos_v1::scheduler::Call;

use crate::artifacts::Artifacts;
use crate::settings::Framework;

/// The capabilities that this scheduler really handles, and no others.
const CAPABILITIES: [Capability; 4] = [
    Capability::PartitionAware,
    Capability::TaskKillingState,
    Capability::MultiRole,
    Capability::ReservationRefinement,
];

/// The names of the two tasks of a member, of which mesos-dns makes SRV names: one of each.
const SERVER: &str = "etcd-server";
const CLIENT: &str = "etcd-client";

/// What Mesos is told of us. It is sent whole at each subscription, because a new leading master
/// knows nothing of the former one's (MESOS-4659).
pub(crate) fn framework_info(
    framework: &Framework,
    id: Option<&FrameworkId>,
    hostname: String,
    webui_url: String,
) -> proto::FrameworkInfo {
    proto::FrameworkInfo {
        user: framework.user.clone(),
        name: framework.name.clone(),
        id: id.map(|id| id.as_str().into()),
        failover_timeout: Some(framework.failover_timeout.as_secs_f64()),
        checkpoint: Some(true),
        roles: vec![framework.role.clone()],
        hostname: Some(hostname),
        principal: framework.principal.clone(),
        webui_url: Some(webui_url),
        capabilities: CAPABILITIES.map(Into::into).to_vec(),
        ..Default::default()
    }
}

pub(crate) fn acknowledge(agent_id: &AgentId, task_id: &str, uuid: Vec<u8>) -> Option<Call> {
    Call::acknowledge(&proto::TaskStatus {
        agent_id: Some(agent_id.as_str().into()),
        task_id: task_id.into(),
        uuid: Some(uuid.into()),
        ..Default::default()
    })
}

pub(crate) fn reconcile(tasks: &[(OurTaskId, AgentId)]) -> Call {
    let task = |(task_id, agent_id): &(OurTaskId, AgentId)| {
        (task_id.to_string().into(), Some(agent_id.as_str().into()))
    };
    Call::reconcile(tasks.iter().map(task).collect())
}

pub(crate) fn decline(offers: &[OfferId], refuse_for: Duration) -> Call {
    let offers = offers.iter().map(|id| id.as_str().into()).collect();
    Call::decline(offers, Some(proto::Filters::refuse_for(refuse_for)))
}

pub(crate) fn kill(task_id: &TaskId, agent_id: &AgentId, grace: Duration) -> Call {
    let policy = proto::KillPolicy { grace_period: Some(grace.into()) };
    Call::kill(task_id.to_string().into(), Some(agent_id.as_str().into()), Some(policy))
}

pub(crate) fn message(member: &MemberName, agent_id: &AgentId, message: &ToExecutor) -> Call {
    Call::message(agent_id.as_str().into(), member.as_str().into(), message.to_bytes().into())
}

/// What a launch needs beside the core's action.
pub(crate) struct Launch<'a> {
    pub(crate) cluster: &'a ClusterName,
    pub(crate) framework: &'a Framework,
    pub(crate) artifacts: &'a Artifacts,
    /// Where agents reach the artifact server.
    pub(crate) artifacts_at: SocketAddr,
    /// The offer's resources, as they came.
    pub(crate) offered: &'a [Bytes],
    pub(crate) offer_id: &'a OfferId,
    pub(crate) agent_id: &'a AgentId,
    pub(crate) take: &'a Take,
    pub(crate) task_id: &'a TaskId,
    pub(crate) order: &'a LaunchOrder,
}

impl Launch<'_> {
    /// The ACCEPT that launches: both tasks by one LAUNCH.
    pub(crate) fn call(&self) -> Result<Call, TakeError> {
        let operation = proto::Operation::launch(self.tasks()?.into());
        // What is left of the offer is of no use to us for as long as we want no more.
        let filters = proto::Filters::refuse_for(Duration::from_secs(3600));
        Ok(Call::accept(vec![self.offer_id.as_str().into()], vec![operation], Some(filters)))
    }

    /// The member's task and the client task. Their executor is the same to the byte, or Mesos refuses the
    /// second one.
    fn tasks(&self) -> Result<[proto::TaskInfo; 2], TakeError> {
        let executor = self.executor()?;
        Ok([self.task(executor.clone())?, self.client_task(executor)?])
    }

    fn task(&self, executor: proto::ExecutorInfo) -> Result<proto::TaskInfo, TakeError> {
        Ok(proto::TaskInfo {
            name: SERVER.to_owned(),
            task_id: self.task_id.to_string().into(),
            agent_id: self.agent_id.as_str().into(),
            resources: self.resources(&self.take.task)?,
            executor: Some(executor),
            data: Some(self.order.to_bytes().into()),
            discovery: Some(self.discovery()),
            ..Default::default()
        })
    }

    fn client_task(&self, executor: proto::ExecutorInfo) -> Result<proto::TaskInfo, TakeError> {
        Ok(proto::TaskInfo {
            name: CLIENT.to_owned(),
            task_id: self.task_id.client_task().to_string().into(),
            agent_id: self.agent_id.as_str().into(),
            resources: self.resources(&self.take.client_task)?,
            executor: Some(executor),
            discovery: Some(self.client_discovery()),
            ..Default::default()
        })
    }

    fn executor(&self) -> Result<proto::ExecutorInfo, TakeError> {
        let member = &self.order.member.name;
        let data = ExecutorData {
            v: WIRE_VERSION,
            cluster: self.cluster.clone(),
            member: member.clone(),
            binaries: self.artifacts.iter().map(|a| a.binary.clone()).collect::<Vec<Binary>>(),
        };
        Ok(proto::ExecutorInfo {
            r#type: Some(proto::executor_info::Type::Custom.into()),
            executor_id: member.as_str().into(),
            command: Some(self.command()),
            resources: self.resources(&self.take.executor)?,
            name: Some("etcd".to_owned()),
            source: Some(self.framework.name.clone()),
            data: Some(data.to_bytes().into()),
            shutdown_grace_period: Some(
                Duration::from_millis(self.order.stop_grace_ms + 5_000).into(),
            ),
            ..Default::default()
        })
    }

    fn command(&self) -> proto::CommandInfo {
        let uris = self.artifacts.iter().map(|artifact| proto::Uri {
            value: format!("http://{}{}", self.artifacts_at, artifact.url_path()),
            executable: Some(true),
            extract: Some(false),
            cache: Some(true),
            output_file: Some(artifact.binary.file.clone()),
        });
        proto::CommandInfo {
            uris: uris.collect(),
            shell: Some(false),
            value: Some("./etcd-mesos-executor".to_owned()),
            arguments: vec!["./etcd-mesos-executor".to_owned()],
            ..Default::default()
        }
    }

    /// The predecessor's DiscoveryInfo: `client` is no protocol, but yields the SRV name
    /// `_etcd-server._client.<framework>.mesos` that its README promises.
    fn discovery(&self) -> proto::DiscoveryInfo {
        let member = &self.order.member;
        let ports = vec![port(member.peer_port, "tcp"), port(member.client_port, "client")];
        discovery(SERVER, ports)
    }

    /// `_etcd-client._tcp.<framework>.mesos`: the name that etcdctl, gateway and grpc-proxy look up. Any
    /// other port here would be among its answers.
    fn client_discovery(&self) -> proto::DiscoveryInfo {
        discovery(CLIENT, vec![port(self.order.member.client_port, "tcp")])
    }

    /// The offered resources, cut to what is taken of each; nothing else in them is changed.
    fn resources(&self, parts: &[Part]) -> Result<Vec<Bytes>, TakeError> {
        let mut merged: Vec<Part> = Vec::new();
        for part in parts {
            match merged.iter_mut().find(|m| m.index == part.index) {
                Some(same) => merge(&mut same.amount, &part.amount),
                None => merged.push(part.clone()),
            }
        }
        merged.iter().map(|part| self.resource(part)).collect()
    }

    fn resource(&self, part: &Part) -> Result<Bytes, TakeError> {
        let raw = &self.offered[part.index];
        match &part.amount {
            Amount::Scalar(_, amount) => take_scalar(raw, amount.to_f64()),
            Amount::Ports(ranges) => {
                let ranges: Vec<(u64, u64)> =
                    ranges.iter().map(|&(begin, end)| (begin.into(), end.into())).collect();
                take_ranges(raw, &ranges)
            }
            Amount::Other => Ok(raw.clone()),
        }
    }
}

fn port(number: u16, protocol: &str) -> proto::Port {
    proto::Port { number: number.into(), protocol: Some(protocol.to_owned()), ..Default::default() }
}

fn discovery(name: &str, ports: Vec<proto::Port>) -> proto::DiscoveryInfo {
    proto::DiscoveryInfo {
        visibility: proto::Visibility::External.into(),
        name: Some(name.to_owned()),
        ports: Some(proto::Ports { ports }),
        ..Default::default()
    }
}

/// Two parts of one resource become one: Mesos wants each resource once.
fn merge(into: &mut Amount, more: &Amount) {
    match (into, more) {
        (Amount::Scalar(_, sum), Amount::Scalar(_, amount)) => sum.0 += amount.0,
        (Amount::Ports(ranges), Amount::Ports(more)) => ranges.extend(more),
        (Amount::Scalar(..) | Amount::Ports(_) | Amount::Other, _) => {}
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use etcd_mesos_core::id::{Epoch, Generation};
    use etcd_mesos_core::offer::{Milli, Scalar};
    use etcd_mesos_core::wire::{Peer, Start};
    use mesos_v1::resource::{ResourceView, ranges, scalar};

    use super::*;
    use crate::settings::Binaries;

    fn framework() -> Framework {
        Framework {
            name: "test".to_owned(),
            user: "nobody".to_owned(),
            role: "*".to_owned(),
            principal: None,
            failover_timeout: Duration::from_secs(1),
            webui_url: None,
        }
    }

    fn order(task: &TaskId) -> LaunchOrder {
        let (ip, peer_port, client_port) = ([10, 0, 0, 1].into(), 31_000, 31_001);
        let member = Peer { name: task.member.clone(), ip, peer_port, client_port };
        LaunchOrder {
            v: WIRE_VERSION,
            epoch: Epoch(1),
            generation: Generation(0),
            token: "token".to_owned(),
            member: member.clone(),
            initial_cluster: vec![member],
            start: Start::Form,
            etcd_flags: Vec::new(),
            stop_grace_ms: 1000,
        }
    }

    fn take() -> Take {
        let cpus = |milli| Part { index: 0, amount: Amount::Scalar(Scalar::Cpus, Milli(milli)) };
        let port = |port| Part { index: 1, amount: Amount::Ports(vec![(port, port)]) };
        Take {
            executor: vec![cpus(99)],
            task: vec![cpus(1000), port(31_000), port(31_001)],
            client_task: vec![cpus(1)],
            peer_port: 31_000,
            client_port: 31_001,
        }
    }

    fn launched() -> [proto::TaskInfo; 2] {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str| {
            std::fs::write(dir.path().join(name), name).unwrap();
            dir.path().join(name)
        };
        let (executor, etcd, etcdctl) = (file("executor"), file("etcd"), file("etcdctl"));
        let task_id = "etcd.test.0.etcd-1-0.1".parse().unwrap();
        let launch = Launch {
            cluster: &"test".parse().unwrap(),
            framework: &framework(),
            artifacts: &Artifacts::open(&Binaries { executor, etcd, etcdctl }).unwrap(),
            artifacts_at: ([10, 0, 0, 9], 1).into(),
            offered: &[scalar("cpus", 1.1, None), ranges("ports", &[(31_000, 32_000)], None)],
            offer_id: &"o".into(),
            agent_id: &"a".into(),
            take: &take(),
            task_id: &task_id,
            order: &order(&task_id),
        };
        launch.tasks().unwrap()
    }

    #[test]
    fn a_member_is_launched_as_two_tasks_of_one_executor() {
        let [server, client] = launched();
        assert_eq!(server.executor, client.executor);
        assert_eq!(server.task_id.value, "etcd.test.0.etcd-1-0.1");
        assert_eq!(client.task_id.value, "etcd.test.0.etcd-1-0.1.client");
        assert_eq!((server.name.as_str(), client.name.as_str()), ("etcd-server", "etcd-client"));
        assert!(server.data.is_some() && client.data.is_none());
        let amount = |raw: &Bytes| ResourceView::of(raw).unwrap().scalar.unwrap().value;
        let executor = client.executor.as_ref().unwrap();
        assert_eq!(client.resources.iter().map(amount).collect::<Vec<_>>(), [0.001]);
        assert_eq!(executor.resources.iter().map(amount).collect::<Vec<_>>(), [0.099]);
    }

    #[test]
    fn each_task_tells_mesos_dns_of_its_own_ports() {
        let told = |task: proto::TaskInfo| {
            let discovery = task.discovery.unwrap();
            let ports = discovery.ports.unwrap().ports.into_iter();
            let ports: Vec<_> = ports.map(|p| (p.number, p.protocol.unwrap(), p.name)).collect();
            (discovery.visibility, discovery.name.unwrap(), ports)
        };
        let external: i32 = proto::Visibility::External.into();
        let port = |number: u32, protocol: &str| (number, protocol.to_owned(), None);
        let [server, client] = launched().map(told);
        let ports = vec![port(31_000, "tcp"), port(31_001, "client")];
        assert_eq!(server, (external, "etcd-server".to_owned(), ports));
        assert_eq!(client, (external, "etcd-client".to_owned(), vec![port(31_001, "tcp")]));
    }
}
