//! Each rule, told as a story: what happens, and what the supervisor wants done.

#![allow(clippy::unwrap_used)]

mod client;

use std::path::PathBuf;
use std::time::Duration;

use etcd_mesos_core::id::{ClusterId, Epoch, Generation, MemberId};
use etcd_mesos_core::observation::Observation;
use etcd_mesos_core::time::Timestamp;
use etcd_mesos_core::wire::{
    Binary, BinaryRole, EtcdState, ExecutorData, LaunchOrder, Order, Peer, Start, ToExecutor,
    WIRE_VERSION,
};
use etcd_mesos_etcd::EtcdVersion;
use etcd_mesos_etcd::exit::Exit;

use super::{Action, EtcdSignal, Event, Outcome, Settings, Supervisor, TaskState};
use crate::safety::DataDirectory;

pub(super) const TASK: &str = "etcd.prod.0.etcd-1-0.1";
pub(super) const CLUSTER: ClusterId = ClusterId(0xc1);

pub(super) fn executor_data() -> Vec<u8> {
    let binary = |file: &str, role| Binary { file: file.into(), sha256: "00".into(), role };
    let binaries =
        vec![binary("etcd-mesos-executor", BinaryRole::Executor), binary("etcd", BinaryRole::Etcd)];
    let (cluster, member) = ("prod".parse().unwrap(), "etcd-1-0".parse().unwrap());
    ExecutorData { v: WIRE_VERSION, cluster, member, binaries }.to_bytes()
}

pub(super) fn order() -> LaunchOrder {
    let peer = Peer {
        name: "etcd-1-0".parse().unwrap(),
        ip: "10.0.0.1".parse().unwrap(),
        peer_port: 2380,
        client_port: 2379,
    };
    LaunchOrder {
        v: WIRE_VERSION,
        epoch: Epoch(5),
        generation: Generation(0),
        token: "prod.1".into(),
        member: peer.clone(),
        initial_cluster: vec![peer],
        start: Start::Form,
        etcd_flags: vec![],
        stop_grace_ms: 10_000,
    }
}

pub(super) fn seen(revision: Option<u64>) -> Observation {
    Observation {
        member_id: MemberId(1),
        cluster_id: CLUSTER,
        leader: Some(MemberId(1)),
        raft_term: 2,
        raft_index: 9,
        raft_applied_index: 9,
        db_size_bytes: 1,
        is_learner: false,
        version: "3.4.23".into(),
        complaints: vec![],
        linearizable_revision: revision,
    }
}

pub(super) fn message(epoch: u64, seq: u64, order: Order) -> Event {
    Event::Message(ToExecutor { v: WIRE_VERSION, epoch: Epoch(epoch), seq, order }.to_bytes())
}

pub(super) fn formed(cluster_id: ClusterId) -> Order {
    Order::Formed { cluster_id }
}

pub(super) fn settings(checkpoint: bool) -> Settings {
    Settings { checkpoint, data_directory: PathBuf::from("etcd_data") }
}

/// One word or two for an action, so that a story can be read.
fn brief(action: &Action) -> String {
    match action {
        Action::Prepare(_) => "prepare".into(),
        Action::Inspect => "inspect".into(),
        Action::CreateDirectory => "create".into(),
        Action::Start { arguments } => {
            let state = arguments.iter().find_map(|a| a.strip_prefix("--initial-cluster-state="));
            format!("start {}", state.unwrap_or("?"))
        }
        Action::Look { .. } => "look".into(),
        Action::HandOver { .. } => "hand over".into(),
        Action::Signal(EtcdSignal::Terminate) => "SIGTERM".into(),
        Action::Signal(EtcdSignal::Kill) => "SIGKILL".into(),
        Action::Update(update) => format!("{:?}", update.state),
        Action::Say(said) => format!("say {}", state_name(&said.etcd)),
        Action::Exit(Outcome::Done) => "exit".into(),
        Action::Exit(Outcome::NoAgent) => "exit: no agent".into(),
    }
}

fn state_name(state: &EtcdState) -> &'static str {
    match state {
        EtcdState::Preparing => "preparing",
        EtcdState::Starting { .. } => "starting",
        EtcdState::Serving { .. } => "serving",
        EtcdState::Stalled { .. } => "stalled",
        EtcdState::Restarting { .. } => "restarting",
        EtcdState::Stopping => "stopping",
        EtcdState::Ended { .. } => "ended",
    }
}

/// A supervisor, its clock, and what it last wanted.
struct Story {
    supervisor: Supervisor,
    now: Timestamp,
    last: Vec<Action>,
    pid: u32,
}

impl Story {
    fn new() -> Self {
        Story::with(true)
    }

    fn with(checkpoint: bool) -> Self {
        let now = Timestamp(1_000);
        let supervisor = Supervisor::new(settings(checkpoint), now);
        Story { supervisor, now, last: Vec::new(), pid: 100 }
    }

    fn hears(&mut self, event: Event) -> Vec<String> {
        self.last = self.supervisor.step(self.now, event);
        self.last.iter().map(brief).collect()
    }

    /// Lets time pass, waking the supervisor whenever it wants, and returns all that it wanted.
    fn waits(&mut self, millis: u64) -> Vec<String> {
        let end = self.now + Duration::from_millis(millis);
        let mut wanted = Vec::new();
        while let Some(at) = self.supervisor.next_wake().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            wanted.extend(self.hears(Event::Wake));
            if wanted.iter().any(|action| action.starts_with("exit")) {
                break;
            }
            assert!(self.supervisor.next_wake().is_none_or(|next| next > self.now), "it spins");
        }
        self.now = end;
        wanted
    }

    fn subscribed(&mut self) -> Vec<String> {
        self.hears(Event::Subscribed { data: executor_data(), may_say_killing: true })
    }

    fn launched(&mut self) -> Vec<String> {
        self.hears(Event::Launch { task_id: TASK.into(), data: order().to_bytes() })
    }

    fn prepared(&mut self) -> Vec<String> {
        self.hears(Event::Prepared(Ok(EtcdVersion::new(3, 4, 23).unwrap())))
    }

    fn started(&mut self) -> Vec<String> {
        self.pid += 1;
        self.hears(Event::Started { pid: self.pid })
    }

    fn looked(&mut self, result: Result<Observation, String>) -> Vec<String> {
        self.hears(Event::Looked { pid: self.pid, seen: result, directory: DataDirectory::Wal })
    }

    fn exited(&mut self, exit: Exit) -> Vec<String> {
        self.hears(Event::Exited { exit, tail: vec!["its last line".into()] })
    }

    /// Up to an etcd that runs and has not been looked at.
    fn up() -> Self {
        let mut story = Story::new();
        story.subscribed();
        story.launched();
        story.prepared();
        story.hears(Event::Inspected(DataDirectory::Missing));
        story.hears(Event::DirectoryCreated(Ok(())));
        story.hears(Event::Inspected(DataDirectory::NoWal));
        story.started();
        story
    }

    /// Up to a member that is told to clients.
    fn running() -> Self {
        let mut story = Story::up();
        story.looked(Ok(seen(Some(1))));
        assert!(story.hears(message(5, 1, formed(CLUSTER))).contains(&"Running".into()));
        story
    }

    /// Lets etcd serve for so long, with a look whenever one is wanted.
    fn serves(&mut self, millis: u64) -> Vec<String> {
        let end = self.now + Duration::from_millis(millis);
        let mut wanted = Vec::new();
        while self.now < end {
            let step = self.waits(100);
            if step.contains(&"look".into()) {
                wanted.extend(self.looked(Ok(seen(Some(1)))));
            }
            wanted.extend(step);
        }
        wanted
    }

    fn status(&self) -> (TaskState, String) {
        let update = self.last.iter().find_map(|action| match action {
            Action::Update(update) => Some(update),
            _ => None,
        });
        let update = update.unwrap();
        (update.state, update.message.clone().unwrap_or_default())
    }

    fn said(&self) -> etcd_mesos_core::wire::FromExecutor {
        let said = self.last.iter().find_map(|action| match action {
            Action::Say(said) => Some(said),
            _ => None,
        });
        (**said.unwrap()).clone()
    }
}

#[test]
fn a_launch_is_carried_out_step_by_step() {
    let mut story = Story::new();
    assert!(story.subscribed().is_empty());
    assert_eq!(story.launched(), ["prepare", "Starting", "say preparing"]);
    assert_eq!(story.prepared(), ["inspect"]);
    assert_eq!(story.hears(Event::Inspected(DataDirectory::Missing)), ["create"]);
    assert_eq!(story.hears(Event::DirectoryCreated(Ok(()))), ["inspect"]);
    assert_eq!(story.hears(Event::Inspected(DataDirectory::NoWal)), ["start new"]);
    assert_eq!(story.started(), ["look", "say starting"]);
    // It serves, and still nobody is told: the cluster is not stored as formed.
    assert_eq!(story.looked(Ok(seen(Some(1)))), ["say serving"]);
    assert_eq!(story.hears(message(5, 1, formed(CLUSTER))), ["Running", "say serving"]);
    assert_eq!(story.said().re, Some(1));
    assert!(story.said().formed);
}

#[test]
fn formed_may_be_heard_before_etcd_serves() {
    let mut story = Story::up();
    assert_eq!(story.hears(message(5, 1, formed(CLUSTER))), ["say starting"]);
    assert!(story.looked(Ok(seen(None))).is_empty());
    assert_eq!(story.waits(50), ["look"]);
    assert_eq!(story.looked(Ok(seen(Some(1)))), ["Running", "say serving"]);
}

#[test]
fn another_cluster_is_told_to_nobody() {
    let mut story = Story::up();
    story.looked(Ok(seen(Some(1))));
    let wanted = story.hears(message(5, 1, formed(ClusterId(7))));
    assert_eq!(wanted, ["say stalled"]);
    let EtcdState::Stalled { why, .. } = story.said().etcd else { panic!("not stalled") };
    assert!(why.contains("cluster ID is c1") && why.contains("has 7"), "{why}");
    assert!(!story.serves(10_000).contains(&"Running".into()));
}

#[test]
fn a_learner_is_not_told_to_clients() {
    let mut story = Story::up();
    story.hears(message(5, 1, formed(CLUSTER)));
    let wanted = story.looked(Ok(Observation { is_learner: true, ..seen(Some(1)) }));
    assert!(!wanted.contains(&"Running".into()));
}

#[test]
fn binaries_that_are_wrong_end_the_task() {
    let mut story = Story::new();
    story.subscribed();
    story.launched();
    assert_eq!(
        story.hears(Event::Prepared(Err("etcd has the SHA-256 x".into()))),
        ["Failed", "say ended"]
    );
    assert_eq!(story.status(), (TaskState::Failed, "etcd has the SHA-256 x".into()));
    story.hears(Event::Acknowledged { left: 1 });
    assert_eq!(story.hears(Event::Acknowledged { left: 0 }), ["exit"]);
}

#[test]
fn a_second_task_is_refused_and_the_first_goes_on() {
    let mut story = Story::running();
    let second = "etcd.prod.0.etcd-1-0.2";
    let wanted = story.hears(Event::Launch { task_id: second.into(), data: order().to_bytes() });
    assert_eq!(wanted, ["Failed"]);
    let (state, message) = story.status();
    assert!(state.is_terminal() && message.contains("never runs two etcds"), "{message}");
    assert!(!story.serves(3_000).contains(&"start new".into()));
    assert!(story.launched().is_empty(), "the same launch again changes nothing");
}

#[test]
fn a_launch_that_contradicts_itself_is_refused_in_words() {
    let change = |change: fn(&mut LaunchOrder)| {
        let mut order = order();
        change(&mut order);
        (TASK, order.to_bytes())
    };
    for ((task, data), words) in [
        ((TASK, b"{}".to_vec()), "launch order cannot be read"),
        (("etcd-1 host 1 2 3", order().to_bytes()), "task ID is not one of etcd-mesos"),
        (("etcd.prod.0.etcd-1-1.1", order().to_bytes()), "names member etcd-1-1"),
        (("etcd.other.0.etcd-1-0.1", order().to_bytes()), "names cluster other"),
        (("etcd.prod.3.etcd-1-0.1", order().to_bytes()), "generation 3"),
        (change(|order| order.initial_cluster.clear()), "own entry"),
        (
            change(|order| order.etcd_flags = vec!["--force-new-cluster=true".into()]),
            "--force-new-cluster",
        ),
    ] {
        let mut story = Story::new();
        story.subscribed();
        assert_eq!(
            story.hears(Event::Launch { task_id: task.into(), data }),
            ["Failed"],
            "{words}"
        );
        assert!(story.status().1.contains(words), "{:?}", story.status());
        assert_eq!(story.waits(6_000), ["exit"], "it ends without an acknowledgement, later");
    }
}

#[test]
fn an_etcd_that_falls_is_started_again_at_once() {
    let mut story = Story::running();
    assert_eq!(story.exited(Exit::Signal(9)), ["inspect", "say restarting"]);
    assert_eq!(story.hears(Event::Inspected(DataDirectory::Wal)), ["start existing"]);
    assert_eq!(story.started(), ["look", "say starting"]);
    story.now = story.now + Duration::from_millis(150);
    // RUNNING all the while: the DNS records do not flap for a restart.
    assert_eq!(story.looked(Ok(seen(Some(2)))), ["say serving"]);
    assert_eq!(story.said().starts, 2);
}

#[test]
fn a_member_that_does_not_serve_for_long_is_starting_again() {
    let mut story = Story::running();
    let mut wanted = Vec::new();
    for _ in 0..140 {
        wanted.extend(story.waits(50));
        if wanted.last().is_some_and(|last| last == "look") {
            wanted.extend(story.looked(Err("etcd did not answer".into())));
        }
    }
    assert!(
        wanted.contains(&"Starting".into()) && wanted.contains(&"say stalled".into()),
        "{wanted:?}"
    );
    let back = story.looked(Ok(seen(Some(3))));
    assert_eq!(back, ["Running", "say serving"]);
}

#[test]
fn an_etcd_that_keeps_dying_is_started_ever_more_slowly_and_for_ever() {
    let mut story = Story::up();
    let mut pauses = Vec::new();
    for _ in 0..10 {
        let fell = story.now;
        let wanted = story.exited(Exit::Code(2));
        if !wanted.contains(&"inspect".into()) {
            while !story.waits(10).contains(&"inspect".into()) {}
        }
        pauses.push(story.now.since(fell).as_millis());
        story.hears(Event::Inspected(DataDirectory::Wal));
        story.started();
    }
    assert_eq!(pauses, [0, 200, 500, 1_000, 2_000, 5_000, 10_000, 10_000, 10_000, 10_000]);
    // It serves for half a minute: what comes next is something new.
    story.looked(Ok(seen(Some(1))));
    story.serves(31_000);
    assert!(story.exited(Exit::Code(2)).contains(&"inspect".into()));
}

#[test]
fn a_full_disk_is_waited_for_and_ends_nothing() {
    let mut story = Story::running();
    for _ in 0..50 {
        story.exited(Exit::DiskFull);
        story.waits(10_000);
        assert_eq!(
            story.hears(Event::Inspected(DataDirectory::Wal)).first().unwrap(),
            "start existing"
        );
        story.started();
    }
}

#[test]
fn an_etcd_that_died_before_its_wal_may_form_again() {
    let mut story = Story::up();
    story.exited(Exit::Code(1));
    assert_eq!(story.hears(Event::Inspected(DataDirectory::NoWal)), ["start new"]);
}

#[test]
fn a_wal_that_is_gone_ends_the_task_and_is_never_replaced() {
    for found in [DataDirectory::NoWal, DataDirectory::Missing] {
        let mut story = Story::running();
        story.exited(Exit::Signal(9));
        assert_eq!(story.hears(Event::Inspected(found)), ["Failed", "say ended"]);
        assert!(story.status().1.contains("vanished"), "{:?}", story.status());
    }
}

#[test]
fn a_directory_that_somebody_else_made_is_not_used() {
    for found in [DataDirectory::NoWal, DataDirectory::Wal] {
        let mut story = Story::new();
        story.subscribed();
        story.launched();
        story.prepared();
        assert_eq!(story.hears(Event::Inspected(found)), ["Failed", "say ended"]);
        assert!(story.status().1.contains("was there before the task"));
    }
}

#[test]
fn verdicts_end_the_task_with_the_last_lines() {
    for (exit, words) in [
        (Exit::MemberRemoved, "removed from its cluster"),
        (Exit::AlreadyBootstrapped, "must be removed"),
    ] {
        let mut story = Story::running();
        assert_eq!(story.exited(exit), ["Failed", "say ended"]);
        let (state, message) = story.status();
        assert_eq!(state, TaskState::Failed);
        assert!(message.contains(words) && message.ends_with("its last line"), "{message}");
    }
}

#[test]
fn data_that_cannot_be_read_is_tried_twice() {
    let mut story = Story::running();
    let corrupt = || Exit::Corrupt("walpb: crc mismatch".into());
    assert_eq!(story.exited(corrupt()), ["inspect", "say restarting"]);
    story.hears(Event::Inspected(DataDirectory::Wal));
    story.started();
    assert_eq!(story.exited(corrupt()), ["Failed", "say ended"]);
    assert!(story.status().1.contains("crc mismatch") && story.status().1.contains("is kept"));
}

#[test]
fn a_port_that_is_taken_is_waited_for_and_then_ends_the_task() {
    let mut story = Story::up();
    let taken = || Exit::PortTaken("10.0.0.1:2380".into());
    let begin = story.now;
    loop {
        if story.exited(taken()).contains(&"Failed".into()) {
            break;
        }
        story.waits(1_000);
        story.hears(Event::Inspected(DataDirectory::NoWal));
        story.started();
    }
    let lasted = story.now.since(begin).as_secs();
    assert!((30..35).contains(&lasted), "{lasted} s");
    assert!(story.status().1.contains("another process listens on 10.0.0.1:2380"));
}

#[test]
fn flags_that_etcd_refuses_end_the_task_at_the_first_start() {
    let mut story = Story::up();
    assert_eq!(story.exited(Exit::BadFlags("flag x".into())), ["Failed", "say ended"]);
}

#[test]
fn a_status_message_is_bounded() {
    let mut story = Story::running();
    let tail = (0..40).map(|_| "ä".repeat(500)).collect();
    story.hears(Event::Exited { exit: Exit::MemberRemoved, tail });
    let message = story.status().1;
    assert!(message.len() <= 4_096 && message.len() > 2_000, "{}", message.len());
    assert!(message.starts_with("etcd ended: the member was removed"));
}

#[test]
fn a_kill_hands_over_terminates_and_is_acknowledged_before_the_end() {
    let mut story = Story::running();
    let kill = || Event::Kill { task_id: TASK.into(), grace: Some(Duration::from_secs(20)) };
    assert_eq!(story.hears(kill()), ["hand over", "Killing", "say stopping"]);
    assert!(story.hears(kill()).is_empty(), "a repeated kill is harmless");
    assert_eq!(story.hears(Event::HandedOver("etcd-1-1 took over as leader".into())), ["SIGTERM"]);
    assert_eq!(story.exited(Exit::Signal(15)), ["Killed", "say ended"]);
    assert!(story.status().1.contains("etcd-1-1 took over"), "{:?}", story.status());
    assert!(story.hears(Event::Acknowledged { left: 1 }).is_empty());
    assert_eq!(story.hears(Event::Acknowledged { left: 0 }), ["exit"]);
}

#[test]
fn a_stop_that_is_stuck_is_ended_at_the_grace() {
    let mut story = Story::running();
    story.hears(Event::Kill { task_id: TASK.into(), grace: Some(Duration::from_secs(4)) });
    assert!(story.waits(2_100).contains(&"SIGTERM".into()), "a hand-over has half of it");
    assert!(story.waits(2_000).contains(&"SIGKILL".into()));
    assert!(!story.waits(60_000).iter().any(|w| w == "SIGTERM" || w == "SIGKILL"), "each once");
    assert!(story.exited(Exit::Signal(9)).contains(&"Killed".into()));
}

#[test]
fn a_kill_before_etcd_runs_needs_no_signal() {
    let mut story = Story::new();
    story.subscribed();
    story.launched();
    let kill = Event::Kill { task_id: TASK.into(), grace: None };
    assert_eq!(story.hears(kill), ["Killed", "say ended"]);
    assert!(!story.prepared().iter().any(|w| w.starts_with("start") || w == "inspect"));
}

#[test]
fn a_kill_while_etcd_is_being_started_waits_for_its_pid() {
    let mut story = Story::running();
    story.exited(Exit::Signal(9));
    story.hears(Event::Inspected(DataDirectory::Wal));
    let kill = Event::Kill { task_id: TASK.into(), grace: None };
    assert_eq!(story.hears(kill), ["Killing", "say stopping"]);
    assert_eq!(story.started(), ["SIGTERM"]);
    assert_eq!(story.exited(Exit::Signal(15)), ["Killed", "say ended"]);
}

#[test]
fn killing_is_said_only_to_a_framework_that_knows_it() {
    let mut story = Story::running();
    story.hears(Event::Subscribed { data: executor_data(), may_say_killing: false });
    let wanted = story.hears(Event::Kill { task_id: TASK.into(), grace: None });
    assert_eq!(wanted, ["hand over", "say stopping"]);
    story.waits(60_000);
}

#[test]
fn a_kill_of_a_task_that_is_not_ours_is_ignored() {
    let mut story = Story::running();
    assert!(story.hears(Event::Kill { task_id: "etcd.prod.0.x.1".into(), grace: None }).is_empty());
}

#[test]
fn a_shutdown_stops_etcd_and_ends() {
    let mut story = Story::running();
    let wanted = story.hears(Event::Shutdown { grace: Duration::from_secs(4) });
    assert_eq!(wanted, ["hand over", "Killing", "say stopping"]);
    story.hears(Event::HandedOver("it did not lead".into()));
    assert_eq!(story.exited(Exit::Signal(15)), ["Killed", "say ended"]);
    assert!(story.waits(5_100).contains(&"exit".into()), "also without an acknowledgement");
}

#[test]
fn a_shutdown_without_a_task_ends_at_once() {
    let mut story = Story::new();
    story.subscribed();
    assert_eq!(story.hears(Event::Shutdown { grace: Duration::from_secs(4) }), ["exit"]);
}

#[test]
fn etcd_goes_on_for_ever_while_the_agent_is_away() {
    let mut story = Story::running();
    story.hears(Event::AgentAway);
    let wanted = story.serves(3_600_000);
    for unwanted in ["exit", "SIGTERM", "Killed", "Starting", "start existing"] {
        assert!(!wanted.contains(&unwanted.into()), "{unwanted}");
    }
    assert!(story.subscribed().is_empty());
}

#[test]
fn without_checkpointing_the_agent_s_end_is_ours() {
    let mut story = Story::with(false);
    story.subscribed();
    story.launched();
    story.prepared();
    let wanted = story.hears(Event::AgentAway);
    assert_eq!(wanted, ["Killed", "say ended"]);
    assert!(story.waits(6_000).contains(&"exit".into()));
}

#[test]
fn an_executor_without_task_and_agent_ends() {
    let mut story = Story::new();
    assert!(story.waits(59_000).is_empty());
    assert_eq!(story.waits(1_100).first().unwrap(), "exit: no agent");
}

#[test]
fn an_executor_with_an_agent_waits_for_its_task() {
    let mut story = Story::new();
    story.subscribed();
    assert!(story.waits(3_600_000).is_empty());
}

#[test]
fn a_deposed_scheduler_is_refused() {
    let mut story = Story::running();
    story.hears(message(9, 1, Order::Beat));
    story.hears(message(5, 77, Order::Beat));
    let said = story.said();
    assert_eq!((said.re, said.epoch), (Some(77), Epoch(9)));
    assert!(said.refused.unwrap().contains("epoch 5 is below 9"));
}

#[test]
fn the_launch_counts_as_heard() {
    let mut story = Story::up();
    story.hears(message(4, 1, formed(CLUSTER)));
    assert!(story.said().refused.unwrap().contains("epoch 4 is below 5"));
    assert!(!story.looked(Ok(seen(Some(1)))).contains(&"Running".into()));
}

#[test]
fn formed_can_be_said_twice_but_not_differently() {
    let mut story = Story::running();
    story.hears(message(5, 2, formed(CLUSTER)));
    assert_eq!((story.said().re, story.said().refused), (Some(2), None));
    story.hears(message(6, 3, formed(ClusterId(9))));
    assert!(story.said().refused.unwrap().contains("does not change"));
}

#[test]
fn a_message_that_cannot_be_read_is_left_alone() {
    let mut story = Story::running();
    assert!(story.hears(Event::Message(b"hello".to_vec())).is_empty());
    assert!(story.hears(message(5, 1, Order::Beat)).contains(&"say serving".into()));
}

#[test]
fn a_beat_is_sent_every_two_seconds() {
    let mut story = Story::running();
    let beats = story.serves(20_000).iter().filter(|w| *w == "say serving").count();
    assert!((9..=11).contains(&beats), "{beats}");
}

#[test]
fn an_observation_of_a_process_that_is_gone_is_dropped() {
    let mut story = Story::running();
    story.exited(Exit::Signal(9));
    story.hears(Event::Inspected(DataDirectory::Wal));
    let old = story.pid;
    story.started();
    let event = Event::Looked { pid: old, seen: Ok(seen(Some(1))), directory: DataDirectory::Wal };
    assert!(story.hears(event).is_empty());
}

#[test]
fn after_a_panic_the_facts_go_on() {
    let mut story = Story::running();
    let facts = story.supervisor.facts().clone();
    story.supervisor = Supervisor::resume(facts.clone(), story.now, Some(story.pid));
    let wanted = story.waits(1_000);
    assert!(wanted.contains(&"look".into()) && !wanted.contains(&"Starting".into()), "{wanted:?}");
    // An etcd that ended meanwhile is started again, on its data.
    story.supervisor = Supervisor::resume(facts, story.now, None);
    assert!(story.waits(1).contains(&"inspect".into()));
    assert_eq!(story.hears(Event::Inspected(DataDirectory::Wal)), ["start existing"]);
}
