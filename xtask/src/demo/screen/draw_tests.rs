use super::*;
use crate::demo::deed::Act;

fn member(n: u32, role: Role) -> Member {
    let proof = Proof {
        revision: 7,
        raft_index: 12,
        raft_applied_index: 12,
        raft_term: 2,
        is_leader: false,
    };
    Member {
        name: format!("etcd-1-{n}"),
        role: Some(role),
        state: State::Serving,
        proof: Some((Duration::from_millis(100), proof)),
        etcd: Some(1_234_560 + n),
        executor: Some(100 + n),
        client_url: format!("http://127.159.209.1{n}:31001"),
        agent: format!("a{n}"),
        folder: format!("/tmp/etcd-mesos-demo-1234567/etcd-1-{n}"),
    }
}

fn scene() -> Scene {
    let deed = |key, path: &str| Deed {
        key,
        whom: format!("agent {path}"),
        effect: "its daemon ends; executor and etcd run on".to_owned(),
        act: Act::Post { address: "127.159.209.1:5050".into(), path: path.into() },
    };
    let event = |n| Event { at: Duration::from_secs(n), text: format!("event {n}") };
    let agent = |n| Agent { name: format!("a{n}"), ip: String::new(), state: "up".into() };
    Scene {
        framework: "demo".into(),
        elapsed: Duration::from_millis(12_340),
        mesos: "Mesos inside the scheduler",
        master_url: "http://127.159.209.1:5050/local".into(),
        scheduler_pid: 1_234_500,
        report_url: "http://127.159.209.1:23400/report".into(),
        verdict: "healthy".into(),
        because: "all 3 members proved a linearizable read".into(),
        concerns: vec![],
        members: vec![
            member(0, Role::Leader),
            member(1, Role::Follower),
            member(2, Role::Follower),
        ],
        agents: (1..=5).map(agent).collect(),
        etcdctl: "etcdctl".into(),
        deeds: "fleahm".chars().map(|key| deed(key, "/local/agents/a1/kill")).collect(),
        events: (1..=30).map(event).collect(),
    }
}

fn lines(scene: &Scene, width: usize, height: usize) -> Vec<String> {
    draw(scene, Size { width, height }).iter().map(Line::plain).collect()
}

#[test]
fn a_terminal_of_80_by_24_shows_what_matters() {
    let lines = lines(&scene(), 80, 24);
    let text = lines.join("\n");
    for part in [
        "demo is HEALTHY: all 3 members proved a linearizable read",
        "etcd-1-0 leader   serving   1234560  0.1 s ago, revision 7, raft 12/12, term 2",
        "  http://127.159.209.12:31001  on a2  /tmp/etcd-mesos-demo-1234567/etcd-1-2",
        "a5 up",
        "etcdctl --endpoints=127.159.209.10:31001 put hello world",
        "etcdctl --endpoints=127.159.209.12:31001 get hello",
        "Ctrl-C STOPS EVERYTHING",
        "its report: http://127.159.209.1:23400/report",
        "event 27\n",
        "event 30",
    ] {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
    assert_eq!(text.matches("its daemon ends; executor and etcd run on").count(), 6, "{text}");
    assert_eq!(lines.len(), 24, "{text}");
}

#[test]
fn nothing_is_wider_or_higher_than_the_terminal() {
    let mut scene = scene();
    scene.concerns = vec!["a concern ".repeat(20); 5];
    scene.members[1].state = State::Down(Duration::from_secs(3));
    for (width, height) in [(1, 1), (20, 5), (40, 24), (80, 24), (100, 40), (300, 100)] {
        let lines = lines(&scene, width, height);
        assert!(lines.len() <= height, "{width} x {height}: {} lines", lines.len());
        let widest = lines.iter().map(|line| line.chars().count()).max();
        assert!(widest <= Some(width), "{width} x {height}: {widest:?}");
    }
}

#[test]
fn a_larger_terminal_shows_commands_and_more_events() {
    let text = lines(&scene(), 100, 45).join("\n");
    assert!(
        text.contains("     curl -X POST http://127.159.209.1:5050/local/agents/a1/kill"),
        "{text}"
    );
    assert!(text.contains("event 26\n"), "{text}");
    let text = lines(&scene(), 160, 45).join("\n");
    assert!(text.contains("run on: curl -X POST http://"), "{text}");
}

#[test]
fn an_etcd_that_is_gone_is_told_with_its_time_and_used_no_more() {
    let mut scene = scene();
    scene.verdict = "degraded".into();
    scene.members[2].state = State::Down(Duration::from_millis(300));
    scene.members[2].etcd = None;
    scene.members[2].role = None;
    let text = lines(&scene, 80, 24).join("\n");
    assert!(text.contains("demo is DEGRADED: "), "{text}");
    assert!(text.contains("etcd-1-2 -        down            -  no etcd for 0.3 s"), "{text}");
    assert!(text.contains("--endpoints=127.159.209.11:31001 get hello"), "{text}");
}

#[test]
fn before_anything_is_known_there_is_nothing_to_try() {
    let text = lines(&Scene { framework: "demo".into(), ..Scene::default() }, 80, 24).join("\n");
    assert!(text.contains("demo is UNKNOWN: THE SCHEDULER DOES NOT ANSWER"), "{text}");
    assert!(!text.contains("etcdctl"), "{text}");
}
