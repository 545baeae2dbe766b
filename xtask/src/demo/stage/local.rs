//! Mesos inside the scheduler's own process: `--master=local`. Nothing has to be installed for it.

use std::fmt::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::child::{Child, tail};
use super::folder::Folder;
use super::{NAME, Place, Stage, Victim};
use crate::admin::{Admin, Member, Report};
use crate::demo::deed::{Act, Deed, QUORUM_LOST};
use crate::demo::scene::Agent;
use crate::failure::{Failure, Outcome, ensure};
use crate::flags::{self, AGENTS};
use crate::http;
use crate::interrupt;
use crate::programs::Programs;

/// It listens within milliseconds, after it has looked at etcd's version.
const START_DEADLINE: Duration = Duration::from_secs(30);
const ASK_EVERY: Duration = Duration::from_millis(100);
const PATIENCE: Duration = Duration::from_millis(500);

/// A scheduler with a Mesos inside.
#[derive(Debug)]
pub struct Local {
    /// Ends before its directory does: fields are dropped in this order.
    scheduler: Child,
    folder: Folder,
    programs: Programs,
    master: String,
    admin: String,
    seen: Value,
    told: u64,
    asked: Instant,
}

impl Local {
    /// Starts it, and waits until it listens.
    pub fn start(programs: &Programs) -> Outcome<Self> {
        let folder = Folder::make()?;
        let programs = programs.copy_into(folder.path())?;
        let work_dir = folder.path().join("mesos");
        let mut command = Command::new(&programs.scheduler);
        let state_file = folder.path().join("scheduler.state");
        command.args(flags::common(NAME, &programs, &state_file)).current_dir(folder.path());
        command.arg(format!("--master=local:{AGENTS}"));
        command.args(["--set", &format!("local.work_dir={}", work_dir.display())]);
        let mut scheduler = Child::start(command, folder.path().join("scheduler.log"))?;
        let announced = wait_announced(&mut scheduler, &work_dir.join("local.json"))?;
        let text = |key: &str| announced[key].as_str().unwrap_or_default().to_owned();
        let (master, admin) = (text("master"), text("admin"));
        let (seen, asked) = (Value::Null, Instant::now());
        Ok(Self { scheduler, folder, programs, master, admin, seen, told: 0, asked })
    }

    fn ask(&mut self) -> Outcome<Vec<String>> {
        self.asked = Instant::now();
        let (_, body) = http::get(&self.master, "/local", PATIENCE)?;
        self.seen = serde_json::from_str(&body)?;
        Ok(self.news())
    }

    /// What happened since the last look. What members do is seen from nearer by.
    fn news(&mut self) -> Vec<String> {
        let mut news: Vec<String> = Vec::new();
        let mut newest = self.told;
        for happening in list(&self.seen["happened"]) {
            let at = happening["at_unix_ms"].as_u64().unwrap_or_default();
            newest = newest.max(at);
            let what = happening["what"].as_str().unwrap_or_default();
            if at > self.told && is_of_agents(what) {
                add(&mut news, what);
            }
        }
        self.told = newest;
        news
    }

    fn agent_states(&self) -> impl Iterator<Item = (&str, &str)> {
        list(&self.seen["agents"]).iter().map(|agent| {
            let text = |key: &str| agent[key].as_str().unwrap_or_default();
            (text("name"), text("state"))
        })
    }

    fn to_agent(&self, victim: &Victim) -> [Deed; 2] {
        let name = &victim.agent;
        let kill = format!("/local/agents/{name}/kill");
        let effect = "its daemon ends; executor and etcd run on";
        let lose = format!("/local/agents/{name}/lose");
        let loss = match victim.may_be_lost {
            true => "all that it runs is gone; the others serve on",
            false => QUORUM_LOST,
        };
        [
            self.post('a', format!("agent {name}"), effect, kill),
            self.post('h', format!("host of {name}"), loss, lose),
        ]
    }

    fn post(&self, key: char, whom: String, effect: &str, path: String) -> Deed {
        let act = Act::Post { address: self.master.clone(), path };
        Deed { key, whom, effect: effect.to_owned(), act }
    }
}

impl Stage for Local {
    fn mesos(&self) -> &'static str {
        "Mesos inside the scheduler"
    }

    fn master_url(&self) -> String {
        format!("http://{}/local", self.master)
    }

    fn scheduler_pid(&self) -> u32 {
        self.scheduler.pid()
    }

    fn admin(&self) -> Admin {
        Admin::new(self.admin.clone())
    }

    fn dir(&self) -> &Path {
        self.folder.path()
    }

    fn etcdctl(&self) -> &Path {
        &self.programs.etcdctl
    }

    fn is_over(&mut self) -> Option<String> {
        let status = self.scheduler.status()?;
        (status.success() || status.signal().is_some()).then(|| {
            format!(
                "the scheduler ended ({status}), and with it the Mesos inside of it and etcd; with --mesos they \
                 outlive it"
            )
        })
    }

    fn tend(&mut self, _: Option<&Report>) -> Outcome<Vec<String>> {
        match self.scheduler.status() {
            Some(status) if self.is_over().is_none() => {
                return Err(Failure::new(format!("the scheduler ended: {status}")));
            }
            _ => {}
        }
        match self.asked.elapsed() < ASK_EVERY && !self.seen.is_null() {
            true => Ok(Vec::new()),
            // One that does not answer in time is asked again.
            false => Ok(self.ask().unwrap_or_default()),
        }
    }

    fn agents(&self) -> Vec<Agent> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let agent = |agent: &Value| Agent {
            name: text(&agent["name"]),
            ip: text(&agent["ip"]),
            state: text(&agent["state"]),
        };
        list(&self.seen["agents"]).iter().map(agent).collect()
    }

    fn place(&self, member: &Member) -> Option<Place> {
        let containers = list(&self.seen["agents"]).iter().flat_map(|a| list(&a["containers"]));
        let is_its = |container: &&Value| container["executor"] == member.name.as_str();
        let newest = containers.filter(is_its).max_by_key(|c| c["since_unix_ms"].as_u64())?;
        let executor = newest["pid"].as_u64().and_then(|pid| pid.try_into().ok());
        Some(Place { executor, sandbox: PathBuf::from(newest["sandbox"].as_str()?) })
    }

    fn deeds(&self, victim: Option<&Victim>) -> Vec<Deed> {
        let away = self.agent_states().find(|(_, state)| matches!(*state, "down" | "lost"));
        let is_up =
            |v: &&Victim| self.agent_states().any(|agent| agent == (v.agent.as_str(), "up"));
        let mut deeds = Vec::new();
        if let Some((name, _)) = away {
            let path = format!("/local/agents/{name}/start");
            deeds.push(self.post('s', format!("agent {name}"), "is started again", path));
        }
        deeds.extend(victim.filter(is_up).into_iter().flat_map(|victim| self.to_agent(victim)));
        let effect = "another one leads, and the scheduler finds it";
        deeds.push(self.post('m', "master".into(), effect, "/local/master/fail-over".into()));
        deeds
    }

    fn evidence(&self) -> String {
        let report = self.admin().report_text().unwrap_or_else(|why| format!("none: {why}\n"));
        let mut text = format!(
            "--- the scheduler's report\n{report}\n--- the end of the scheduler's log\n{}",
            self.scheduler.log_tail()
        );
        for container in list(&self.seen["agents"]).iter().flat_map(|a| list(&a["containers"])) {
            let sandbox = Path::new(container["sandbox"].as_str().unwrap_or_default());
            let stderr = sandbox.join("stderr");
            let _ = write!(text, "\n--- the end of {}\n{}", stderr.display(), tail(&stderr));
        }
        text
    }
}

/// Agents that register one after the other share a line.
fn add(news: &mut Vec<String>, what: &str) {
    const REGISTERED: &str = " registered";
    let before =
        news.last_mut().and_then(|last| Some((last.strip_suffix(REGISTERED)?.to_owned(), last)));
    match (what.strip_suffix(REGISTERED), before) {
        (Some(agent), Some((others, last))) => *last = format!("{others}, {agent}{REGISTERED}"),
        _ => news.push(format!("Mesos: {what}")),
    }
}

/// What Mesos says of agents and of itself.
fn is_of_agents(what: &str) -> bool {
    !what.contains("starts executor") && !what.starts_with("task ")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// The file appears as a whole.
fn wait_announced(scheduler: &mut Child, file: &Path) -> Outcome<Value> {
    let until = Instant::now() + START_DEADLINE;
    loop {
        if let Ok(bytes) = std::fs::read(file) {
            return Ok(serde_json::from_slice(&bytes)?);
        }
        if let Some(status) = scheduler.status() {
            let failure = Failure::new(format!("the scheduler ended: {status}"));
            return Err(failure.with(&scheduler.log_tail()));
        }
        ensure(!interrupt::is_asked(), || "asked to end while it started".to_owned())?;
        ensure(Instant::now() < until, || format!("no {} in time", file.display()))
            .map_err(|failure| failure.with(&scheduler.log_tail()))?;
        thread::sleep(Duration::from_millis(5));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agents_that_register_share_a_line() {
        let mut news = Vec::new();
        for what in ["a1 registered", "a2 registered", "another master leads", "a1 registered"] {
            add(&mut news, what);
        }
        let lines =
            ["Mesos: a1, a2 registered", "Mesos: another master leads", "Mesos: a1 registered"];
        assert_eq!(news, lines);
    }

    #[test]
    fn what_members_do_is_not_told_twice() {
        assert!(is_of_agents("a1 registered"));
        assert!(is_of_agents("a1 is killed; what it runs goes on"));
        assert!(!is_of_agents("a1 starts executor etcd-1-0"));
        assert!(!is_of_agents("task etcd.demo.0.etcd-1-0.1 goes to a1"));
    }
}
