//! What the leading master says, and what lies in the agents' work directories.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde_json::Value;

use super::cluster::Cluster;
use crate::{HarnessError, http};

impl Cluster {
    /// The leading master's `/master/state`.
    pub fn state(&self) -> Result<Value, HarnessError> {
        let (addr, body) = self.answer_of_leader("/master/state")?;
        parse(&addr, "/master/state", &body)
    }

    /// The leading master's `/metrics/snapshot`, such as `master/outstanding_offers`.
    pub fn metrics(&self) -> Result<Value, HarnessError> {
        // Every master answers this one, so the leading one has to be found first.
        let addr = self.leading_master()?;
        match self.get(&addr, "/metrics/snapshot")? {
            (200, body) => parse(&addr, "/metrics/snapshot", &body),
            (status, body) => Err(refusal(&addr, "/metrics/snapshot", status, &body)),
        }
    }

    /// `ip:port` of the leading master.
    pub fn leading_master(&self) -> Result<String, HarnessError> {
        Ok(self.answer_of_leader("/master/state")?.0)
    }

    /// How many agents are registered and active.
    pub fn active_agents(&self) -> Result<usize, HarnessError> {
        Ok(self.agents()?.iter().filter(|agent| agent["active"] == true).count())
    }

    /// The registered agents, as the master describes them.
    pub fn agents(&self) -> Result<Vec<Value>, HarnessError> {
        Ok(list(&self.state()?["slaves"]))
    }

    /// Agent `n` as the master describes it, `None` if it is not registered; `id` is its agent ID.
    pub fn agent(&self, n: usize) -> Result<Option<Value>, HarnessError> {
        let ip = self.agent_ip(n);
        Ok(self.agents()?.into_iter().find(|agent| agent["hostname"] == ip.as_str()))
    }

    /// The frameworks that are not completed, connected or not.
    pub fn frameworks(&self) -> Result<Vec<Value>, HarnessError> {
        Ok(list(&self.state()?["frameworks"]))
    }

    /// The framework of this name, if there is one.
    pub fn framework(&self, name: &str) -> Result<Option<Value>, HarnessError> {
        Ok(self.frameworks()?.into_iter().find(|framework| framework["name"] == name))
    }

    /// The tasks of a framework that have not ended; `state`, `slave_id`, `executor_id` are among their fields.
    pub fn tasks(&self, framework_id: &str) -> Result<Vec<Value>, HarnessError> {
        self.of_framework(framework_id, "tasks")
    }

    /// The tasks of a framework that have ended.
    pub fn completed_tasks(&self, framework_id: &str) -> Result<Vec<Value>, HarnessError> {
        self.of_framework(framework_id, "completed_tasks")
    }

    /// The offers that frameworks hold.
    pub fn offers(&self) -> Result<Vec<Value>, HarnessError> {
        Ok(self.frameworks()?.iter().flat_map(|framework| list(&framework["offers"])).collect())
    }

    /// Tears a framework down, as an operator does.
    pub fn teardown(&self, framework_id: &str) -> Result<(), HarnessError> {
        let addr = self.leading_master()?;
        let body = format!("frameworkId={framework_id}");
        let form = [("Content-Type", "application/x-www-form-urlencoded")];
        let tls = self.tls_client();
        match http::request_over(tls, "POST", &addr, "/master/teardown", &form, &body)? {
            (200, _) => Ok(()),
            (status, body) => Err(refusal(&addr, "/master/teardown", status, &body)),
        }
    }

    /// The sandbox of the latest run of an executor on agent `n`, if there has been one.
    pub fn sandbox(&self, n: usize, executor_id: &str) -> Result<Option<PathBuf>, HarnessError> {
        let all = self.sandboxes(n)?;
        let is_it = |sandbox: &&PathBuf| executor_of(sandbox) == Some(executor_id);
        Ok(all.iter().filter(is_it).max_by_key(|sandbox| modified(sandbox)).cloned())
    }

    /// The sandboxes on agent `n`, one for each run of an executor; as paths they equal working directories.
    pub fn sandboxes(&self, n: usize) -> Result<Vec<PathBuf>, HarnessError> {
        let mut paths = vec![self.agent_work_dir(n)?.join("slaves")];
        for level in ["*", "frameworks", "*", "executors", "*", "runs", "*"] {
            paths = paths.iter().flat_map(|path| below(path, level)).collect();
        }
        Ok(paths)
    }

    /// Asks a master, over TLS if it speaks it.
    fn get(&self, addr: &str, path: &str) -> Result<(u16, String), HarnessError> {
        http::request_over(self.tls_client(), "GET", addr, path, &[], "")
    }

    fn of_framework(&self, framework_id: &str, field: &str) -> Result<Vec<Value>, HarnessError> {
        let state = self.state()?;
        let completed = list(&state["completed_frameworks"]);
        let all = list(&state["frameworks"]).into_iter().chain(completed);
        Ok(all
            .filter(|framework| framework["id"] == framework_id)
            .flat_map(|framework| list(&framework[field]))
            .collect())
    }

    /// The masters that do not lead answer with a redirect, or are not there.
    fn answer_of_leader(&self, path: &str) -> Result<(String, String), HarnessError> {
        let mut last = HarnessError::Usage("there is no master".to_owned());
        for addr in self.masters() {
            match self.get(&addr, path) {
                Ok((200, body)) => return Ok((addr, body)),
                Ok((status, body)) => last = refusal(&addr, path, status, &body),
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

fn parse(addr: &str, path: &str, body: &str) -> Result<Value, HarnessError> {
    serde_json::from_str(body).map_err(|error| HarnessError::Answer {
        from: format!("http://{addr}{path}"),
        answer: format!("something that is not JSON: {error}"),
    })
}

fn refusal(addr: &str, path: &str, status: u16, body: &str) -> HarnessError {
    HarnessError::Answer {
        from: format!("http://{addr}{path}"),
        answer: format!("{status}: {}", body.trim()),
    }
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}

/// The directories that `level` names in `path`; `*` is every one, without the symbolic link `latest`.
fn below(path: &Path, level: &str) -> Vec<PathBuf> {
    if level != "*" {
        return vec![path.join(level)];
    }
    let Ok(entries) = fs::read_dir(path) else { return Vec::new() };
    entries
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.path())
        .collect()
}

/// A sandbox is `…/executors/EXECUTOR/runs/CONTAINER`.
fn executor_of(sandbox: &Path) -> Option<&str> {
    sandbox.ancestors().nth(2)?.file_name()?.to_str()
}

fn modified(path: &Path) -> Option<SystemTime> {
    // A run's directory is made once; the newest birth is the latest run.
    let meta = path.metadata().ok()?;
    meta.created().or_else(|_| meta.modified()).ok()
}
