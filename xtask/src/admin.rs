//! What the scheduler says over HTTP, read as an operator's tools would read it.

use std::time::Duration;

use serde_json::Value;

use crate::failure::{Failure, Outcome};
use crate::http;

const PATIENCE: Duration = Duration::from_secs(2);

/// The scheduler's admin server.
#[derive(Debug, Clone)]
pub struct Admin {
    address: String,
}

/// What is used of `/report`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// The framework ID, empty before Mesos has given one.
    pub framework_id: String,
    /// `healthy`, `degraded`, `unhealthy` or `unknown`.
    pub verdict: String,
    /// The verdict's grounds.
    pub because: String,
    /// The members.
    pub members: Vec<Member>,
    /// What the scheduler waits for, and what somebody must do: the lines that are not `fine`.
    pub concerns: Vec<String>,
}

/// What is used of a member in `/report`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its name, which is also its executor ID.
    pub name: String,
    /// Its agent's host name.
    pub hostname: String,
    /// Its URL for clients.
    pub client_url: String,
    /// What Mesos said last of its task, such as `Running`; empty before it said anything.
    pub task_state: String,
    /// What its executor said last of etcd, such as `serving`; empty before it said anything.
    pub etcd_state: String,
    /// etcd's process ID, as its executor knows it.
    pub etcd_pid: Option<u32>,
    /// Whether its task has ended, for certain.
    pub is_ended: bool,
    /// Whether it takes itself for the leader.
    pub is_leader: bool,
}

impl Admin {
    /// The server at `host:port`.
    pub fn new(address: String) -> Self {
        Self { address }
    }

    /// The URL of one of its pages.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// `/report`, parsed.
    pub fn report(&self) -> Outcome<Report> {
        Ok(Report::of(&self.json("/report?format=json")?))
    }

    /// `/report`, as people read it.
    pub fn report_text(&self) -> Outcome<String> {
        self.get("/report")
    }

    /// `/members`, as it came: two of them are compared as a whole.
    pub fn members(&self) -> Outcome<Value> {
        self.json("/members")
    }

    /// One counter of `/stats`.
    pub fn stat(&self, name: &str) -> Outcome<u64> {
        let stats = self.json("/stats")?;
        let missing = || Failure::new(format!("/stats has no {name}: {stats}"));
        stats[name].as_u64().ok_or_else(missing)
    }

    fn json(&self, path: &str) -> Outcome<Value> {
        Ok(serde_json::from_str(&self.get(path)?)?)
    }

    fn get(&self, path: &str) -> Outcome<String> {
        match http::get(&self.address, path, PATIENCE)? {
            (200, body) => Ok(body),
            (status, body) => {
                Err(Failure::new(format!("{} answered {status}: {body}", self.url(path))))
            }
        }
    }
}

impl Report {
    fn of(json: &Value) -> Self {
        let members = json["members"].as_array().map(Vec::as_slice).unwrap_or_default();
        Self {
            framework_id: text(&json["framework_id"]),
            verdict: text(&json["health"]["verdict"]),
            because: text(&json["health"]["because"]),
            members: members.iter().map(Member::of).collect(),
            concerns: concerns(&json["lines"]),
        }
    }

    /// Whether every one of `size` members runs and the cluster is healthy: what can be asked was asked.
    pub fn is_complete(&self, size: usize) -> bool {
        let is_running = |member: &Member| member.task_state == "Running";
        self.verdict == "healthy"
            && self.members.len() == size
            && self.members.iter().all(is_running)
    }

    /// The member that leads, once the scheduler knows.
    pub fn leader(&self) -> Option<&Member> {
        self.members.iter().find(|member| member.is_leader)
    }
}

impl Member {
    fn of(json: &Value) -> Self {
        Self {
            name: text(&json["name"]),
            hostname: text(&json["hostname"]),
            client_url: text(&json["client_url"]),
            task_state: text(&json["task_state"]),
            etcd_state: text(&json["etcd"]["state"]),
            etcd_pid: json["etcd"]["pid"].as_u64().and_then(|pid| pid.try_into().ok()),
            is_ended: json["task"]["name"] == "ended",
            is_leader: json["is_leader"] == true,
        }
    }
}

/// The verdict on the health has a place of its own.
fn concerns(lines: &Value) -> Vec<String> {
    let lines = lines.as_array().map(Vec::as_slice).unwrap_or_default();
    let is_concern = |line: &&Value| line["tone"] != "fine" && line["step"] != "health";
    lines.iter().filter(is_concern).map(|line| text(&line["text"])).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn member(state: &str) -> Value {
        json!({
            "name": "etcd-1-0", "hostname": "127.64.0.11", "client_url": "http://127.64.0.11:6001",
            "task_state": state, "etcd": { "state": "serving", "pid": 7 }, "is_leader": true,
        })
    }

    #[test]
    fn a_report_is_complete_when_all_members_run_and_serve() {
        let report = |verdict: &str, state: &str| {
            Report::of(&json!({ "health": { "verdict": verdict }, "members": [member(state)] }))
        };
        assert!(report("healthy", "Running").is_complete(1));
        assert!(!report("healthy", "Running").is_complete(3));
        assert!(!report("healthy", "Staging").is_complete(1));
        assert!(!report("unknown", "Running").is_complete(1));
        assert_eq!(report("unknown", "Staging").leader().unwrap().etcd_pid, Some(7));
    }

    #[test]
    fn what_is_fine_and_what_the_verdict_says_is_no_concern() {
        let line = |step: &str, tone: &str| json!({ "step": step, "tone": tone, "text": step });
        let lines = [line("store", "fine"), line("health", "trouble"), line("member", "waiting")];
        assert_eq!(Report::of(&json!({ "lines": lines })).concerns, ["member"]);
    }

    #[test]
    fn a_report_before_anything_is_known_is_empty() {
        let nothing = json!({ "framework_id": null, "members": [{ "name": "a", "etcd": null }] });
        let report = Report::of(&nothing);
        assert_eq!((report.framework_id.as_str(), report.members[0].etcd_pid), ("", None));
    }
}
