//! What is asked for, and what is made of it.

use etcd_mesos_core::discovery::Discovery;
use serde_json::json;

use super::ground::{body, discovery, failure, framework, know, section, state, task, url, urls};
use super::master::{Answer, Master};

#[tokio::test]
async fn the_state_is_read_once_and_then_the_tasks_of_the_framework_alone() {
    let master = Master::start().await;
    know(&master, &[task(2), task(1)]);
    let discovery = discovery(section(&master.address));
    for _ in 0..3 {
        let members = discovery.members().await.unwrap();
        assert_eq!(urls(&members), [url(1), url(2)]);
        assert_eq!(members.found[0].name.as_deref(), Some("etcd-1-1"));
    }
    assert_eq!(master.paths(), ["/state", "/tasks", "/tasks"]);
    assert_eq!(master.seen()[1].path, "/tasks?framework_id=F&limit=100000");
}

#[tokio::test]
async fn a_framework_without_members_is_waited_for_without_another_look_at_the_state() {
    let master = Master::start().await;
    know(&master, &[]);
    let discovery = discovery(section(&master.address));
    for _ in 0..3 {
        let (kind, words) = failure(&discovery).await;
        assert_eq!(kind, "nobody");
        assert!(words.ends_with("the framework F has no member in TASK_RUNNING"), "{words}");
    }
    know(&master, &[task(1)]);
    assert_eq!(urls(&discovery.members().await.unwrap()), [url(1)]);
    assert_eq!(master.paths().iter().filter(|path| *path == "/state").count(), 1);
}

#[tokio::test]
async fn no_framework_of_that_name_is_told_and_looked_for_again() {
    let master = Master::start().await;
    master.answer("/state", body(&state(&[framework("W", "web", true, &[task(1)])])));
    let discovery = discovery(section(&master.address));
    let (kind, words) = failure(&discovery).await;
    assert_eq!(kind, "nobody");
    assert!(words.contains("no framework has that name"), "{words}");
    know(&master, &[task(1)]);
    assert_eq!(urls(&discovery.members().await.unwrap()), [url(1)]);
}

#[tokio::test]
async fn the_framework_may_have_another_name_than_the_cluster() {
    let master = Master::start().await;
    master.answer("/state", body(&state(&[framework("G", "etcd-old", true, &[task(1)])])));
    let mut section = section(&master.address);
    section.framework = Some("etcd-old".to_owned());
    assert_eq!(urls(&discovery(section).members().await.unwrap()), [url(1)]);
}

#[tokio::test]
async fn of_several_frameworks_the_active_one_is_taken() {
    let master = Master::start().await;
    let both =
        [framework("E", "etcd", false, &[task(1)]), framework("F", "etcd", true, &[task(2)])];
    master.answer("/state", body(&state(&both)));
    let members = discovery(section(&master.address)).members().await.unwrap();
    assert_eq!(urls(&members), [url(2)]);

    let both = [framework("E", "etcd", true, &[task(1)]), framework("F", "etcd", true, &[task(2)])];
    master.answer("/state", body(&state(&both)));
    let (kind, words) = failure(&discovery(section(&master.address))).await;
    assert_eq!(kind, "unusable");
    assert!(words.contains("2 frameworks have that name, all of them active: E, F"), "{words}");
}

#[tokio::test]
async fn a_framework_that_is_over_is_looked_for_by_its_name_again() {
    let master = Master::start().await;
    know(&master, &[task(1)]);
    let discovery = discovery(section(&master.address));
    discovery.members().await.unwrap();

    let over = json!({"frameworks": [], "completed_frameworks": [{"id": "F", "name": "etcd"}]});
    master.answer("/tasks", body(&json!({"tasks": []})));
    master.answer("/frameworks", body(&over));
    let (kind, words) = failure(&discovery).await;
    assert_eq!(kind, "nobody");
    assert!(words.contains("the framework F is over"), "{words}");

    let mut new = task(2);
    new["framework_id"] = json!("G");
    master.answer("/state", body(&state(&[framework("G", "etcd", true, &[new])])));
    assert_eq!(urls(&discovery.members().await.unwrap()), [url(2)]);
}

#[tokio::test]
async fn a_master_that_was_only_just_elected_is_not_asked_for_its_state() {
    let master = Master::start().await;
    know(&master, &[task(1)]);
    let discovery = discovery(section(&master.address));
    discovery.members().await.unwrap();
    master.answer("/tasks", body(&json!({"tasks": []})));
    master.answer("/frameworks", body(&json!({"frameworks": [], "completed_frameworks": []})));
    for _ in 0..5 {
        let (kind, words) = failure(&discovery).await;
        assert_eq!(kind, "nobody");
        assert!(words.contains("does not know the framework F, yet or any more"), "{words}");
    }
    know(&master, &[task(1)]);
    discovery.members().await.unwrap();
    assert_eq!(master.paths().iter().filter(|path| *path == "/state").count(), 1);
}

#[tokio::test]
async fn a_master_that_filters_nothing_is_asked_for_its_state() {
    let master = Master::start().await;
    know(&master, &[task(1)]);
    let mut foreign = task(2);
    foreign["framework_id"] = json!("W");
    master.answer("/tasks", body(&json!({"tasks": [foreign]})));
    let discovery = discovery(section(&master.address));
    for _ in 0..3 {
        assert_eq!(urls(&discovery.members().await.unwrap()), [url(1)]);
    }
    assert_eq!(master.paths(), ["/state", "/tasks", "/state", "/state"]);
}

#[tokio::test]
async fn an_agent_is_asked_for_where_a_task_does_not_tell_its_address() {
    let master = Master::start().await;
    let mut silent = task(1);
    silent["statuses"] = json!([]);
    know(&master, &[silent, task(2)]);
    let agents = json!({"slaves": [{"id": "S1", "pid": "slave(1)@10.0.0.77:5051"}]});
    master.answer("/slaves", body(&agents));
    let discovery = discovery(section(&master.address));
    let expected = [url(2), "http://10.0.0.77:31001".to_owned()];
    assert_eq!(urls(&discovery.members().await.unwrap()), expected);
    assert_eq!(master.seen()[1].path, "/slaves?slave_id=S1");

    master.answer("/slaves", body(&json!({"slaves": []})));
    assert_eq!(
        urls(&discovery.members().await.unwrap()),
        [url(2)],
        "who has no address is left out"
    );
}

#[tokio::test]
async fn the_predecessors_members_are_found() {
    let master = Master::start().await;
    let task = |id: &str| json!({"id": id, "framework_id": "F", "state": "TASK_RUNNING"});
    know(&master, &[task("etcd-2 b.example 1 31001 3"), task("etcd-1 10.0.0.1 1 31001 3")]);
    let members = discovery(section(&master.address)).members().await.unwrap();
    assert_eq!(urls(&members), ["http://10.0.0.1:31001", "http://b.example:31001"]);
}

#[tokio::test]
async fn what_is_no_state_is_unusable_and_says_why() {
    let master = Master::start().await;
    let discovery = discovery(section(&master.address));
    for (text, why) in [
        ("<html>", "it is no JSON: `<` stands where a value must"),
        ("{\"hello\": \"world\"}", "it has no frameworks, so it is not Mesos's"),
        ("{\"frameworks\": [", "it ends before its end"),
        ("", "it ends before its end"),
    ] {
        master.answer("/state", Answer::Body(text.as_bytes().to_vec()));
        let (kind, words) = failure(&discovery).await;
        assert_eq!(kind, "unusable");
        assert!(words.contains(why), "{words}");
    }
}
