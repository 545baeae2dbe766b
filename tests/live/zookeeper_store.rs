//! The record in a ZooKeeper that dies, comes back, forgets the session and is cut off, while the cluster that
//! the record is of runs on. What the store itself does is tried in `plugins/persist-zk`.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::time::Duration;

use etcd_mesos_testkit::mesos::Cluster;
use etcd_mesos_testkit::process::Proc;
use etcd_mesos_testkit::proxy::{Mode, Proxy};
use etcd_mesos_testkit::zookeeper::Server;
use etcd_mesos_zk::{Lifetime, Version, ZkConfig, ZkSession};
use nix::sys::signal::Signal;
use serde_json::Value;
use tempfile::TempDir;

use crate::other_scheduler;
use crate::rig::{Member, Rig, SOON, Stage, read, write};

const PATH: &str = "/a/b/c";
const STATE: &str = "/test_state";
const FRAMEWORK_ID: &str = "/test_framework_id";

/// A formed cluster, its record in a ZooKeeper, and what must stay as it is.
struct Scene {
    rig: Rig,
    zookeeper: Server,
    /// The schedulers' way to the master; when it is dropped they subscribe anew, and for that they have
    /// to store a higher epoch.
    to_master: Proxy,
    /// A way to ZooKeeper that can be cut.
    to_zookeeper: Proxy,
    members: Vec<Member>,
    pids: BTreeMap<String, u32>,
    framework: String,
}

/// One cluster, because forming is dear. The one who gives up is as patient as all others together.
#[test]
fn a_cluster_outlives_the_zookeeper_that_keeps_its_record() {
    let mut scene = Scene::set();
    scene.is_kept_where_the_predecessor_keeps_it();
    let apart = Apart::start(&scene.rig, &scene.zookeeper);
    scene.another_machine_takes_over();
    scene.a_session_that_has_expired_is_succeeded_by_another();
    scene.a_zookeeper_that_is_away_is_waited_for();
    scene.a_save_that_is_cut_off_is_done_later();
    scene.a_scheduler_that_starts_too_early_waits();
    scene.of_two_at_once_one_goes_on();
    scene.who_gave_up_starts_again(apart);
}

impl Scene {
    fn set() -> Scene {
        // A short session, so that its end is seen soon.
        let two_seconds = Duration::from_secs(2);
        let zookeeper = Server::builder().session_timeout_max(two_seconds).start().unwrap();
        let mut rig = Rig::new(Cluster::builder());
        let to_master = Proxy::start(&rig.mesos.master_addr()).unwrap();
        let to_zookeeper = Proxy::start(&zookeeper.addr()).unwrap();
        let persist = persist(&zookeeper.url(PATH));
        rig.start_scheduler(&[&format!("-master={}", to_master.addr()), "-state-file=", &persist]);
        let members = rig.wait_formed();
        let (pids, framework) = (rig.etcd_pids(), rig.framework_id());
        Scene { rig, zookeeper, to_master, to_zookeeper, members, pids, framework }
    }

    fn is_kept_where_the_predecessor_keeps_it(&self) {
        let record = self.record();
        assert_eq!(record["framework_id"], *self.framework);
        assert_eq!(record["phase"]["name"], "formed");
        assert_eq!(record["members"].as_array().map(Vec::len), Some(3));
        let (id, _) = found(&self.zookeeper, FRAMEWORK_ID);
        assert_eq!(id, self.framework.as_bytes());
    }

    /// It has nothing of the first one's disk, for nothing is there.
    fn another_machine_takes_over(&mut self) {
        self.rig.scheduler().kill();
        let left = std::fs::read_dir(self.rig.dir()).unwrap().map(|entry| entry.unwrap().path());
        let logs = [self.rig.scheduler().log_path().to_owned()];
        assert_eq!(left.collect::<Vec<_>>(), logs, "the record is nowhere but in ZooKeeper");
        self.rig.address = self.rig.mesos.scheduler_ip(2);
        self.rig.start_scheduler(&[]);
        self.is_led();
    }

    fn a_session_that_has_expired_is_succeeded_by_another(&self) {
        let scheduler = self.rig.scheduler();
        scheduler.signal(Signal::SIGSTOP);
        self.rig.wait("the end of the session", || {
            let line = self.zookeeper.ask("mntr")?;
            line.lines().any(|line| line == "zk_global_sessions\t0").then_some(())
        });
        let epoch = self.epoch();
        scheduler.signal(Signal::SIGCONT);
        self.to_master.drop_connections();
        self.is_led_since(epoch);
    }

    fn a_zookeeper_that_is_away_is_waited_for(&self) {
        let epoch = self.epoch();
        self.zookeeper.kill();
        write(&self.members[0].client, "YmFy");
        assert_eq!(self.rig.get("/healthz").0, 200, "nothing has to be stored");
        self.to_master.drop_connections();
        let place = format!("{}{STATE}", self.zookeeper.url(PATH));
        let nothing_is_changed = "so nothing is changed; etcd runs on";
        self.rig.wait_report(&[
            "TROUBLE  store",
            nothing_is_changed,
            &place,
            "refuses connections",
        ]);
        self.is_untouched();
        for member in &self.members {
            assert_eq!(read(&member.client).unwrap().as_deref(), Some("YmFy"));
        }
        self.zookeeper.start_again().unwrap();
        self.is_led_since(epoch);
    }

    /// What is sent meanwhile gets lost on the way.
    fn a_save_that_is_cut_off_is_done_later(&mut self) {
        self.rig.scheduler().kill();
        let place = format!("zk://{}{PATH}", self.to_zookeeper.addr());
        self.rig.start_scheduler(&[&persist(&place)]);
        self.is_led();
        let epoch = self.epoch();
        self.to_zookeeper.set(Mode::Hole);
        self.to_master.drop_connections();
        self.rig.wait_report(&["TROUBLE  store", &place, "does not serve"]);
        self.is_untouched();
        self.to_zookeeper.set(Mode::Pass);
        self.is_led_since(epoch);
    }

    fn a_scheduler_that_starts_too_early_waits(&mut self) {
        self.rig.scheduler().kill();
        self.zookeeper.kill();
        self.rig.start_scheduler(&[&persist(&self.zookeeper.url(PATH))]);
        let place = format!("{}{STATE}", self.zookeeper.url(PATH));
        for words in [&*place, "refuses connections", "again_in"] {
            self.rig.scheduler().wait_log(words, SOON).unwrap();
        }
        self.is_untouched();
        self.zookeeper.start_again().unwrap();
        self.is_led();
    }

    fn of_two_at_once_one_goes_on(&mut self) {
        self.rig.scheduler().kill();
        let both: Vec<(String, Proc)> = (3..=4)
            .map(|n| {
                self.rig.address = self.rig.mesos.scheduler_ip(n);
                self.rig.start_scheduler(&[]);
                (self.rig.address.clone(), self.rig.scheduler.take().unwrap())
            })
            .collect();
        self.rig.wait("one of them to end", || {
            both.iter().any(|(_, one)| one.exit_status().is_some()).then_some(())
        });
        let (ended, going): (Vec<_>, Vec<_>) =
            both.into_iter().partition(|(_, one)| one.exit_status().is_some());
        let [(_, deposed)] = &ended[..] else {
            let last =
                |(_, one): &(String, Proc)| format!("{:?}\n{}", one.exit_status(), one.log_tail());
            let words: Vec<String> = ended.iter().map(last).collect();
            panic!("both have ended:\n{}", words.join("\n\n"));
        };
        assert_eq!(deposed.exit_status().unwrap().code(), Some(75), "{}", deposed.log_tail());
        let [(address, leading)] = <[_; 1]>::try_from(going).unwrap();
        (self.rig.address, self.rig.scheduler) = (address, Some(leading));
        self.is_led();
    }

    fn who_gave_up_starts_again(&mut self, apart: Apart) {
        let status = apart.scheduler.wait_exit(SOON).unwrap();
        let log = apart.scheduler.log();
        assert_eq!(status.code(), Some(69), "{log}");
        let (_, last_words) = log.rsplit_once("error: ").unwrap();
        for words in ["cannot load the record", &apart.place, &apart.way.addr(), "does not serve"] {
            assert!(last_words.contains(words), "{words} is not in: {last_words}");
        }
        apart.way.set(Mode::Pass);
        let former = self.rig.scheduler.take().unwrap();
        self.rig.address = self.rig.mesos.scheduler_ip(5);
        self.rig.start_scheduler(&[&persist(&apart.place)]);
        self.is_led();
        let status = former.wait_exit(SOON).unwrap();
        assert_eq!(status.code(), Some(75), "{}", former.log_tail());
    }

    /// The scheduler has taken the cluster over, or still leads it, and nothing else has changed.
    fn is_led(&self) {
        let words = ["all that is intended is stored", "subscribed as framework"];
        self.rig.wait("the tasks to be known", || {
            let report = self.rig.get("/report").1;
            let is_fine = words.iter().all(|words| report.contains(words));
            (is_fine && self.rig.stats("running_servers") == 3).then_some(())
        });
        assert_eq!(self.rig.members(), self.members);
        assert_eq!(self.rig.framework_id(), self.framework);
        self.is_untouched();
    }

    /// The same, with a higher epoch, which is stored.
    fn is_led_since(&self, epoch: u64) {
        self.rig.wait("a higher epoch to be stored", || (self.epoch() > epoch).then_some(()));
        self.is_led();
        assert_eq!(self.rig.json("/report?format=json")["epoch"], self.epoch());
    }

    /// No etcd was started or ended, and none of the schedulers but the first has launched anything.
    fn is_untouched(&self) {
        assert_eq!(self.rig.etcd_pids(), self.pids);
        let tasks = self.rig.mesos.tasks(&self.framework).unwrap();
        let running = tasks.iter().filter(|task| task["state"] == "TASK_RUNNING").count();
        assert_eq!((tasks.len(), running), (6, 6), "{tasks:?}");
    }

    fn epoch(&self) -> u64 {
        self.record()["epoch"].as_u64().unwrap()
    }

    fn record(&self) -> Value {
        serde_json::from_slice(&found(&self.zookeeper, STATE).0).unwrap()
    }
}

/// A scheduler on a machine from which ZooKeeper is not reached, until its way there is let through.
struct Apart {
    way: Proxy,
    place: String,
    scheduler: Proc,
    _dir: TempDir,
}

impl Apart {
    fn start(rig: &Rig, zookeeper: &Server) -> Apart {
        let way = Proxy::start(&zookeeper.addr()).unwrap();
        way.set(Mode::Cut);
        let place = format!("zk://{}{PATH}", way.addr());
        let mut command = rig.command();
        command.arg(format!("-address={}", rig.mesos.scheduler_ip(5))).arg(persist(&place));
        let dir = tempfile::tempdir().unwrap();
        let scheduler = Proc::start(command, dir.path().join("log")).unwrap();
        Apart { way, place, scheduler, _dir: dir }
    }
}

fn persist(place: &str) -> String {
    format!("-zk-framework-persist={place}")
}

/// A cluster of the predecessor's, of which nothing is known but its framework's ID.
#[test]
fn the_predecessors_framework_id_is_taken_and_its_task_is_left_alone() {
    let zookeeper = Server::start().unwrap();
    let mut rig = Rig::new(Cluster::builder().agents(3));
    let predecessor = other_scheduler::Scheduler::subscribe(&rig.mesos, "test");
    let id = predecessor.framework_id().to_owned();
    let task = "etcd-1447 127.0.0.1 31000 31001 31002";
    predecessor.launch(&rig.mesos, task, "sleep 1000", &[]);
    rig.wait("the predecessor's task", || {
        rig.mesos.tasks(&id).ok().filter(|tasks| tasks.len() == 1).map(drop)
    });
    by_hand(&zookeeper, async |session| {
        session.create_root().await.unwrap();
        session.create(FRAMEWORK_ID, id.as_bytes(), Lifetime::Persistent).await.unwrap();
    });
    rig.start_scheduler(&["-state-file=", &persist(&zookeeper.url(PATH))]);
    rig.wait_report(&["TROUBLE  identity", task, "predecessor", "nothing is killed"]);
    assert_eq!(rig.framework_id(), id, "subscribed under that ID");
    assert_eq!((rig.stats("launched_servers"), rig.members()), (0, Vec::new()));
    assert_eq!(rig.mesos.tasks(&id).unwrap().len(), 1, "nothing is killed");
    assert_eq!(found(&zookeeper, FRAMEWORK_ID), (id.into_bytes(), Version(0)), "unchanged");
}

/// What a znode holds, and how often it was written.
fn found(zookeeper: &Server, path: &str) -> (Vec<u8>, Version) {
    by_hand(zookeeper, async |session| {
        let node = session.get(path).await.unwrap();
        (node.data, node.version)
    })
}

/// What a person does with zkCli.
fn by_hand<T>(zookeeper: &Server, act: impl AsyncFnOnce(&ZkSession) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let config = ZkConfig::new(zookeeper.url(PATH).parse().unwrap());
        act(&ZkSession::open(&config).await.unwrap()).await
    })
}
