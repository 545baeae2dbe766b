//! A task as the master tells of it, and the member in it.
//!
//! The same object stands in `/state`, `/frameworks` and `/tasks`. A task is a member's if its DiscoveryInfo is
//! called `etcd-server` and its ID is one of ours (`etcd.<cluster>.<generation>.<member>.<attempt>`); or if its ID
//! is one of the predecessor's, which says itself where the member serves.

use std::net::{IpAddr, SocketAddr};

use etcd_mesos_core::id::{TaskId, is_predecessor_task_id};
use serde::Deserialize;

use crate::flaw::{Flaw, printable};

/// The longest task that is read; one of ours has some thousand bytes, and grows by its statuses.
pub(crate) const TASK_BYTES_MAX: usize = 1 << 20;

/// The name in the DiscoveryInfo of members' tasks.
const SERVICE: &str = "etcd-server";
/// What the DiscoveryInfo has in the place of a protocol at the client port.
const CLIENT: &str = "client";
/// The only state in which a member counts.
const RUNNING: &str = "TASK_RUNNING";

/// A member that its task tells of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) name: String,
    /// The how-manieth task of the member it is; of two the later one counts.
    pub(crate) attempt: u32,
    pub(crate) place: Place,
}

/// Where a member serves clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// There.
    At(String),
    /// At that port of an agent, whose address the task does not tell.
    OnAgent { agent_id: String, port: u16 },
}

/// What a task is to us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    Member(Member),
    /// It is a member's, and does not run, or not yet.
    NotRunning,
    /// It is no member's.
    Other,
}

/// A task, and whose it is.
#[derive(Debug)]
pub(crate) struct Task {
    /// Whose it is; empty where the task does not tell.
    pub(crate) framework_id: String,
    /// What it is to us, if it is ours; or what is wrong with it then.
    pub(crate) told: Result<Told, Flaw>,
}

/// A task as it is written.
#[derive(Debug, Deserialize)]
pub(crate) struct Wire {
    id: String,
    #[serde(default)]
    framework_id: String,
    #[serde(default)]
    slave_id: String,
    state: String,
    #[serde(default)]
    statuses: Vec<Status>,
    discovery: Option<DiscoveryInfo>,
}

#[derive(Debug, Deserialize)]
struct Status {
    state: String,
    #[serde(default)]
    timestamp: f64,
    container_status: Option<ContainerStatus>,
}

#[derive(Debug, Deserialize)]
struct ContainerStatus {
    #[serde(default)]
    network_infos: Vec<NetworkInfo>,
}

#[derive(Debug, Deserialize)]
struct NetworkInfo {
    #[serde(default)]
    ip_addresses: Vec<IpAddress>,
}

#[derive(Debug, Deserialize)]
struct IpAddress {
    ip_address: Option<String>,
}

#[derive(Debug, Deserialize)]
struct DiscoveryInfo {
    name: Option<String>,
    ports: Option<Ports>,
}

#[derive(Debug, Deserialize)]
struct Ports {
    #[serde(default)]
    ports: Vec<Port>,
}

#[derive(Debug, Deserialize)]
struct Port {
    number: u64,
    protocol: Option<String>,
}

impl Task {
    pub(crate) fn read(bytes: &[u8]) -> Result<Task, Flaw> {
        let read = serde_json::from_slice::<Wire>(bytes);
        Ok(read.map_err(|source| Flaw::Json { what: "a task", source })?.into())
    }
}

impl From<Wire> for Task {
    fn from(wire: Wire) -> Task {
        Task { told: wire.told(), framework_id: wire.framework_id }
    }
}

impl Wire {
    fn told(&self) -> Result<Told, Flaw> {
        if is_predecessor_task_id(&self.id) {
            return self.of_predecessor();
        }
        let service = self.discovery.as_ref().and_then(|info| info.name.as_deref());
        match self.id.parse::<TaskId>() {
            Ok(id) if service == Some(SERVICE) => self.of_ours(&id),
            _ => Ok(Told::Other),
        }
    }

    fn of_ours(&self, id: &TaskId) -> Result<Told, Flaw> {
        if self.state != RUNNING {
            return Ok(Told::NotRunning);
        }
        let port = self.client_port()?;
        let place = match self.address()? {
            Some(address) => at(address, port),
            None => Place::OnAgent { agent_id: self.slave_id.clone(), port },
        };
        let name = id.member.to_string();
        Ok(Told::Member(Member { name, attempt: id.attempt, place }))
    }

    /// `<name> <host> <rpcPort> <clientPort> <reseedPort>`
    fn of_predecessor(&self) -> Result<Told, Flaw> {
        if self.state != RUNNING {
            return Ok(Told::NotRunning);
        }
        let fields: Vec<&str> = self.id.split(' ').collect();
        let [name, host, _, port, _] = fields[..] else { return Ok(Told::Other) };
        let port = self.port(port.parse().unwrap_or(0))?;
        let place = match host.parse::<IpAddr>() {
            Ok(address) => at(address, port),
            Err(_) if is_host(host) => Place::At(format!("http://{host}:{port}")),
            Err(_) => return Err(self.flaw("names no host that can be connected to")),
        };
        Ok(Told::Member(Member { name: name.to_owned(), attempt: 0, place }))
    }

    fn client_port(&self) -> Result<u16, Flaw> {
        let ports = self.discovery.iter().filter_map(|info| info.ports.as_ref());
        let mut ports = ports.flat_map(|ports| &ports.ports);
        let client = ports.find(|port| port.protocol.as_deref() == Some(CLIENT));
        match client {
            Some(client) => self.port(client.number),
            None => Err(self.flaw("has no port for clients in its DiscoveryInfo")),
        }
    }

    fn port(&self, number: u64) -> Result<u16, Flaw> {
        let port = u16::try_from(number).ok().filter(|port| *port > 0);
        port.ok_or_else(|| self.flaw("has a client port that is not between 1 and 65535"))
    }

    /// The address that the newest status of a running task tells.
    fn address(&self) -> Result<Option<IpAddr>, Flaw> {
        let running = self.statuses.iter().filter(|status| status.state == RUNNING);
        let newest = running.max_by(|a, b| a.timestamp.total_cmp(&b.timestamp));
        let infos = newest.and_then(|status| status.container_status.as_ref());
        let infos = infos.into_iter().flat_map(|status| &status.network_infos);
        let mut told =
            infos.flat_map(|info| &info.ip_addresses).filter_map(|a| a.ip_address.as_ref());
        let Some(text) = told.next() else { return Ok(None) };
        let address = text.parse().map_err(|_| self.flaw("has an address that is none"))?;
        Ok(Some(address))
    }

    fn flaw(&self, what: &'static str) -> Flaw {
        Flaw::Task { task: printable(&self.id), what }
    }
}

/// The member that serves at that port of that address.
pub(crate) fn at(address: IpAddr, port: u16) -> Place {
    Place::At(format!("http://{}", SocketAddr::new(address, port)))
}

/// Whether it can stand as a name in a URL.
pub(crate) fn is_host(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    !text.is_empty() && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::{Value, json};

    use super::*;

    fn running(address: &str) -> Value {
        json!({
            "id": "etcd.test.0.etcd-1-0.2", "name": "etcd-server", "framework_id": "F", "slave_id": "S1",
            "state": "TASK_RUNNING",
            "statuses": [status("TASK_RUNNING", 2.5, address), status("TASK_STARTING", 3.0, "10.9.9.9")],
            "discovery": {
                "visibility": "EXTERNAL", "name": "etcd-server",
                "ports": {"ports": [
                    {"number": 31000, "protocol": "tcp"}, {"number": 31001, "protocol": "client"},
                ]},
            },
        })
    }

    fn status(state: &str, timestamp: f64, address: &str) -> Value {
        let infos = json!([{"ip_addresses": [{"protocol": "IPv4", "ip_address": address}]}]);
        json!({"state": state, "timestamp": timestamp, "container_status": {"network_infos": infos}})
    }

    fn told(task: &Value) -> Result<Told, String> {
        let task = Task::read(task.to_string().as_bytes()).map_err(|flaw| flaw.to_string())?;
        task.told.map_err(|flaw| flaw.to_string())
    }

    fn member(name: &str, attempt: u32, url: &str) -> Result<Told, String> {
        let (name, place) = (name.to_owned(), Place::At(url.to_owned()));
        Ok(Told::Member(Member { name, attempt, place }))
    }

    #[test]
    fn a_running_task_of_ours_is_a_member_at_the_address_of_its_newest_running_status() {
        let mut task = running("10.0.0.1");
        assert_eq!(told(&task), member("etcd-1-0", 2, "http://10.0.0.1:31001"));
        let newer = status("TASK_RUNNING", 2.75, "2001:db8::1");
        task["statuses"].as_array_mut().unwrap().push(newer);
        assert_eq!(told(&task), member("etcd-1-0", 2, "http://[2001:db8::1]:31001"));
    }

    #[test]
    fn without_an_address_it_is_its_agents() {
        for statuses in [json!([]), json!([{"state": "TASK_RUNNING"}])] {
            let mut task = running("");
            task["statuses"] = statuses;
            let place = Place::OnAgent { agent_id: "S1".into(), port: 31001 };
            let member = Member { name: "etcd-1-0".into(), attempt: 2, place };
            assert_eq!(told(&task), Ok(Told::Member(member)));
        }
    }

    #[test]
    fn what_does_not_run_or_is_no_members_is_none() {
        for state in
            ["TASK_STAGING", "TASK_STARTING", "TASK_KILLING", "TASK_UNREACHABLE", "TASK_KILLED"]
        {
            let mut task = running("10.0.0.1");
            task["state"] = json!(state);
            assert_eq!(told(&task), Ok(Told::NotRunning));
        }
        let mut foreign = running("10.0.0.1");
        foreign["id"] = json!("web.1");
        assert_eq!(told(&foreign), Ok(Told::Other));
        let mut other = running("10.0.0.1");
        other["discovery"]["name"] = json!("etcd-client");
        assert_eq!(told(&other), Ok(Told::Other));
        other["discovery"] = json!(null);
        assert_eq!(told(&other), Ok(Told::Other));
    }

    #[test]
    fn ports_and_addresses_that_cannot_be_are_told_with_the_task() {
        for (port, words) in [(json!(0), "between 1 and"), (json!(65536), "between 1 and")] {
            let mut task = running("10.0.0.1");
            task["discovery"]["ports"]["ports"][1]["number"] = port;
            let error = told(&task).unwrap_err();
            assert!(error.contains(words) && error.contains("etcd.test.0.etcd-1-0.2"), "{error}");
        }
        assert!(told(&running("10.0.0.1/evil")).unwrap_err().contains("address"));
        let mut task = running("10.0.0.1");
        task["discovery"]["ports"]["ports"][1]["protocol"] = json!("tcp");
        assert!(told(&task).unwrap_err().contains("no port for clients"));
    }

    #[test]
    fn the_predecessors_tasks_say_where_they_serve() {
        let task = |id: &str| json!({"id": id, "state": "TASK_RUNNING"});
        let url = "http://10.0.0.1:31001";
        assert_eq!(
            told(&task("etcd-1447 10.0.0.1 31000 31001 31002")),
            member("etcd-1447", 0, url)
        );
        let url = "http://agent-1.example:31001";
        let named = task("etcd-1447 agent-1.example 31000 31001 31002");
        assert_eq!(told(&named), member("etcd-1447", 0, url));
        for wrong in ["etcd-1 a@b 1 2 3", "etcd-1 a/b 1 2 3", "etcd-1  1 2 3", "etcd-1 a 1 0 3"] {
            assert!(told(&task(wrong)).is_err(), "{wrong}");
        }
        let gone = json!({"id": "etcd-1 a 1 2 3", "state": "TASK_LOST"});
        assert_eq!(told(&gone), Ok(Told::NotRunning));
    }

    #[test]
    fn what_is_no_task_is_told() {
        for text in ["{}", "[]", "{\"id\": 1, \"state\": \"\"}", "\"x\""] {
            assert!(matches!(Task::read(text.as_bytes()), Err(Flaw::Json { .. })), "{text}");
        }
    }
}
