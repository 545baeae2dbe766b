//! The life of a cluster: formed once, and the same after whatever dies beside it.

use etcd_mesos_testkit::mesos::Cluster;
use etcd_mesos_testkit::processes::{is_alive, send_signal};
use nix::sys::signal::Signal;

use crate::rig::{Member, Rig, Stage, identity, read, write};

/// One cluster through everything that must not change it; one test, because forming is dear.
#[test]
fn a_cluster_outlives_etcd_scheduler_and_agents() {
    let mut rig = Rig::with_scheduler(Cluster::builder().agents(5));
    let members = rig.wait_formed();
    write(&members[0].client, "YmFy");
    answers_have_the_predecessors_shape(&rig);
    nothing_is_offered_while_idle(&rig);
    an_etcd_that_is_killed_comes_back_as_itself(&rig, &members);
    a_scheduler_that_is_killed_comes_back_to_the_same_cluster(&mut rig, &members);
    an_agent_that_is_killed_comes_back_to_the_same_etcd(&rig, &members);
    settings_that_cannot_be_applied_are_said(&mut rig, &members);
    a_scheduler_that_is_asked_to_end_leaves_the_cluster_running(&mut rig, &members);
}

fn answers_have_the_predecessors_shape(rig: &Rig) {
    let entries = rig.json("/members");
    let keys: Vec<&str> = entries[0].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["clientPort", "host", "httpPort", "name", "rpcPort", "slaveID", "type"]);
    assert_eq!(entries[0]["httpPort"], 0);
    assert_eq!(entries[0]["type"], "new");
    rig.wait("a healthy cluster", || (rig.stats("healthy") == 1).then_some(()));
    let stats = rig.json("/stats");
    let values = ["running_servers", "launched_servers", "failed_servers", "cluster_livelocks"];
    assert_eq!(values.map(|key| stats[key].as_u64().unwrap()), [3, 3, 0, 0], "{stats}");
    assert_eq!(rig.get("/healthz").0, 200);
    assert_eq!(rig.get("/healthz?cluster").0, 200);
    assert!(rig.get("/").1.contains("/report"), "the index lists the paths");
    assert!(rig.get("/report").1.contains("all 3 members proved a linearizable read"));
    let store = &rig.json("/report?format=json")["store"];
    assert!(store["place"].as_str().unwrap().ends_with("test.state"), "{store}");
    let calls = |kind: &str, what: &str| store["calls"][kind][what].as_u64().unwrap();
    assert!(calls("load", "succeeded") == 1 && calls("save", "succeeded") > 3, "{store}");
    assert_eq!(calls("save", "failed"), 0, "{store}");
    assert_eq!(rig.get("/nothing").0, 404);
}

fn nothing_is_offered_while_idle(rig: &Rig) {
    let framework = rig.mesos.framework("test").unwrap().unwrap();
    assert_eq!(framework["offers"].as_array().unwrap().len(), 0);
    assert_eq!(rig.mesos.offers().unwrap().len(), 0);
}

pub fn an_etcd_that_is_killed_comes_back_as_itself(rig: &impl Stage, members: &[Member]) {
    let (_, leader) = identity(&members[0].client).unwrap();
    for member in members {
        let before = identity(&member.client).unwrap().0;
        let pid = rig.etcd_pids()[&member.name];
        send_signal(pid, Signal::SIGKILL);
        rig.wait("a new etcd process", || {
            rig.etcd_pids().get(&member.name).filter(|&&new| new != pid).copied()
        });
        rig.wait_serving(member);
        let what = if before == leader { "the leader" } else { "a follower" };
        assert_eq!(identity(&member.client).unwrap().0, before, "{what} is the same member");
        assert_eq!(read(&member.client).unwrap().as_deref(), Some("YmFy"), "{what} has its data");
    }
    assert_eq!(rig.stats("launched_servers"), 3);
    assert_eq!(rig.members(), members);
}

fn a_scheduler_that_is_killed_comes_back_to_the_same_cluster(rig: &mut Rig, members: &[Member]) {
    let (pids, framework) = (rig.etcd_pids(), rig.framework_id());
    rig.scheduler().kill();
    rig.start_scheduler(&[]);
    rig.wait("the members after a restart", || (rig.members() == members).then_some(()));
    rig.wait("the tasks to be known again", || (rig.stats("running_servers") == 3).then_some(()));
    assert_eq!((rig.etcd_pids(), rig.framework_id()), (pids, framework));
    assert_eq!(rig.stats("launched_servers"), 0);
    nothing_is_offered_while_idle(rig);
}

pub fn an_agent_that_is_killed_comes_back_to_the_same_etcd(rig: &impl Stage, members: &[Member]) {
    let pids = rig.etcd_pids();
    let agent = rig.agent_of(&members[1]);
    rig.kill_agent(agent);
    rig.wait_serving(&members[1]);
    let launched = rig.stats("launched_servers");
    rig.start_agent(agent);
    // The executor is back when a message of its comes through its agent again.
    rig.wait("the executor's task to run", || {
        let states = rig.task_states()?;
        let running = states.iter().filter(|state| *state == "TASK_RUNNING");
        (running.count() == 6).then_some(())
    });
    // An agent destroys what has not re-registered two seconds after its recovery; outlive that.
    std::thread::sleep(std::time::Duration::from_secs(4));
    assert_eq!(rig.etcd_pids(), pids, "the same etcd processes");
    assert_eq!(rig.stats("launched_servers"), launched, "nothing was launched");
    assert_eq!(rig.members(), members);
}

fn settings_that_cannot_be_applied_are_said(rig: &mut Rig, members: &[Member]) {
    let pids = rig.etcd_pids();
    rig.scheduler().kill();
    rig.start_scheduler(&["-sandbox-cpu-limit=0.4", "-cluster-size=5"]);
    let cpus = "member.cpus: 0.4 is configured and the members were launched with 0.5";
    let size = "cluster.size: 5 is configured and the cluster has 3 members";
    rig.wait("what is pending to be said", || {
        let report = rig.get("/report").1;
        (report.contains(cpus) && report.contains(size)).then_some(())
    });
    rig.wait("the tasks to be known again", || (rig.stats("running_servers") == 3).then_some(()));
    assert_eq!((rig.etcd_pids(), rig.members()), (pids, members.to_vec()));
    assert_eq!(rig.stats("launched_servers"), 0, "nothing was launched");
}

fn a_scheduler_that_is_asked_to_end_leaves_the_cluster_running(rig: &mut Rig, members: &[Member]) {
    let pids = rig.etcd_pids();
    rig.scheduler().signal(Signal::SIGTERM);
    let status = rig.scheduler().wait_exit(crate::rig::SOON).unwrap();
    assert_eq!(status.code(), Some(0));
    assert_eq!(rig.etcd_pids(), pids);
    for member in members {
        assert_eq!(read(&member.client).unwrap().as_deref(), Some("YmFy"));
    }
    assert!(pids.values().all(|&pid| is_alive(pid)));
}
