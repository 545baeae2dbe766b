//! What the tests share.

use std::error::Error;
use std::time::Duration;

use etcd_mesos_core::discovery::{Discovery, DiscoveryError, Members};
use etcd_mesos_core::setting::Span;
use etcd_mesos_discovery_state::{Gates, MasterAddress, MesosStateSection, StateDiscovery};
use serde_json::{Value, json};

use super::master::{Answer, Master};

/// How long a piece of an answer may take in these tests.
pub const PROGRESS: Duration = Duration::from_millis(400);

/// Settings with which a test does not wait for long.
pub fn section(master: &str) -> MesosStateSection {
    MesosStateSection {
        master: MasterAddress::new(master),
        interval: Span(Duration::from_millis(1)),
        progress_timeout: Span(PROGRESS),
        ..MesosStateSection::default()
    }
}

pub fn discovery(section: MesosStateSection) -> StateDiscovery {
    StateDiscovery::new(section, &"etcd".parse().unwrap(), &Gates::default())
}

/// A task of ours, with a number of its own.
pub fn task(number: u16) -> Value {
    let address = format!("10.0.0.{number}");
    let infos = json!([{"ip_addresses": [{"protocol": "IPv4", "ip_address": address}]}]);
    json!({
        "id": format!("etcd.etcd.0.etcd-1-{number}.1"), "name": "etcd-server", "framework_id": "F",
        "slave_id": format!("S{number}"), "state": "TASK_RUNNING",
        "statuses": [
            {"state": "TASK_RUNNING", "timestamp": 1.5, "container_status": {"network_infos": infos}},
        ],
        "discovery": {"name": "etcd-server", "ports": {"ports": [
            {"number": 31000, "protocol": "tcp"}, {"number": 31001, "protocol": "client"},
        ]}},
    })
}

pub fn url(number: u16) -> String {
    format!("http://10.0.0.{number}:31001")
}

pub fn framework(id: &str, name: &str, is_active: bool, tasks: &[Value]) -> Value {
    json!({"id": id, "name": name, "active": is_active, "tasks": tasks})
}

pub fn state(frameworks: &[Value]) -> Value {
    json!({"version": "1.11.0", "slaves": [], "frameworks": frameworks, "completed_frameworks": []})
}

pub fn body(value: &Value) -> Answer {
    Answer::Body(value.to_string().into_bytes())
}

/// Lets the master know one framework of ours, with these tasks, whatever it is asked for.
pub fn know(master: &Master, tasks: &[Value]) {
    let state = state(&[framework("W", "web", true, &[]), framework("F", "etcd", true, tasks)]);
    master.answer("/state", body(&state));
    master.answer("/frameworks", body(&state));
    master.answer("/tasks", body(&json!({"tasks": tasks})));
}

pub fn urls(members: &Members) -> Vec<&str> {
    members.found.iter().map(|found| found.client_url.as_str()).collect()
}

/// What kind of failure it is, and all that it says.
pub async fn failure(discovery: &StateDiscovery) -> (&'static str, String) {
    let error = discovery.members().await.unwrap_err();
    let kind = match error {
        DiscoveryError::Unavailable { .. } => "unavailable",
        DiscoveryError::NobodyFound { .. } => "nobody",
        DiscoveryError::Unusable { .. } => "unusable",
        _ => "unknown",
    };
    (kind, words(&error))
}

fn words(error: &dyn Error) -> String {
    let cause = error.source().map(|cause| format!(": {}", words(cause)));
    format!("{error}{}", cause.unwrap_or_default())
}
