//! Masters that fall one after the other, and masters and ZooKeepers that are there and cannot be reached.
#![allow(clippy::print_stdout)]

use std::time::{Duration, Instant};

use etcd_mesos_testkit::mesos::Cluster;
use etcd_mesos_testkit::proxy::{Mode, Proxy};
use etcd_mesos_testkit::zookeeper::Server;

use crate::masters::{
    MASTERS_SESSION, a_leading_master_that_falls_is_succeeded, elect_as, leading_master,
    nothing_but_reconciliation, start_master_again, subscribed, subscribed_with_another,
};
use crate::rig::{Member, Rig, SOON, Stage, read, write};

const PATH: &str = "/any/depth";
/// Five heartbeats of 15 s each: Mesos has no setting for that.
const SILENCE: &str = "nothing, not even a heartbeat, came within 75s";
/// The silence, and time for a busy machine.
const NOTICED: Duration = Duration::from_secs(110);

/// Three masters, each with a way of its own to ZooKeeper, and the scheduler with another.
struct Scene {
    rig: Rig,
    ways: Vec<Proxy>,
    own_way: Proxy,
    members: Vec<Member>,
    _zookeeper: Server,
}

impl Scene {
    fn set() -> Scene {
        let zookeeper = Server::builder().session_timeout_max(MASTERS_SESSION).start().unwrap();
        let way = || Proxy::start(&zookeeper.addr()).unwrap();
        let ways: Vec<Proxy> = (0..3).map(|_| way()).collect();
        let mut builder = Cluster::builder().masters(3).zookeeper(&zookeeper.place(PATH));
        for (i, way) in ways.iter().enumerate() {
            builder = builder.master_zookeeper(i + 1, &format!("{}{PATH}", way.addr()));
        }
        let (mut rig, own_way) = (Rig::new(builder), way());
        rig.start_scheduler(&[&format!("-master=zk://{}{PATH}", own_way.addr())]);
        let members = rig.wait_formed();
        write(&members[0].client, "YmFy");
        Scene { rig, ways, own_way, members, _zookeeper: zookeeper }
    }
}

/// One test, because the longest part of it is a silence during which the rest has time.
#[test]
fn masters_fall_and_are_cut_off_and_the_cluster_stays() {
    let silence = Silence::begin();
    let scene = Scene::set();
    silence.is_reported();
    let fallen = two_leading_masters_are_killed_and_the_third_leads(&scene);
    fallen.into_iter().for_each(|number| start_master_again(&scene.rig, number));
    let ended = a_leading_master_without_its_zookeeper_resigns(&scene);
    start_master_again(&scene.rig, ended);
    an_election_that_the_scheduler_cannot_see_is_found_later(&scene);
    silence.ends_with_another_election_and_with_the_cut();
}

fn two_leading_masters_are_killed_and_the_third_leads(scene: &Scene) -> [usize; 2] {
    let (rig, members) = (&scene.rig, &scene.members);
    let kill = |n| rig.mesos.kill_master(n).unwrap();
    let first = a_leading_master_that_falls_is_succeeded(rig, members, "of three killed", kill);
    let second = a_leading_master_that_falls_is_succeeded(rig, members, "of two killed", kill);
    assert!(![first, second].contains(&leading_master(rig)));
    [first, second]
}

/// It ends by itself when its own clock says that its session is over, two seconds after ZooKeeper has elected
/// another one: meanwhile both lead, both can be reached, and the scheduler must be with the one that was elected.
fn a_leading_master_without_its_zookeeper_resigns(scene: &Scene) -> usize {
    let rig = &scene.rig;
    let cut = |n: usize| {
        scene.ways[n - 1].set(Mode::Hole);
        rig.mesos.wait_master_end(n, SOON).unwrap();
        let log = rig.mesos.master_log(n).unwrap();
        // Of the leadership or of the candidacy, whichever it notices first.
        assert!(log.contains("... committing suicide!"), "it ends by itself: {log}");
    };
    let what = "cut off from ZooKeeper";
    let ended = a_leading_master_that_falls_is_succeeded(rig, &scene.members, what, cut);
    scene.ways[ended - 1].set(Mode::Pass);
    ended
}

/// A new leader is elected while ZooKeeper is away from the scheduler alone.
fn an_election_that_the_scheduler_cannot_see_is_found_later(scene: &Scene) {
    let (rig, pids) = (&scene.rig, scene.rig.etcd_pids());
    let framework = rig.framework_id();
    scene.own_way.set(Mode::Hole);
    let number = leading_master(rig);
    let led = rig.mesos.leading_master().unwrap();
    rig.wait_report(&["masters", "ZooKeeper", &led, "still leads Mesos"]);
    assert!(subscribed(&led).is_some(), "who led goes on until something is known");
    rig.mesos.kill_master(number).unwrap();
    rig.wait_report(&["subscribing again", &led, "still leads Mesos"]);
    rig.wait("another leading master", || rig.mesos.leading_master().ok());
    assert!(subscribed_with_another(rig, number).is_none(), "nobody told the scheduler");
    scene.own_way.set(Mode::Pass);
    let healed = Instant::now();
    rig.wait("a subscription with it", || subscribed_with_another(rig, number));
    println!("ZooKeeper back for the scheduler: subscribed after {:.1?}", healed.elapsed());
    nothing_but_reconciliation(rig, &scene.members);
    rig.wait("an end of the trouble", || {
        (!rig.get("/report").1.contains("masters ")).then_some(())
    });
    assert_eq!((rig.etcd_pids(), rig.framework_id()), (pids, framework));
}

/// A leading master that the scheduler alone does not reach: nothing closes, nothing comes. ZooKeeper's entry
/// names the proxy, and agents reach the master itself.
struct Silence {
    rig: Rig,
    zookeeper: Server,
    way: Proxy,
    members: Vec<Member>,
    since: Instant,
}

impl Silence {
    fn begin() -> Silence {
        let zookeeper = Server::start().unwrap();
        let mut rig = Rig::new(Cluster::builder());
        let way = Proxy::start(&rig.mesos.master_addr()).unwrap();
        elect_as(&zookeeper, &way.addr(), 1, None);
        rig.start_scheduler(&[&format!("-master={}", zookeeper.url("/mesos"))]);
        let members = rig.wait_formed();
        write(&members[0].client, "YmFy");
        way.set(Mode::Hole);
        Silence { rig, zookeeper, way, members, since: Instant::now() }
    }

    /// Long before the connection is given up.
    fn is_reported(&self) {
        let words = ["waiting  mesos", "subscribed as", "nothing came over the master since"];
        self.rig.wait_report(&words);
    }

    fn ends_with_another_election_and_with_the_cut(self) {
        let (rig, pids) = (&self.rig, self.rig.etcd_pids());
        let addr = self.way.addr();
        let noticed = || {
            let report = rig.get("/report").1;
            ["subscribing again", &addr, SILENCE].iter().all(|w| report.contains(w)).then_some(())
        };
        rig.mesos.wait_for("the silence to be noticed", NOTICED, noticed).unwrap();
        println!("cut off from the scheduler: noticed after {:.1?}", self.since.elapsed());
        let other = Proxy::start(&rig.mesos.master_addr()).unwrap();
        self.subscribes_again("another election", || {
            elect_as(&self.zookeeper, &other.addr(), 2, Some(1));
        });
        self.subscribes_again("a cut that healed", || {
            other.set(Mode::Hole);
            // What was open in the hole is closed with its end.
            other.set(Mode::Pass);
        });
        assert_eq!(rig.etcd_pids(), pids);
        assert_eq!((rig.stats("launched_servers"), rig.members()), (3, self.members.clone()));
        let value = read(&self.members[0].client).unwrap();
        assert_eq!(value.as_deref(), Some("YmFy"));
    }

    fn subscribes_again(&self, how: &str, because: impl FnOnce()) {
        let (rig, before, since) = (&self.rig, epoch(&self.rig), Instant::now());
        because();
        rig.wait("a subscription of a later epoch", || {
            let is_up = rig.get("/report").1.contains("subscribed as framework");
            (is_up && epoch(rig) > before).then_some(())
        });
        println!("{how}: subscribed {:.1?} after it", since.elapsed());
        rig.wait("the tasks to be known again", || {
            (rig.stats("running_servers") == 3).then_some(())
        });
    }
}

fn epoch(rig: &Rig) -> u64 {
    rig.json("/report?format=json")["epoch"].as_u64().unwrap_or_default()
}
