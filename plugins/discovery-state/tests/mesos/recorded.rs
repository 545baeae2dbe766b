//! What a genuine Mesos 1.11.0 said of a genuine cluster of ours (`examples/record.rs`).

use std::path::PathBuf;

use etcd_mesos_core::discovery::Discovery;
use etcd_mesos_discovery_state::{MesosStateSection, read_state};

use super::ground::{discovery, failure, section, urls};
use super::master::{Answer, Master};

fn recorded(name: &str) -> Vec<u8> {
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/recorded");
    std::fs::read(dir.join(name)).unwrap()
}

fn of_test(master: &Master) -> MesosStateSection {
    MesosStateSection { framework: Some("test".to_owned()), ..section(&master.address) }
}

const URLS: [&str; 3] =
    ["http://127.80.0.12:12433", "http://127.80.0.13:12465", "http://127.80.0.14:12497"];

#[tokio::test]
async fn the_members_are_found_in_the_state_and_in_the_tasks() {
    let master = Master::start().await;
    for (path, name) in
        [("/state", "state.json"), ("/tasks", "tasks.json"), ("/frameworks", "framework.json")]
    {
        master.answer(path, Answer::Body(recorded(name)));
    }
    let discovery = discovery(of_test(&master));
    for _ in 0..2 {
        let members = discovery.members().await.unwrap();
        assert_eq!(urls(&members), URLS);
        let names: Vec<_> =
            members.found.iter().map(|found| found.name.as_deref().unwrap()).collect();
        assert_eq!(names, ["etcd-1-2", "etcd-1-0", "etcd-1-1"]);
    }
    assert_eq!(master.paths(), ["/state", "/tasks"]);

    master.answer("/tasks", Answer::Body(recorded("over_tasks.json")));
    master.answer("/frameworks", Answer::Body(recorded("over_framework.json")));
    let (kind, words) = failure(&discovery).await;
    assert!(kind == "nobody" && words.contains("is over"), "{words}");
}

#[tokio::test]
async fn before_a_framework_is_there_and_after_a_failover_nobody_is_found() {
    let master = Master::start().await;
    master.answer("/state", Answer::Body(recorded("empty_state.json")));
    let discovery = discovery(of_test(&master));
    let (kind, words) = failure(&discovery).await;
    assert!(kind == "nobody" && words.contains("no framework has that name"), "{words}");

    master.answer("/state", Answer::Body(recorded("state.json")));
    discovery.members().await.unwrap();
    master.answer("/tasks", Answer::Body(recorded("unknown_tasks.json")));
    master.answer("/frameworks", Answer::Body(recorded("unknown_framework.json")));
    let (kind, words) = failure(&discovery).await;
    assert!(kind == "nobody" && words.contains("yet or any more"), "{words}");
}

#[test]
fn it_does_not_matter_where_the_state_is_cut() {
    let state = recorded("state.json");
    let whole = read_state("test", [&state[..]]).unwrap();
    assert_eq!(whole.len(), URLS.len());
    for cut in 0..state.len() {
        let (head, tail) = state.split_at(cut);
        assert_eq!(read_state("test", [head, tail]).as_ref(), Ok(&whole), "cut at {cut}");
        assert!(read_state("test", [head]).is_err(), "cut short at {cut}");
    }
}
