//! The second task of each member, which is there for mesos-dns: what the master knows of it.

use std::collections::BTreeSet;
use std::time::Duration;

use etcd_mesos_testkit::mesos::Cluster;
use etcd_mesos_testkit::processes::send_signal;
use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::rig::{Member, Rig, Stage};

#[test]
fn a_client_task_has_the_standard_name_and_is_running_while_its_member_is() {
    let rig = Rig::with_scheduler(Cluster::builder());
    let members = rig.wait_formed();
    members.iter().for_each(|member| is_launched_as_two_tasks(&rig, member));
    an_etcd_that_stalls_takes_the_name_away_for_so_long(&rig, &members[0]);
    an_etcd_that_is_killed_keeps_both(&rig, &members[1]);
    assert!(!rig.get("/report").1.contains("_etcd-client"), "{}", rig.get("/report").1);
}

fn is_launched_as_two_tasks(rig: &Rig, member: &Member) {
    let [server, client] = rig.wait("both tasks to run", || {
        rig.tasks_of(member).filter(|tasks| states(tasks) == ["TASK_RUNNING"; 2])
    });
    assert_eq!(client["id"], format!("{}.client", server["id"].as_str().unwrap()));
    assert_eq!((&server["name"], &client["name"]), (&json!("etcd-server"), &json!("etcd-client")));
    for key in ["executor_id", "slave_id", "framework_id"] {
        assert_eq!(server[key], client[key], "{key}");
    }
    let port: u64 = member.client.rsplit(':').next().unwrap().parse().unwrap();
    let told = json!({
        "visibility": "EXTERNAL", "name": "etcd-client",
        "ports": { "ports": [{ "number": port, "protocol": "tcp" }] },
    });
    assert_eq!(client["discovery"], told);
    let resources = &client["resources"];
    assert_eq!(resources["cpus"], 0.001);
    assert!(resources.get("ports").is_none() && resources["mem"] == 0.0, "{resources}");
    assert_eq!(server["discovery"]["name"], "etcd-server");
    assert_eq!(
        server["discovery"]["ports"]["ports"][1],
        json!({"number": port, "protocol": "client"})
    );
    let executors = rig.mesos.framework("test").unwrap().unwrap()["executors"].clone();
    let own = executors.as_array().into_iter().flatten();
    let own: Vec<&Value> = own.filter(|e| e["executor_id"] == member.name.as_str()).collect();
    assert!(own.len() <= 1, "one executor for both: {own:?}");
}

fn states(tasks: &[Value; 2]) -> [&str; 2] {
    tasks.each_ref().map(|task| task["state"].as_str().unwrap_or_default())
}

/// Looks at both tasks until they have that state. The client task is told first, by less than a pause.
fn both_become(rig: &Rig, member: &Member, state: &str) {
    let mut apart = 0;
    rig.wait(&format!("both tasks to be {state}"), || {
        let tasks = rig.tasks_of(member)?;
        let states = states(&tasks);
        apart = if states[0] == states[1] { 0 } else { apart + 1 };
        assert!(apart < 2, "the two go together: {states:?}");
        std::thread::sleep(Duration::from_millis(100));
        (states == [state; 2]).then_some(())
    });
}

fn an_etcd_that_stalls_takes_the_name_away_for_so_long(rig: &Rig, member: &Member) {
    let pid = rig.etcd_pids()[&member.name];
    send_signal(pid, Signal::SIGSTOP);
    both_become(rig, member, "TASK_STARTING");
    send_signal(pid, Signal::SIGCONT);
    both_become(rig, member, "TASK_RUNNING");
}

fn an_etcd_that_is_killed_keeps_both(rig: &Rig, member: &Member) {
    let pid = rig.etcd_pids()[&member.name];
    send_signal(pid, Signal::SIGKILL);
    rig.wait("a new etcd process", || {
        rig.etcd_pids().get(&member.name).filter(|&&new| new != pid).copied()
    });
    both_become(rig, member, "TASK_RUNNING");
    rig.wait_serving(member);
}

/// Of so many members of an attempt both tasks have ended, and of the members that are left both run.
pub fn both_ended(rig: &Rig, attempt: u32, count: usize) {
    let of_attempt = format!("etcd.test.0.etcd-{attempt}-");
    let id = |task: &Value| task["id"].as_str().unwrap_or_default().to_owned();
    let framework = rig.framework_id();
    rig.wait("both tasks to have ended", || {
        let over = rig.mesos.completed_tasks(&framework).ok()?;
        let over: BTreeSet<String> =
            over.iter().map(id).filter(|task| task.starts_with(&of_attempt)).collect();
        (over.len() == 2 * count).then_some(())
    });
    let left = rig.mesos.tasks(&framework).unwrap();
    let clients = left.iter().filter(|task| id(task).ends_with(".client")).count();
    assert_eq!(clients * 2, left.len(), "{left:?}");
    assert!(left.iter().all(|task| task["state"] == "TASK_RUNNING"), "{left:?}");
}
