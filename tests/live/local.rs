//! Two scenarios of genuine Mesos on the Mesos inside the scheduler, and what is local's own: several
//! clusters side by side, and nothing that is left.

use std::path::{Path, PathBuf};
use std::process::Command;

use etcd_mesos_testkit::process::Proc;
use etcd_mesos_testkit::{etcd, http, processes, wait};
use nix::sys::signal::Signal;
use serde_json::Value;
use tempfile::TempDir;

use crate::life::{
    an_agent_that_is_killed_comes_back_to_the_same_etcd,
    an_etcd_that_is_killed_comes_back_as_itself,
};
use crate::rig::{Member, SOON, Stage, read, write};

/// A scheduler with a Mesos inside, or on the Mesos inside another.
struct Local {
    scheduler: Proc,
    dir: TempDir,
    /// The directory of the Mesos, where sandboxes are.
    mesos_dir: PathBuf,
    admin: String,
    master: String,
}

impl Local {
    fn start(flags: &[&str]) -> Local {
        let dir = tempfile::tempdir().unwrap();
        let mesos_dir = dir.path().canonicalize().unwrap().join("mesos");
        let work_dir = format!("--set=local.work_dir={}", mesos_dir.display());
        let scheduler = scheduler(dir.path(), &[&["--master=local:5", &work_dir], flags].concat());
        let announced =
            wait::wait_or("local.json", SOON, || announced(&mesos_dir), || scheduler.log_tail());
        let announced = announced.unwrap();
        let text = |key: &str| announced[key].as_str().unwrap().to_owned();
        Local { admin: text("admin"), master: text("master"), scheduler, dir, mesos_dir }
    }

    /// A second scheduler on this one's Mesos, with a state and an address of its own.
    fn join(&self, name: &str) -> Local {
        let dir = tempfile::tempdir().unwrap();
        let address = self.master.replace(".1:5050", ".201");
        let flags = [
            format!("--master={}", self.master),
            format!("--address={address}"),
            format!("--framework-name={name}"),
            format!("--state-file={}", dir.path().join("second.state").display()),
            "--cluster-size=3".to_owned(),
        ];
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        let (admin, master) = (format!("{address}:23400"), self.master.clone());
        let mesos_dir = self.mesos_dir.clone();
        Local { scheduler: scheduler(dir.path(), &flags), dir, mesos_dir, admin, master }
    }

    fn local(&self) -> Option<Value> {
        serde_json::from_str(&http::get(&self.master, "/local").ok()?.1).ok()
    }

    fn agent(&self, number: usize) -> Option<Value> {
        Some(self.local()?["agents"][number - 1].clone())
    }

    fn command(&self, path: &str) {
        let (status, words) = http::post(&self.master, path, "text/plain", "").unwrap();
        assert_eq!(status, 202, "{path}: {words}");
    }

    /// The work directories of everything that runs for it.
    fn inside(&self) -> Vec<processes::Process> {
        processes::find_inside(&self.mesos_dir)
    }
}

fn announced(mesos_dir: &Path) -> Option<Value> {
    serde_json::from_slice(&std::fs::read(mesos_dir.join("local.json")).ok()?).ok()
}

fn scheduler(dir: &Path, flags: &[&str]) -> Proc {
    let etcd = etcd::find().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_etcd-mesos-scheduler"));
    command
        .args(["--framework-name=test", "--sandbox-mem-limit=256", "--sandbox-disk-limit=1024"])
        .arg(format!("--executor-bin={}", env!("CARGO_BIN_EXE_etcd-mesos-executor")))
        .arg(format!("--etcd-bin={}", etcd.etcd.display()))
        .arg(format!("--etcdctl-bin={}", etcd.etcdctl.display()))
        .args(flags);
    Proc::start(command, dir.join("scheduler.log")).unwrap()
}

impl Stage for Local {
    fn admin(&self) -> String {
        self.admin.clone()
    }

    fn ground(&self) -> &Path {
        &self.mesos_dir
    }

    fn wait<T>(&self, what: &str, probe: impl FnMut() -> Option<T>) -> T {
        let evidence = || format!("{}\n{}", self.get("/report").1, self.scheduler.log_tail());
        wait::wait_or(what, SOON, probe, evidence).unwrap()
    }

    fn agent_of(&self, member: &Member) -> usize {
        let host = member.client.split(':').next().unwrap();
        (1..=5).find(|n| self.agent(*n).unwrap()["ip"] == host).unwrap()
    }

    fn kill_agent(&self, agent: usize) {
        self.command(&format!("/local/agents/a{agent}/kill"));
    }

    fn start_agent(&self, agent: usize) {
        self.command(&format!("/local/agents/a{agent}/start"));
        let is_up = || (self.agent(agent)?["state"] == "up").then_some(());
        self.wait("the agent to be registered", is_up);
    }

    fn task_states(&self) -> Option<Vec<String>> {
        let id = self.framework_id();
        let local = self.local()?;
        let framework = local["frameworks"].as_array()?.iter().find(|f| f["id"] == id)?.clone();
        let tasks = framework["tasks"].as_array()?.clone();
        Some(tasks.iter().map(|task| task["state"].as_str().unwrap().to_owned()).collect())
    }
}

#[test]
fn a_local_cluster_heals_as_one_on_genuine_mesos_does() {
    let local = Local::start(&[]);
    let members = local.wait_formed();
    write(&members[0].client, "YmFy");
    an_etcd_that_is_killed_comes_back_as_itself(&local, &members);
    an_agent_that_is_killed_comes_back_to_the_same_etcd(&local, &members);
    a_host_that_is_lost_takes_its_member_with_it(&local, &members);
    asked_to_end_it_leaves_nothing(&local);
}

fn a_host_that_is_lost_takes_its_member_with_it(local: &Local, members: &[Member]) {
    let lost = &members[0];
    let agent = local.agent_of(lost);
    local.command(&format!("/local/agents/a{agent}/lose"));
    local.wait("its etcd to be gone", || {
        (!local.etcd_pids().contains_key(&lost.name)).then_some(())
    });
    local.start_agent(agent);
    local.wait("the end to be known", || {
        local.get("/report").1.contains("needs a replacement").then_some(())
    });
    assert_eq!(read(&members[1].client).unwrap().as_deref(), Some("YmFy"), "the majority serves");
}

fn asked_to_end_it_leaves_nothing(local: &Local) {
    local.scheduler.signal(Signal::SIGTERM);
    assert_eq!(local.scheduler.wait_exit(SOON).unwrap().code(), Some(0));
    wait::wait_for("no process", SOON, || local.inside().is_empty().then_some(())).unwrap();
    assert!(!local.mesos_dir.exists(), "{}", local.mesos_dir.display());
    assert!(local.dir.path().exists());
}

/// Three clusters: two on one Mesos, and one on a Mesos of its own.
#[test]
fn clusters_stand_side_by_side() {
    let first = Local::start(&[]);
    let second = first.join("other");
    let third = Local::start(&[]);
    let all = [&first, &second, &third].map(|local| local.wait_formed());
    for (number, members) in all.iter().enumerate() {
        write(&members[0].client, ["YQ==", "Yg==", "Yw=="][number]);
    }
    for (number, members) in all.iter().enumerate() {
        let found = members.iter().map(|member| read(&member.client).unwrap().unwrap());
        let expected = ["YQ==", "Yg==", "Yw=="][number];
        assert!(found.into_iter().all(|value| value == expected), "cluster {number}");
    }
    let mut addresses: Vec<&String> = all.iter().flatten().map(|member| &member.client).collect();
    addresses.sort_unstable();
    addresses.dedup();
    assert_eq!(addresses.len(), 9, "nobody shares an address: {addresses:?}");
    // The second scheduler ends alone: etcd runs on, as on any Mesos.
    let pids = second.etcd_pids();
    second.scheduler.kill();
    assert_eq!(second.etcd_pids(), pids);
    assert_eq!(read(&all[1][0].client).unwrap().as_deref(), Some("Yg=="));
    // The first one's end is the end of its Mesos, and of all that this runs.
    first.scheduler.kill();
    wait::wait_for("no process", SOON, || first.inside().is_empty().then_some(())).unwrap();
    assert_eq!(read(&all[2][0].client).unwrap().as_deref(), Some("Yw=="), "the third is untouched");
}
