//! A scheduler of ours on a Mesos of the testkit's.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

use etcd_mesos_testkit::process::Proc;
use etcd_mesos_testkit::{etcd, http, mesos, processes};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Long enough for this machine at its busiest; nothing waits that long when all is well.
pub const SOON: Duration = Duration::from_secs(60);

/// One scheduler's settings and folder; the scheduler itself comes and goes.
pub struct Rig {
    pub mesos: mesos::Cluster,
    dir: TempDir,
    pub scheduler: Option<Proc>,
    extra: Vec<String>,
    /// The address of the scheduler.
    pub address: String,
    pub etcd: etcd::Etcd,
}

/// What a test looks at of a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub name: String,
    pub client: String,
    pub agent_id: String,
}

impl Rig {
    pub fn new(builder: mesos::Builder) -> Rig {
        let mesos = builder.start().unwrap();
        Rig {
            address: mesos.scheduler_ip(1),
            mesos,
            dir: tempfile::tempdir().unwrap(),
            scheduler: None,
            extra: Vec::new(),
            etcd: etcd::find().unwrap(),
        }
    }

    /// A scheduler that asks for three small members, started.
    pub fn with_scheduler(builder: mesos::Builder) -> Rig {
        let mut rig = Rig::new(builder);
        rig.start_scheduler(&[]);
        rig
    }

    /// Flags for the next start, and for later ones; of repeated ones the last counts.
    pub fn keep_flags(&mut self, extra: &[&str]) {
        self.extra.extend(extra.iter().map(|flag| (*flag).to_owned()));
    }

    /// Starts the scheduler; flags given here are kept for later starts.
    pub fn start_scheduler(&mut self, extra: &[&str]) {
        self.keep_flags(extra);
        let command = self.command();
        self.scheduler = Some(Proc::start(command, self.dir.path().join("scheduler.log")).unwrap());
    }

    pub fn dir(&self) -> &std::path::Path {
        self.dir.path()
    }

    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_etcd-mesos-scheduler"));
        command
            .arg(format!("-master={}", self.mesos.master_addr()))
            .arg(format!("-address={}", self.address))
            .arg(format!("-admin-port={}", self.mesos.spare_port(1)))
            .arg(format!("-artifact-port={}", self.mesos.spare_port(2)))
            .args(["-framework-name=test", "-cluster-size=3"])
            .args(["-sandbox-cpu-limit=0.5", "-sandbox-mem-limit=256", "-sandbox-disk-limit=1024"])
            .arg(format!("-state-file={}", self.dir.path().join("test.state").display()))
            .arg(format!("-executor-bin={}", env!("CARGO_BIN_EXE_etcd-mesos-executor")))
            .arg(format!("-etcd-bin={}", self.etcd.etcd.display()))
            .arg(format!("-etcdctl-bin={}", self.etcd.etcdctl.display()))
            .args(&self.extra);
        command
    }

    pub fn scheduler(&self) -> &Proc {
        self.scheduler.as_ref().unwrap()
    }

    /// A member's task and its client task, as the master knows them while they have not ended.
    pub fn tasks_of(&self, member: &Member) -> Option<[Value; 2]> {
        let tasks = self.mesos.tasks(&self.framework_id()).ok()?;
        let own = tasks.into_iter().filter(|task| task["executor_id"] == member.name.as_str());
        let (client, server): (Vec<Value>, Vec<Value>) =
            own.partition(|task| task["id"].as_str().is_some_and(|id| id.ends_with(".client")));
        Some([server.into_iter().next()?, client.into_iter().next()?])
    }
}

/// A scheduler and its members, wherever they run: what a scenario asks and does.
pub trait Stage {
    /// Where the scheduler's admin server listens.
    fn admin(&self) -> String;

    /// The directory in which its etcds run.
    fn ground(&self) -> &std::path::Path;

    /// Waits until the scheduler is right about something; on failure shows what it says.
    fn wait<T>(&self, what: &str, probe: impl FnMut() -> Option<T>) -> T;

    /// The agent of a member, by its number.
    fn agent_of(&self, member: &Member) -> usize;

    /// Kills an agent's daemon; what it runs goes on.
    fn kill_agent(&self, agent: usize);

    /// Starts it again, and waits until it is registered.
    fn start_agent(&self, agent: usize);

    /// The states of the framework's tasks, as the master knows them.
    fn task_states(&self) -> Option<Vec<String>>;

    fn get(&self, path: &str) -> (u16, String) {
        http::get(&self.admin(), path).unwrap_or_else(|error| (0, format!("{error:?}")))
    }

    fn json(&self, path: &str) -> Value {
        serde_json::from_str(&self.get(path).1).unwrap_or(Value::Null)
    }

    fn members(&self) -> Vec<Member> {
        let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
        let entries = self.json("/members").as_array().cloned().unwrap_or_default();
        let member = |entry: &Value| Member {
            name: text(entry, "name"),
            client: format!("{}:{}", text(entry, "host"), entry["clientPort"]),
            agent_id: text(entry, "slaveID"),
        };
        entries.iter().map(member).collect()
    }

    /// Waits until three members are told of and every one serves a linearizable read.
    fn wait_formed(&self) -> Vec<Member> {
        let members = self
            .wait("three members", || Some(self.members()).filter(|members| members.len() == 3));
        for member in &members {
            self.wait_serving(member);
        }
        members
    }

    fn wait_serving(&self, member: &Member) {
        self.wait(&format!("{} to serve", member.name), || read(&member.client).map(drop));
    }

    /// The process IDs of the members' etcds, by the sandboxes that they run in.
    fn etcd_pids(&self) -> BTreeMap<String, u32> {
        let all = processes::find_program_inside("etcd", self.ground());
        let name_of = |arguments: &[String]| {
            let at = arguments.iter().position(|argument| argument.starts_with("--name"))?;
            match arguments[at].split_once('=') {
                Some((_, name)) => Some(name.to_owned()),
                None => arguments.get(at + 1).cloned(),
            }
        };
        all.into_iter().filter_map(|p| Some((name_of(&p.cmdline)?, p.pid))).collect()
    }

    fn framework_id(&self) -> String {
        self.json("/report?format=json")["framework_id"].as_str().unwrap_or_default().to_owned()
    }

    fn stats(&self, key: &str) -> u64 {
        self.json("/stats")[key].as_u64().unwrap_or(u64::MAX)
    }
}

impl Stage for Rig {
    fn admin(&self) -> String {
        format!("{}:{}", self.address, self.mesos.spare_port(1))
    }

    fn ground(&self) -> &std::path::Path {
        self.mesos.dir()
    }

    fn wait<T>(&self, what: &str, probe: impl FnMut() -> Option<T>) -> T {
        match self.mesos.wait_for(what, SOON, probe) {
            Ok(found) => found,
            Err(error) => {
                let log = self.scheduler.as_ref().map(Proc::log_tail).unwrap_or_default();
                panic!("{error:?}\n{}\nthe scheduler's log:\n{log}", self.get("/report").1)
            }
        }
    }

    fn agent_of(&self, member: &Member) -> usize {
        let host = member.client.split(':').next().unwrap();
        (1..=self.mesos.agent_count()).find(|&n| self.mesos.agent_ip(n) == host).unwrap()
    }

    fn kill_agent(&self, agent: usize) {
        self.mesos.kill_agent(agent).unwrap();
    }

    fn start_agent(&self, agent: usize) {
        self.mesos.start_agent(agent).unwrap();
        self.mesos.wait_agents(self.mesos.agent_count(), SOON).unwrap();
    }

    fn task_states(&self) -> Option<Vec<String>> {
        let tasks = self.mesos.tasks(&self.framework_id()).ok()?;
        let state = |task: &Value| task["state"].as_str().unwrap_or_default().to_owned();
        Some(tasks.iter().map(state).collect())
    }
}

/// Asks a member's JSON gateway, which etcd has had since 3.4 below `/v3`.
pub fn ask(client: &str, path: &str, body: &Value) -> Option<Value> {
    let answer = http::post(client, path, "application/json", &body.to_string());
    let (status, text) = answer.ok()?;
    (status == 200).then(|| serde_json::from_str(&text).ok()).flatten()
}

/// A linearizable read of the key `foo`; its value in base64, if it has one.
pub fn read(client: &str) -> Option<Option<String>> {
    let answer = ask(client, "/v3/kv/range", &json!({"key": "Zm9v"}))?;
    answer["header"]["revision"].as_str()?;
    Some(answer["kvs"][0]["value"].as_str().map(str::to_owned))
}

/// Writes the key `foo`; the value is base64.
pub fn write(client: &str, value: &str) {
    ask(client, "/v3/kv/put", &json!({"key": "Zm9v", "value": value})).unwrap();
}

/// A member's own ID and the leader's, as the member says.
pub fn identity(client: &str) -> Option<(String, String)> {
    let answer = ask(client, "/v3/maintenance/status", &json!({}))?;
    let leader = answer["leader"].as_str()?.to_owned();
    Some((answer["header"]["member_id"].as_str()?.to_owned(), leader))
}
