//! Records what a genuine Mesos says of a genuine cluster, for the tests: `tests/recorded/*.json`.
//!
//! ```text
//! cargo build -p etcd-mesos                  # our scheduler and executor
//! cargo run -p etcd-mesos-discovery-state --example record -- target/debug
//! ```

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use etcd_mesos_testkit::process::Proc;
use etcd_mesos_testkit::{etcd, http, mesos};
use serde_json::Value;

const SOON: Duration = Duration::from_secs(90);

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let programs = std::env::args().nth(1).ok_or("name the directory of the programs")?;
    let mesos = mesos::Cluster::builder().agents(4).start()?;
    let dir = tempfile::tempdir()?;
    record(&mesos, "empty_state.json", "/state")?;
    let command = scheduler(&mesos, Path::new(&programs), dir.path())?;
    let _scheduler = Proc::start(command, dir.path().join("scheduler.log"))?;
    let id = mesos.wait_for("three running tasks", SOON, || running(&mesos))?;
    record(&mesos, "state.json", "/state")?;
    record(&mesos, "tasks.json", &format!("/tasks?framework_id={id}&limit=100000"))?;
    record(&mesos, "framework.json", &format!("/frameworks?framework_id={id}"))?;
    let agent = mesos.agents()?[0]["id"].as_str().unwrap_or_default().to_owned();
    record(&mesos, "agent.json", &format!("/slaves?slave_id={agent}"))?;
    record(&mesos, "unknown_tasks.json", "/tasks?framework_id=nobody")?;
    record(&mesos, "unknown_framework.json", "/frameworks?framework_id=nobody")?;
    mesos.teardown(&id)?;
    let is_over = || mesos.frameworks().ok().filter(|all| all.is_empty());
    mesos.wait_for("the framework's end", SOON, is_over)?;
    record(&mesos, "over_tasks.json", &format!("/tasks?framework_id={id}&limit=100000"))?;
    record(&mesos, "over_framework.json", &format!("/frameworks?framework_id={id}"))?;
    Ok(())
}

fn scheduler(mesos: &mesos::Cluster, programs: &Path, dir: &Path) -> Outcome<Command> {
    let etcd = etcd::find()?;
    let mut command = Command::new(programs.join("etcd-mesos-scheduler"));
    command
        .arg(format!("-master={}", mesos.master_addr()))
        .arg(format!("-address={}", mesos.scheduler_ip(1)))
        .arg(format!("-admin-port={}", mesos.spare_port(1)))
        .arg(format!("-artifact-port={}", mesos.spare_port(2)))
        .args(["-framework-name=test", "-cluster-size=3"])
        .args(["-sandbox-cpu-limit=0.5", "-sandbox-mem-limit=256", "-sandbox-disk-limit=1024"])
        .arg(format!("-state-file={}", dir.join("test.state").display()))
        .arg(format!("-executor-bin={}", programs.join("etcd-mesos-executor").display()))
        .arg(format!("-etcd-bin={}", etcd.etcd.display()))
        .arg(format!("-etcdctl-bin={}", etcd.etcdctl.display()));
    Ok(command)
}

/// The ID of the framework, once three of its tasks run.
fn running(mesos: &mesos::Cluster) -> Option<String> {
    let framework = mesos.framework("test").ok()??;
    let id = framework["id"].as_str()?.to_owned();
    let tasks = mesos.tasks(&id).ok()?;
    let running = tasks.iter().filter(|task| task["state"] == "TASK_RUNNING").count();
    (running == 3).then_some(id)
}

fn record(mesos: &mesos::Cluster, name: &str, path: &str) -> Outcome<()> {
    let (status, body) = http::get(&mesos.master_addr(), path)?;
    if status != 200 {
        return Err(format!("{path}: {status}").into());
    }
    serde_json::from_str::<Value>(&body)?;
    // As Mesos wrote it, but for the name of a directory of this machine.
    let body = body.replace(&mesos.dir().display().to_string(), "/tmp/mesos");
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/recorded").join(name);
    std::fs::write(file, body)?;
    Ok(())
}
