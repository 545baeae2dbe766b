//! ACME's scheduler on a genuine Mesos.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use etcd_mesos_testkit::process::Proc;
use etcd_mesos_testkit::{etcd, http, mesos};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Long enough for this machine at its busiest; nothing waits that long when all is well.
const SOON: Duration = Duration::from_secs(60);

#[test]
fn it_forms_a_cluster_takes_it_over_and_calls_a_large_database_degraded() {
    let rig = Rig::new();
    let scheduler = rig.start(&[]);
    let members = rig.wait_members(&scheduler);
    rig.wait_health(&scheduler, "cluster is healthy: ");
    let before = rig.report();

    // Each save is a file of its own, and the newest one says that the cluster is formed.
    let versions = rig.versions();
    let numbered: Vec<String> = (1..=versions.len()).map(|v| format!("{v:020}.json")).collect();
    assert_eq!(versions, numbered);
    let record = rig.record(versions.last().unwrap());
    assert_eq!(record["phase"]["name"], "formed", "{record}");
    drop(scheduler);

    let scheduler = rig.start(&["--set=health.small_database.limit_mb=1"]);
    assert_eq!(rig.wait_members(&scheduler), members, "the same members, taken over");
    let after = rig.report();
    assert_eq!(after["framework_id"], before["framework_id"]);
    assert!(rig.versions().len() > versions.len(), "taking over is saved too");
    rig.wait_health(&scheduler, "cluster is healthy: ");

    fill(&members[0].1);
    // While it is filled, a member may be slow for a moment, which is another ground.
    let large = format!("the database of {} has", members[0].0);
    let health = rig.wait_health(&scheduler, &large);
    assert!(health.starts_with("cluster is degraded, and serving: "), "{health}");
}

#[test]
fn its_plugins_are_among_those_of_the_build_and_their_sections_are_shown() {
    let said = |arguments: &[&str]| {
        let out = Command::new(env!("CARGO_BIN_EXE_acme-etcd-scheduler"))
            .args(arguments)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&out.stdout).into_owned();
        (out.status.code(), text + &String::from_utf8_lossy(&out.stderr))
    };
    let (code, listing) = said(&["plugins"]);
    assert_eq!(code, Some(0), "{listing}");
    let has = |kind: &str, name: &str| {
        let is_it = |line: &str| line.split_whitespace().take(2).eq([kind, name]);
        assert!(listing.lines().any(is_it), "{listing}");
    };
    has("persist", "history");
    has("health", "small_database");

    let chosen = [
        "--set=persist.plugin=history",
        "--set=persist.history.directory=/var/lib/acme",
        "--set=health.plugin=small_database",
        "--set=health.small_database.limit_mb=64",
    ];
    let (code, shown) = said(&[&chosen[..], &["config", "show", "--origin"]].concat());
    assert_eq!(code, Some(0), "{shown}");
    for part in ["directory = \"/var/lib/acme\"", "limit_mb = 64"] {
        let line = shown.lines().find(|line| line.contains(part));
        assert!(line.is_some_and(|line| line.contains("--set")), "{part:?} is not in: {shown}");
    }
    let (code, example) = said(&["config", "example"]);
    assert_eq!(code, Some(0), "{example}");
    assert!(example.contains("How many megabytes a member's database may have"), "{example}");

    let zero = "--set=health.small_database.limit_mb=0";
    let (code, refused) = said(&[&chosen[..], &[zero, "config", "check"]].concat());
    assert_eq!(code, Some(78), "{refused}");
    assert!(refused.contains("health.small_database.limit_mb"), "{refused}");
}

/// A Mesos with three agents, and what the scheduler keeps between its starts.
struct Rig {
    mesos: mesos::Cluster,
    dir: TempDir,
}

impl Rig {
    fn new() -> Rig {
        let mesos = mesos::Cluster::builder().agents(3).start().unwrap();
        Rig { mesos, dir: tempfile::tempdir().unwrap() }
    }

    fn start(&self, extra: &[&str]) -> Proc {
        let (mesos, etcd) = (&self.mesos, etcd::find().unwrap());
        let mut command = Command::new(env!("CARGO_BIN_EXE_acme-etcd-scheduler"));
        command
            .arg(format!("--master={}", mesos.master_addr()))
            .arg(format!("--address={}", mesos.scheduler_ip(1)))
            .arg(format!("--admin-port={}", mesos.spare_port(1)))
            .arg(format!("--artifact-port={}", mesos.spare_port(2)))
            .args(["--framework-name=acme", "--cluster-size=3", "--sandbox-cpu-limit=0.5"])
            .args(["--sandbox-mem-limit=256", "--sandbox-disk-limit=1024"])
            .arg(format!("--executor-bin={}", executor().display()))
            .arg(format!("--etcd-bin={}", etcd.etcd.display()))
            .arg(format!("--etcdctl-bin={}", etcd.etcdctl.display()))
            .args(["--set=persist.plugin=history", "--set=health.plugin=small_database"])
            .arg(format!("--set=persist.history.directory={}", self.dir.path().display()))
            .args(extra);
        Proc::start(command, self.dir.path().join("scheduler.log")).unwrap()
    }

    fn get(&self, path: &str) -> Option<String> {
        let admin = format!("{}:{}", self.mesos.scheduler_ip(1), self.mesos.spare_port(1));
        http::get(&admin, path).ok().map(|(_, text)| text)
    }

    fn json(&self, path: &str) -> Value {
        let text = self.get(path).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    fn report(&self) -> Value {
        self.json("/report?format=json")
    }

    /// The members' names and client addresses, once there are three and each serves.
    fn wait_members(&self, scheduler: &Proc) -> Vec<(String, String)> {
        let member = |m: &Value| {
            let client = format!("{}:{}", m["host"].as_str()?, m["clientPort"]);
            Some((m["name"].as_str()?.to_owned(), client))
        };
        let serves = |client: &str| ask(client, "/v3/kv/range", &json!({"key": "Zm9v"})).is_some();
        let all = || {
            let members: Vec<_> =
                self.json("/members").as_array()?.iter().filter_map(member).collect();
            (members.len() == 3 && members.iter().all(|(_, c)| serves(c))).then_some(members)
        };
        scheduler.wait_for("three members that serve", SOON, all).unwrap()
    }

    fn wait_health(&self, scheduler: &Proc, words: &str) -> String {
        let health = || self.get("/healthz?cluster").filter(|text| text.contains(words));
        scheduler.wait_for(&format!("/healthz?cluster to say '{words}'"), SOON, health).unwrap()
    }

    /// The files that `history` keeps for this cluster.
    fn versions(&self) -> Vec<String> {
        let entries = fs::read_dir(self.dir.path().join("acme")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut versions: Vec<String> = names.filter(|name| name.ends_with(".json")).collect();
        versions.sort();
        versions
    }

    fn record(&self, version: &str) -> Value {
        let bytes = fs::read(self.dir.path().join("acme").join(version)).unwrap();
        serde_json::from_slice(&bytes).unwrap()
    }
}

/// The executor is etcd-mesos's own, in the directory where cargo puts the programs of both packages.
fn executor() -> PathBuf {
    let ours = PathBuf::from(env!("CARGO_BIN_EXE_acme-etcd-scheduler"));
    let executor = ours.with_file_name("etcd-mesos-executor");
    assert!(
        executor.exists(),
        "{} is not there; build it first: cargo build -p etcd-mesos",
        executor.display()
    );
    executor
}

/// Asks a member's JSON gateway.
fn ask(client: &str, path: &str, body: &Value) -> Option<Value> {
    let answer = http::post(client, path, "application/json", &body.to_string());
    let (status, text) = answer.ok()?;
    (status == 200).then(|| serde_json::from_str(&text).ok()).flatten()
}

/// Writes more than a megabyte. A member says so with its next commit to disk, up to 100 ms later.
fn fill(client: &str) {
    // "AAAA" is three zero bytes: 384 KiB, well below what etcd takes in one request.
    let value = "AAAA".repeat(128 * 1024);
    for key in ["YQ==", "Yg==", "Yw==", "ZA=="] {
        ask(client, "/v3/kv/put", &json!({"key": key, "value": &value})).unwrap();
    }
}
