//! Scenarios: a scheduler in a small world of store, master, agents and executors that answers
//! its actions. The world is told what to lose.

#![allow(clippy::unwrap_used)]

mod client;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Display;
use std::time::Duration;

use super::*;
use crate::config::Timing;
use crate::id::{ClusterId, FrameworkId, MemberId, OurTaskId};
use crate::offer::{Amount, Disk, Milli, Need, Resource, Scalar};
use crate::record::{Phase, TaskPhase};
use crate::status::{Reason, Source, TaskStatus};
use crate::wire::{EtcdState, LaunchOrder, Order, ToExecutor, WIRE_VERSION};

fn config() -> Config {
    Config {
        cluster: "prod".parse().unwrap(),
        role: "*".into(),
        size: 3,
        need: Need {
            cpus: Milli::whole(1),
            mem: Milli::whole(512),
            disk: Milli::whole(1024),
            executor_cpus: Milli(100),
            executor_mem: Milli::whole(32),
        },
        etcd_flags: Vec::new(),
        nonce: "nonce".into(),
        removed_framework: None,
        timing: Timing::default(),
    }
}

struct Running {
    agent: AgentId,
    order: LaunchOrder,
    formed: bool,
    seq: u64,
}

/// Everything around the scheduler. What a crash of the scheduler leaves standing.
struct World {
    now: Timestamp,
    scheduler: Scheduler,
    stored: Option<(Vec<u8>, Version)>,
    tasks: BTreeMap<TaskId, Running>,
    others: Vec<LivingFramework>,
    inbox: VecDeque<Event>,
    /// Everything that was done, by name.
    log: Vec<String>,
    offers_sent: u32,
    /// When what was declined is offered again, unless offers are suppressed.
    offer_at: Option<Timestamp>,
    beat_at: Timestamp,
    agents: u32,
    failing_agents: BTreeSet<AgentId>,
    mute_agents: BTreeSet<AgentId>,
    /// Tasks that the master answers UNREACHABLE for.
    unreachable: BTreeSet<OurTaskId>,
    /// Members have no client tasks: a former version launched them.
    is_without_clients: bool,
    /// Client tasks that are not there although their members run.
    ended_clients: BTreeSet<TaskId>,
    lose_launches: bool,
    /// Agents that a launch does not reach.
    lost_agents: BTreeSet<AgentId>,
    store_down: bool,
    hold_formed: bool,
    crash_before: Option<&'static str>,
    crashed: bool,
    exit: Option<(ExitCode, String)>,
    /// Updates of members' tasks.
    acknowledged: u32,
    acknowledged_clients: u32,
}

impl World {
    fn new(agents: u32) -> World {
        World {
            now: Timestamp(0),
            scheduler: Scheduler::new(config(), None, Version(0)),
            stored: None,
            tasks: BTreeMap::new(),
            others: Vec::new(),
            inbox: VecDeque::from([Event::Wake]),
            log: Vec::new(),
            offers_sent: 0,
            offer_at: None,
            beat_at: Timestamp(0),
            agents,
            failing_agents: BTreeSet::new(),
            mute_agents: BTreeSet::new(),
            unreachable: BTreeSet::new(),
            is_without_clients: false,
            ended_clients: BTreeSet::new(),
            lose_launches: false,
            lost_agents: BTreeSet::new(),
            store_down: false,
            hold_formed: false,
            crash_before: None,
            crashed: false,
            exit: None,
            acknowledged: 0,
            acknowledged_clients: 0,
        }
    }

    /// A new scheduler process over what the store holds.
    fn restart(&mut self) {
        let loaded = self
            .stored
            .as_ref()
            .map(|(bytes, version)| (Record::parse(bytes, &config().cluster).unwrap(), *version));
        let (record, version) = loaded.map_or((None, Version(0)), |(r, v)| (Some(r), v));
        self.scheduler = Scheduler::new(config(), record, version);
        self.inbox = VecDeque::from([Event::Wake]);
        (self.crashed, self.crash_before, self.exit) = (false, None, None);
    }

    /// Lets everything that is due happen, for that long.
    fn run(&mut self, time: Duration) {
        let end = self.now + time;
        for _ in 0..20_000 {
            if self.crashed || self.exit.is_some() {
                return;
            }
            let event = match self.inbox.pop_front() {
                Some(event) => event,
                None => match self.next_time().filter(|at| *at <= end) {
                    Some(at) => {
                        self.now = self.now.max(at);
                        Event::Wake
                    }
                    None => break,
                },
            };
            if self.beat_at <= self.now {
                self.beat_at = self.now + Duration::from_secs(2);
                self.tasks.keys().cloned().collect::<Vec<_>>().iter().for_each(|t| self.beat(t));
            }
            if self.offer_at.take_if(|at| *at <= self.now).is_some() {
                self.offer();
            }
            self.step(event);
        }
        self.now = end;
    }

    fn next_time(&self) -> Option<Timestamp> {
        let beat_at = (!self.tasks.is_empty()).then_some(self.beat_at);
        [self.scheduler.next_wake(), self.offer_at, beat_at].into_iter().flatten().min()
    }

    fn step(&mut self, event: Event) {
        let step = self.scheduler.step(self.now, event);
        for action in step.actions {
            let name = name_of(&action);
            if self.crash_before == Some(name) {
                self.crashed = true;
                return;
            }
            self.log.push(name.to_owned());
            self.perform(action);
        }
    }

    fn perform(&mut self, action: Action) {
        match action {
            Action::Save { id, record, expected } => self.save(id, *record, expected),
            Action::Subscribe { framework_id, suppressed } => {
                let framework_id = framework_id.unwrap_or_else(|| FrameworkId("f1".into()));
                self.inbox.push_back(Event::Subscribed { framework_id });
                if !suppressed {
                    self.offer();
                }
            }
            Action::Revive => {
                self.offer_at = None;
                self.offer();
            }
            Action::AskFrameworks => {
                self.inbox.push_back(Event::Asked(Ok(self.others.clone())));
            }
            Action::Reconcile { tasks } => self.reconcile(&tasks),
            Action::Acknowledge { task_id, .. } if task_id.ends_with(".client") => {
                self.acknowledged_clients += 1;
            }
            Action::Acknowledge { .. } => self.acknowledged += 1,
            Action::Launch { permit, agent_id, task_id, order, .. } => {
                assert_eq!(*permit.task_id(), task_id);
                self.launch(agent_id, task_id, *order);
            }
            Action::Kill { permit, task_id, .. } => {
                assert_eq!(*permit.task_id(), task_id);
                self.kill(&task_id);
            }
            Action::Message { member, message, .. } => self.deliver(&member, &message),
            Action::Probe { member, .. } => {
                let index = u64::from(member.as_str().as_bytes()[7]);
                let outcome = Ok(observation(index));
                self.inbox.push_back(Event::Probed { member, outcome });
            }
            Action::Exit { code, why } => self.exit = Some((code, why)),
            Action::Decline { refuse_for, .. } => self.offer_at = Some(self.now + refuse_for),
            Action::Suppress => self.offer_at = None,
        }
    }

    fn save(&mut self, id: SaveId, record: Record, expected: Version) {
        let version = self.stored.as_ref().map_or(Version(0), |(_, v)| *v);
        let outcome = if self.store_down {
            Err(SaveFailure::Unavailable("no disk".into()))
        } else if version != expected {
            Err(SaveFailure::Conflict("another version".into()))
        } else {
            self.stored = Some((record.to_bytes(), Version(version.0 + 1)));
            Ok(Version(version.0 + 1))
        };
        self.inbox.push_back(Event::Saved { id, outcome });
    }

    fn offer(&mut self) {
        let taken: BTreeSet<AgentId> = self.tasks.values().map(|t| t.agent.clone()).collect();
        let mut offers = Vec::new();
        for i in 0..self.agents {
            let agent_id = AgentId(format!("a{i}"));
            if !taken.contains(&agent_id) {
                self.offers_sent += 1;
                offers.push(offer(self.offers_sent, agent_id, i));
            }
        }
        self.inbox.push_back(Event::Offers(offers));
    }

    fn launch(&mut self, agent: AgentId, task: TaskId, order: LaunchOrder) {
        assert!(!self.tasks.contains_key(&task), "{task} is launched twice");
        if self.lose_launches || self.lost_agents.contains(&agent) {
            return;
        }
        if self.failing_agents.contains(&agent) {
            let failed = (TaskState::Failed, Source::Agent, Reason::ContainerLaunchFailed);
            // The agent says so of each of the two, in any order.
            self.update(&task, &agent, failed, true);
            return self.update_client(&task, &agent, failed);
        }
        let alive = (TaskState::Starting, Source::Executor, Reason::None);
        self.update_client(&task, &agent, alive);
        self.update(&task, &agent, alive, true);
        self.tasks.insert(task.clone(), Running { agent, order, formed: false, seq: 0 });
        self.beat(&task);
    }

    /// Of the client task its executor says what it says of the member's, and says it first.
    fn update_client(&mut self, task: &TaskId, agent: &AgentId, word: (TaskState, Source, Reason)) {
        if !self.is_without_clients && !self.ended_clients.contains(task) {
            self.update(task.client_task(), agent, word, true);
        }
    }

    fn update(
        &mut self,
        task: impl Display,
        agent: &AgentId,
        (state, source, reason): (TaskState, Source, Reason),
        uuid: bool,
    ) {
        self.inbox.push_back(Event::Update(TaskStatus {
            task_id: task.to_string(),
            agent_id: Some(agent.clone()),
            state,
            source,
            reason,
            message: String::new(),
            uuid: uuid.then(|| vec![1; 16]),
        }));
    }

    fn beat(&mut self, task: &TaskId) {
        let running = self.tasks.get_mut(task).unwrap();
        if self.mute_agents.contains(&running.agent) {
            return;
        }
        running.seq += 1;
        let index = u64::from(task.member.as_str().as_bytes()[7]);
        let body = Ok(FromExecutor {
            v: WIRE_VERSION,
            epoch: running.order.epoch,
            seq: running.seq,
            re: None,
            refused: None,
            task_id: task.clone(),
            formed: running.formed,
            etcd: EtcdState::Serving { pid: 1, seen: observation(index) },
            starts: 1,
        });
        let agent_id = running.agent.clone();
        self.inbox.push_back(Event::Message { agent_id, body });
    }

    fn deliver(&mut self, member: &MemberName, message: &ToExecutor) {
        let Some(task) = self.tasks.keys().find(|t| t.member == *member).cloned() else { return };
        let running = self.tasks.get_mut(&task).unwrap();
        running.order.epoch = running.order.epoch.max(message.epoch);
        let Order::Formed { .. } = message.order else { return self.beat(&task) };
        if self.hold_formed {
            return;
        }
        running.formed = true;
        let agent = running.agent.clone();
        self.beat(&task);
        let alive = (TaskState::Running, Source::Executor, Reason::None);
        self.update_client(&task, &agent, alive);
        self.update(&task, &agent, alive, true);
    }

    fn kill(&mut self, task: &TaskId) {
        let Some(ended) = self.tasks.remove(task) else {
            return self.answer(&task.clone().into(), &"a0".into());
        };
        let killed = (TaskState::Killed, Source::Executor, Reason::None);
        self.update_client(task, &ended.agent, killed);
        self.update(task, &ended.agent, killed, true);
    }

    fn reconcile(&mut self, tasks: &[(OurTaskId, AgentId)]) {
        for (task, agent) in tasks {
            self.answer(task, agent);
        }
        if tasks.is_empty() {
            self.answer_all();
        }
    }

    /// The answers for all tasks that the master knows.
    fn answer_all(&mut self) {
        let known = |(task, running): (&TaskId, &Running)| (task.clone(), running.agent.clone());
        for (task, agent) in self.tasks.iter().map(known).collect::<Vec<_>>() {
            if !self.is_without_clients && !self.ended_clients.contains(&task) {
                self.answer(&OurTaskId::Client(task.client_task()), &agent);
            }
            self.answer(&task.into(), &agent);
        }
    }

    /// What a master answers: of a task that it does not know, GONE (tried on 1.11.0).
    fn answer(&mut self, task: &OurTaskId, agent: &AgentId) {
        let state = match self.tasks.get(task.member_task()) {
            Some(running) if running.formed => TaskState::Running,
            Some(_) => TaskState::Starting,
            None if self.unreachable.contains(task) => TaskState::Unreachable,
            None => TaskState::Gone,
        };
        self.update(task, agent, (state, Source::Master, Reason::Reconciliation), false);
    }

    fn record(&self) -> Record {
        Record::parse(&self.stored.as_ref().unwrap().0, &config().cluster).unwrap()
    }

    fn assert_healthy_cluster(&mut self) {
        assert!(self.record().is_formed(), "{}", self.scheduler.report());
        assert_eq!(crate::view::members(&self.scheduler).len(), 3, "{}", self.scheduler.report());
        assert_eq!(self.scheduler.health().verdict, Verdict::Healthy);
        assert_eq!(self.tasks.len(), 3);
        let tokens: BTreeSet<&str> = self.tasks.values().map(|t| t.order.token.as_str()).collect();
        assert_eq!(tokens.len(), 1, "tasks of two attempts live");
    }
}

fn name_of(action: &Action) -> &'static str {
    match action {
        Action::Save { .. } => "save",
        Action::Subscribe { .. } => "subscribe",
        Action::AskFrameworks => "ask",
        Action::Reconcile { tasks } if tasks.is_empty() => "reconcile all",
        Action::Reconcile { .. } => "reconcile",
        Action::Acknowledge { .. } => "acknowledge",
        Action::Launch { .. } => "launch",
        Action::Decline { .. } => "decline",
        Action::Suppress => "suppress",
        Action::Revive => "revive",
        Action::Kill { .. } => "kill",
        Action::Message { .. } => "message",
        Action::Probe { .. } => "probe",
        Action::Exit { .. } => "exit",
    }
}

fn observation(index: u64) -> crate::observation::Observation {
    crate::observation::Observation {
        member_id: MemberId(index),
        cluster_id: ClusterId(77),
        leader: Some(MemberId(u64::from(b'0'))),
        raft_term: 2,
        raft_index: 9,
        raft_applied_index: 9,
        db_size_bytes: 20_480,
        is_learner: false,
        version: "3.4.23".into(),
        complaints: Vec::new(),
        linearizable_revision: Some(1),
    }
}

fn offer(number: u32, agent_id: AgentId, index: u32) -> Offer {
    let plain = |index, amount| Resource {
        index,
        amount,
        reserved_for: None,
        disk: Disk::Root,
        is_weak: false,
    };
    Offer {
        id: OfferId(format!("o{number}")),
        agent_id,
        hostname: format!("h{index}"),
        ip: Some([127, 0, 0, 10 + index as u8].into()),
        resources: vec![
            plain(0, Amount::Scalar(Scalar::Cpus, Milli::whole(4))),
            plain(1, Amount::Scalar(Scalar::Mem, Milli::whole(4096))),
            plain(2, Amount::Scalar(Scalar::Disk, Milli::whole(8192))),
            plain(3, Amount::Ports(vec![(1026, 1028), (1038, 2180)])),
        ],
    }
}

const A_WHILE: Duration = Duration::from_secs(30);

#[test]
fn three_members_form_and_offers_stop() {
    let mut world = World::new(5);
    world.run(Duration::from_millis(100));
    world.assert_healthy_cluster();
    assert_eq!(world.log.iter().filter(|a| *a == "launch").count(), 3);
    assert!(world.log.iter().any(|a| a == "suppress"));
    world.log.clear();
    world.run(Duration::from_secs(3600));
    let idle: BTreeSet<&str> = world.log.iter().map(String::as_str).collect();
    assert_eq!(idle, ["probe", "reconcile all"].into(), "an idle scheduler only looks");
}

#[test]
fn nothing_is_done_before_the_epoch_is_stored() {
    let mut world = World::new(3);
    world.store_down = true;
    world.run(A_WHILE);
    assert!(world.log.iter().all(|a| a == "save"), "{:?}", world.log);
    assert!(world.scheduler.report().to_string().contains("no disk"));
    world.store_down = false;
    world.run(A_WHILE);
    world.assert_healthy_cluster();
}

#[test]
fn every_action_may_be_the_last_and_the_cluster_forms_once() {
    for last in ["save", "subscribe", "ask", "launch", "acknowledge", "message", "suppress"] {
        for skip in 0..4 {
            let mut world = World::new(5);
            for _ in 0..skip {
                world.step_until(last);
            }
            world.crash_before = Some(last);
            world.run(A_WHILE);
            world.restart();
            world.run(A_WHILE);
            world.assert_healthy_cluster();
        }
    }
}

impl World {
    /// Runs until an action of that name was done.
    fn step_until(&mut self, name: &str) {
        let before = self.log.len();
        while !self.log[before..].iter().any(|a| a == name) {
            let Some(event) = self.inbox.pop_front() else { return };
            self.step(event);
        }
    }
}

#[test]
fn a_launch_that_fails_is_tried_elsewhere_with_a_new_token() {
    let mut world = World::new(5);
    world.failing_agents.insert("a1".into());
    world.run(A_WHILE);
    world.assert_healthy_cluster();
    let record = world.record();
    assert_eq!(record.attempts, 2);
    assert!(record.members.iter().all(|m| m.agent_id != "a1".into()));
    assert_eq!(world.log.iter().filter(|a| *a == "kill").count(), 2);
}

#[test]
fn a_failing_agent_is_tried_again_where_there_is_no_other() {
    let mut world = World::new(3);
    world.failing_agents.insert("a1".into());
    world.run(Duration::from_secs(5));
    assert!(!world.record().is_formed());
    assert!(world.scheduler.report().to_string().contains("set aside"));
    world.failing_agents.clear();
    world.run(Duration::from_secs(60));
    world.assert_healthy_cluster();
}

#[test]
fn a_launch_that_was_lost_is_noticed_after_a_restart() {
    let mut world = World::new(5);
    world.lose_launches = true;
    world.run(Duration::from_secs(5));
    assert_eq!(world.tasks.len(), 0);
    world.lose_launches = false;
    world.restart();
    world.run(A_WHILE);
    world.assert_healthy_cluster();
    assert_eq!(world.record().attempts, 2);
}

#[test]
fn a_majority_forms_the_cluster_when_the_third_stays_silent() {
    let mut world = World::new(3);
    world.mute_agents.insert("a2".into());
    world.run(Duration::from_secs(60));
    assert!(!world.record().is_formed(), "the third is waited for");
    world.run(Duration::from_secs(35));
    assert!(world.record().is_formed(), "{}", world.scheduler.report());
}

#[test]
fn one_of_three_forms_no_cluster_however_long_the_others_are_silent() {
    let mut world = World::new(3);
    world.mute_agents.extend(["a1".into(), "a2".into()]);
    world.run(Duration::from_secs(300));
    assert!(!world.record().is_formed());
    assert!(crate::view::members(&world.scheduler).is_empty());
}

#[test]
fn an_old_proof_forms_no_cluster() {
    let mut world = World::new(3);
    world.mute_agents.extend(["a1".into(), "a2".into()]);
    world.run(Duration::from_secs(5));
    world.mute_agents.insert("a0".into());
    world.run(Duration::from_secs(100));
    world.mute_agents.remove(&"a1".into());
    world.run(A_WHILE);
    assert!(!world.record().is_formed(), "one of two proofs is two minutes old");
    world.mute_agents.remove(&"a0".into());
    world.run(A_WHILE);
    assert!(world.record().is_formed());
}

#[test]
fn a_message_that_came_late_does_not_count() {
    let mut world = World::new(3);
    world.run(A_WHILE);
    let (agent_id, member) = ("a0".into(), world.record().members[0].name().clone());
    let mut said = world.scheduler.beat(&member).unwrap().1.clone();
    let newest = said.seq;
    said.seq = 1;
    said.etcd = EtcdState::Stopping;
    world.step(Event::Message { agent_id, body: Ok(said) });
    assert_eq!(world.scheduler.beat(&member).unwrap().1.seq, newest);
}

#[test]
fn no_address_is_told_before_formed_is_stored() {
    let mut world = World::new(3);
    world.step_until("launch");
    world.store_down = true;
    world.run(A_WHILE);
    assert!(crate::view::members(&world.scheduler).is_empty());
    assert!(!world.log.iter().any(|a| a == "message"), "{:?}", world.log);
}

#[test]
fn updates_are_acknowledged_only_after_they_are_stored() {
    let mut world = World::new(3);
    world.step_until("launch");
    world.store_down = true;
    world.run(A_WHILE);
    assert_eq!(world.acknowledged, 0);
    world.store_down = false;
    world.run(A_WHILE);
    assert!(world.acknowledged >= 3);
}

#[test]
fn a_formed_cluster_survives_a_restart_without_a_launch() {
    let mut world = World::new(5);
    world.run(A_WHILE);
    let before = world.record();
    for _ in 0..3 {
        world.restart();
        world.run(A_WHILE);
        world.assert_healthy_cluster();
    }
    assert_eq!(world.log.iter().filter(|a| *a == "launch").count(), 3);
    assert_eq!(world.record().phase, before.phase);
    assert_eq!(world.record().epoch.0, before.epoch.0 + 6, "two a subscription");
}

#[test]
fn an_unreachable_agent_changes_nothing() {
    let mut world = World::new(5);
    world.run(A_WHILE);
    let (task, agent) = {
        let record = world.record();
        (record.members[1].task_id.clone(), record.members[1].agent_id.clone())
    };
    for state in [TaskState::Unreachable, TaskState::Lost, TaskState::Gone, TaskState::Unknown] {
        world.log.clear();
        world.update(&task, &agent, (state, Source::Master, Reason::None), true);
        world.run(A_WHILE);
        for forbidden in ["launch", "kill", "revive"] {
            assert!(!world.log.iter().any(|a| a == forbidden), "{state:?}: {forbidden}");
        }
        assert!(!world.record().members[1].is_ended(), "{state:?} is no proof");
    }
    world.update(&task, &agent, (TaskState::Running, Source::Executor, Reason::None), true);
    world.run(A_WHILE);
    world.assert_healthy_cluster();
}

#[test]
fn a_master_that_says_nothing_any_more_is_reported_before_the_connection_ends() {
    let mut world = World::new(5);
    world.run(A_WHILE);
    let words = "nothing came over the master since";
    assert!(!world.scheduler.report().to_string().contains(words));
    world.mute_agents = world.tasks.values().map(|running| running.agent.clone()).collect();
    let actions = world.log.len();
    world.run(Duration::from_secs(11));
    let report = world.scheduler.report().to_string();
    assert!(report.contains("waiting  mesos"), "{report}");
    assert!(report.contains(words), "{report}");
    assert!(world.log[actions..].iter().all(|action| action == "probe"), "nothing is done");
    world.mute_agents.clear();
    world.run(Duration::from_secs(3));
    assert!(!world.scheduler.report().to_string().contains(words));
}

#[test]
fn a_member_that_ended_is_reported_and_nothing_is_harmed() {
    let mut world = World::new(5);
    world.run(A_WHILE);
    let member = world.record().members[0].clone();
    world.tasks.remove(&member.task_id);
    let ended = (TaskState::Failed, Source::Executor, Reason::None);
    world.update(&member.task_id, &member.agent_id, ended, true);
    world.log.clear();
    world.run(A_WHILE);
    assert!(world.record().is_formed());
    assert!(matches!(world.record().members[0].task, TaskPhase::Ended { .. }));
    assert!(world.scheduler.report().to_string().contains("needs a replacement"));
    assert!(!world.log.iter().any(|a| a == "launch" || a == "kill"));
    assert_eq!(crate::view::members(&world.scheduler).len(), 3, "until it is removed");
}

#[test]
fn another_cluster_of_our_name_stops_formation() {
    let mut world = World::new(5);
    world.others = vec![LivingFramework {
        id: "old".into(),
        live_tasks: vec!["etcd-1447 10.0.0.1 31000 31001 31002".into()],
        unreachable_tasks: Vec::new(),
    }];
    world.run(Duration::from_secs(300));
    assert_eq!(world.record().phase, Phase::None);
    assert!(!world.log.iter().any(|a| a == "launch" || a == "kill"));
    let report = world.scheduler.report().to_string();
    assert!(report.contains("predecessor") && report.contains("Nothing is formed"), "{report}");
    world.others.clear();
    world.run(Duration::from_secs(300));
    world.assert_healthy_cluster();
}

#[test]
fn a_second_scheduler_deposes_the_first() {
    let mut world = World::new(5);
    world.run(A_WHILE);
    let (bytes, version) = world.stored.clone().unwrap();
    world.stored = Some((bytes, Version(version.0 + 1)));
    let member = world.record().members[0].clone();
    let ended = (TaskState::Failed, Source::Executor, Reason::None);
    world.update(&member.task_id, &member.agent_id, ended, true);
    world.log.clear();
    world.run(A_WHILE);
    assert_eq!(world.exit.as_ref().unwrap().0, ExitCode::Deposed);
    assert!(!world.log.iter().any(|a| a == "acknowledge"), "nothing after the conflict");
    let step = world.scheduler.step(world.now, Event::Wake);
    assert!(step.actions.is_empty(), "a deposed scheduler does nothing more");
}

#[test]
fn a_deposed_scheduler_does_not_subscribe_again() {
    let mut world = World::new(5);
    world.run(A_WHILE);
    let (bytes, version) = world.stored.clone().unwrap();
    world.stored = Some((bytes, Version(version.0 + 1)));
    world.log.clear();
    world.inbox.push_back(Event::Disconnected(LinkFailure::Temporary("paused".into())));
    world.run(A_WHILE);
    assert_eq!(world.exit.as_ref().unwrap().0, ExitCode::Deposed);
    assert!(!world.log.iter().any(|a| a == "subscribe"), "{:?}", world.log);
}

/// Found by the simulator (seed 5123): a subscription that was late pushed out a newer scheduler,
/// and what that one had to know was acknowledged, and so lost for ever.
#[test]
fn a_late_subscription_acknowledges_nothing_that_the_store_does_not_know() {
    let mut world = World::new(5);
    world.run(A_WHILE);
    let member = world.record().members[0].clone();
    world.restart();
    world.step_until("subscribe");
    let (bytes, version) = world.stored.clone().unwrap();
    world.stored = Some((bytes, Version(version.0 + 1)));
    world.acknowledged = 0;
    let ended = (TaskState::Failed, Source::Executor, Reason::None);
    world.update(&member.task_id, &member.agent_id, ended, true);
    world.update("etcd.prod.0.etcd-9-0.1", &member.agent_id, ended, true);
    world.run(A_WHILE);
    assert_eq!(world.exit.as_ref().unwrap().0, ExitCode::Deposed);
    assert_eq!(world.acknowledged, 0);
}

#[test]
fn a_lost_connection_is_made_again_under_a_new_epoch() {
    let mut world = World::new(5);
    world.run(A_WHILE);
    let before = world.record().epoch;
    world.inbox.push_back(Event::Disconnected(LinkFailure::Temporary("gone".into())));
    world.run(A_WHILE);
    world.assert_healthy_cluster();
    assert_eq!(world.record().epoch.0, before.0 + 2);
}

#[test]
fn errors_of_the_master_are_told_apart() {
    for (message, code) in [
        ("Framework failed over", ExitCode::Deposed),
        ("Framework has been removed", ExitCode::Removed),
    ] {
        let mut world = World::new(5);
        world.run(A_WHILE);
        world.inbox.push_back(Event::MesosError { message: message.into() });
        world.run(A_WHILE);
        let (found, why) = world.exit.clone().unwrap();
        assert_eq!(found, code);
        if code == ExitCode::Removed {
            assert!(why.contains("--new-framework") && why.contains("copy them away"), "{why}");
        }
    }
}

#[test]
fn a_new_framework_id_keeps_the_phase() {
    let mut world = World::new(5);
    world.run(A_WHILE);
    let record = world.record();
    let version = world.stored.as_ref().unwrap().1;
    let config = Config { removed_framework: Some(FrameworkId("f1".into())), ..config() };
    world.scheduler = Scheduler::new(config, Some(record), version);
    world.inbox = VecDeque::from([Event::Wake]);
    world.log.clear();
    world.tasks.clear();
    world.run(A_WHILE);
    assert!(world.record().is_formed());
    assert!(!world.log.iter().any(|a| a == "launch"), "no second cluster is formed");
}

#[test]
fn a_removed_framework_takes_an_unformed_attempt_with_it() {
    let mut world = World::new(5);
    world.mute_agents.extend(["a0".into(), "a1".into(), "a2".into()]);
    world.run(Duration::from_secs(5));
    assert!(matches!(world.record().phase, Phase::Forming { .. }));
    let (record, version) = (world.record(), world.stored.as_ref().unwrap().1);
    let removed_framework = record.framework_id.clone();
    let config = Config { removed_framework, ..config() };
    world.scheduler = Scheduler::new(config, Some(record), version);
    world.inbox = VecDeque::from([Event::Wake]);
    world.tasks.clear();
    world.mute_agents.clear();
    world.run(A_WHILE);
    world.assert_healthy_cluster();
    assert_eq!(world.record().attempts, 2);
}

#[test]
fn a_framework_that_was_not_removed_is_kept() {
    let mut world = World::new(5);
    world.run(A_WHILE);
    let (record, version) = (world.record(), world.stored.as_ref().unwrap().1);
    let config = Config { removed_framework: Some("another".into()), ..config() };
    world.scheduler = Scheduler::new(config, Some(record.clone()), version);
    world.inbox = VecDeque::from([Event::Wake]);
    world.run(A_WHILE);
    assert_eq!(world.record().framework_id, record.framework_id);
    world.assert_healthy_cluster();
}

#[test]
fn a_store_that_was_rolled_back_forms_nothing() {
    let mut world = World::new(5);
    world.run(A_WHILE);
    let mut record = Record::new(config().cluster);
    record.framework_id = world.record().framework_id;
    world.others = vec![LivingFramework {
        id: "f1".into(),
        live_tasks: world.tasks.keys().map(ToString::to_string).collect(),
        unreachable_tasks: Vec::new(),
    }];
    world.stored = Some((record.to_bytes(), Version(1)));
    world.log.clear();
    world.restart();
    world.run(Duration::from_secs(300));
    assert!(!world.log.iter().any(|a| a == "launch" || a == "kill"), "{:?}", world.log);
    let report = world.scheduler.report().to_string();
    assert!(report.contains("rolled back"), "{report}");
}

#[test]
fn an_executor_that_knows_a_higher_epoch_stops_everything() {
    let mut world = World::new(5);
    world.run(A_WHILE);
    let task = world.tasks.keys().next().unwrap().clone();
    world.tasks.get_mut(&task).unwrap().order.epoch = crate::id::Epoch(99);
    world.beat(&task);
    world.log.clear();
    world.run(A_WHILE);
    let done: BTreeSet<&str> = world.log.iter().map(String::as_str).collect();
    assert_eq!(done, ["probe"].into());
    assert!(world.scheduler.report().to_string().contains("has heard epoch 99"));
}

/// Found by the simulator (seeds 6003, 8247, 8556): the launch of one member was lost with its agent, which was
/// given up, and came back without it. Nobody says so who is not asked.
#[test]
fn a_launch_that_was_lost_with_its_agent_is_known_when_that_is_back() {
    let mut world = World::new(3);
    world.lost_agents.insert("a2".into());
    world.step_until("launch");
    let lost = world.scheduler.book.stored().members[2].clone();
    world.unreachable.insert(lost.task_id.clone().into());
    let away = (TaskState::Unreachable, Source::Master, Reason::None);
    world.update(&lost.task_id, &lost.agent_id, away, false);
    world.run(Duration::from_secs(1000));
    assert!(world.record().is_formed() && !world.record().members[2].is_ended());
    let asked = world.log.iter().filter(|a| *a == "reconcile").count();
    assert!((15..=25).contains(&asked), "{asked} times in 1000 s");
    assert!(world.scheduler.report().to_string().contains("its agent does not answer"));
    world.unreachable.clear();
    world.run(Duration::from_secs(70));
    assert!(world.record().members[2].is_ended(), "{}", world.scheduler.report());
    assert!(world.scheduler.report().to_string().contains("needs a replacement"));
    world.log.clear();
    world.run(Duration::from_secs(600));
    assert!(!world.log.iter().any(|a| a == "reconcile"), "nothing is doubtful any more");
}

#[test]
fn a_launch_that_could_not_be_sent_is_given_up_at_once() {
    let mut world = World::new(5);
    world.lose_launches = true;
    world.run(Duration::from_secs(1));
    let member = world.record().members[0].clone();
    world.lose_launches = false;
    let why = "its offer is gone".to_owned();
    world.inbox.push_back(Event::NotLaunched { task_id: member.task_id, why });
    world.run(A_WHILE);
    world.assert_healthy_cluster();
    assert_eq!(world.record().attempts, 2);
}

#[test]
fn a_straggler_tells_its_member_id_later() {
    let mut world = World::new(3);
    world.mute_agents.insert("a2".into());
    world.run(Duration::from_secs(120));
    assert_eq!(world.record().members[2].member_id, None);
    world.mute_agents.clear();
    world.run(A_WHILE);
    assert!(world.record().members[2].member_id.is_some());
}

#[test]
fn offers_are_held_for_a_while_and_then_declined() {
    let mut world = World::new(2);
    world.run(Duration::from_secs(1));
    assert!(!world.log.iter().any(|a| a == "decline"));
    let report = world.scheduler.report().to_string();
    assert!(report.contains("3 agents are needed, and the offers of 2 serve"), "{report}");
    world.run(Duration::from_secs(10));
    assert!(world.log.iter().any(|a| a == "decline"));
}

#[test]
fn a_formed_order_is_repeated_until_it_is_heard() {
    let mut world = World::new(3);
    world.hold_formed = true;
    world.run(Duration::from_secs(10));
    let sent = world.log.iter().filter(|a| *a == "message").count();
    assert!((12..=18).contains(&sent), "{sent} orders in 10 s to 3 executors");
    world.hold_formed = false;
    world.run(A_WHILE);
    world.assert_healthy_cluster();
}

#[test]
fn a_rescinded_offer_launches_nothing() {
    let mut world = World::new(3);
    world.step_until("ask");
    world.store_down = true;
    world.run(Duration::from_millis(10));
    world.inbox.push_back(Event::Rescinded("o1".into()));
    world.run(Duration::from_millis(10));
    assert!(!world.log.iter().any(|a| a == "launch"));
    world.store_down = false;
    world.run(A_WHILE);
    world.assert_healthy_cluster();
    assert_eq!(world.record().attempts, 2);
}

#[test]
fn who_runs_before_the_cluster_is_formed_is_not_announced() {
    let mut world = World::new(3);
    world.step_until("launch");
    world.run(Duration::ZERO);
    let mut record = world.record();
    record.phase = Phase::Forming { token: "t".to_owned(), abandoned: None };
    record.members.iter_mut().for_each(|m| m.announced = false);
    let member = record.members[0].clone();
    let mut scheduler = Scheduler::new(config(), Some(record), Version(9));
    let running = TaskStatus {
        task_id: member.task_id.to_string(),
        agent_id: Some(member.agent_id.clone()),
        state: TaskState::Running,
        source: Source::Executor,
        reason: Reason::None,
        message: String::new(),
        uuid: None,
    };
    scheduler.step(world.now, Event::Update(running));
    assert!(scheduler.book.next().members.iter().all(|m| !m.announced));
}

#[test]
fn no_client_is_told_of_a_cluster_that_is_not_formed_whatever_the_record_says() {
    let mut world = World::new(3);
    world.run(A_WHILE);
    let mut record = world.record();
    assert!(record.members.iter().all(|m| m.announced));
    record.phase = Phase::Forming { token: "t".to_owned(), abandoned: None };
    let scheduler = Scheduler::new(config(), Some(record), Version(9));
    assert!(crate::view::members(&scheduler).is_empty());
}

#[test]
fn a_live_task_of_ours_that_the_record_does_not_know_stops_formation() {
    let mut world = World::new(3);
    world.inbox.clear();
    world.step(Event::Wake);
    while !world.scheduler.is_subscribed() {
        let event = world.inbox.pop_front().unwrap();
        world.step(event);
    }
    let known_elsewhere: TaskId = "etcd.prod.0.m0001a.1".parse().unwrap();
    let alive = (TaskState::Running, Source::Master, Reason::Reconciliation);
    world.update(&known_elsewhere, &"a1".into(), alive, false);
    let update = world.inbox.pop_back().unwrap();
    world.step(update);
    world.run(A_WHILE);
    assert!(!world.log.iter().any(|a| a == "launch"), "{:?}", world.log);
    let report = world.scheduler.report().to_string();
    assert!(report.contains("the record knows of no cluster"), "{report}");
    let gone = (TaskState::Finished, Source::Executor, Reason::None);
    world.update(&known_elsewhere, &"a1".into(), gone, true);
    world.run(A_WHILE);
    world.assert_healthy_cluster();
}

#[test]
fn settings_that_the_members_do_not_have_are_said() {
    let mut world = World::new(3);
    world.run(A_WHILE);
    world.assert_healthy_cluster();
    assert!(!world.scheduler.report().to_string().contains("pending"));
    let mut other = config();
    other.size = 5;
    other.need.cpus = Milli::whole(2);
    other.etcd_flags.push("--snapshot-count=10000".to_owned());
    world.scheduler = Scheduler::new(other, Some(world.record()), world.stored.as_ref().unwrap().1);
    world.inbox = VecDeque::from([Event::Wake]);
    world.run(A_WHILE);
    let report = world.scheduler.report().to_string();
    for part in [
        "cluster.size: 5 is configured and the cluster has 3",
        "member.cpus: 2 is configured and the members were launched with 1",
        "member.etcd_flags: `--snapshot-count=10000`",
    ] {
        assert!(report.contains(part), "{part} is not in: {report}");
    }
    assert!(!report.contains("member.mem"), "{report}");
    assert_eq!(world.tasks.len(), 3, "nothing is launched or ended for it");
}

#[test]
fn the_predecessors_tasks_under_our_own_id_are_named_as_such() {
    let task = "etcd-1447 10.0.0.1 31000 31001 31002".to_owned();
    let mut world = World::new(3);
    let (id, unreachable_tasks) = (FrameworkId("f1".into()), Vec::new());
    world.others.push(LivingFramework { id, live_tasks: vec![task], unreachable_tasks });
    world.run(A_WHILE);
    assert!(!world.log.iter().any(|a| a == "launch"), "{:?}", world.log);
    let report = world.scheduler.report().to_string();
    assert!(report.contains("of the Go predecessor's form"), "{report}");
}

/// A task of ours that the record does not know, on an agent that the master gave up.
fn unreachable(id: &str, task: &str) -> LivingFramework {
    let unreachable_tasks = vec![(task.to_owned(), AgentId("a1".into()))];
    LivingFramework { id: FrameworkId(id.into()), live_tasks: Vec::new(), unreachable_tasks }
}

#[test]
fn a_launch_that_never_reached_its_agent_does_not_stop_formation_for_ever() {
    let mut world = World::new(3);
    world.others.push(unreachable("f1", "etcd.prod.0.etcd-1-0.1"));
    // The agent is there, and does not have it: the master of this world says GONE.
    world.run(A_WHILE);
    world.assert_healthy_cluster();
}

#[test]
fn a_task_on_an_agent_that_does_not_answer_stops_formation() {
    let mut world = World::new(5);
    world.unreachable.insert("etcd.prod.0.etcd-1-0.1".parse().unwrap());
    world.others.push(unreachable("f1", "etcd.prod.0.etcd-1-0.1"));
    world.run(Duration::from_secs(300));
    assert!(!world.log.iter().any(|a| a == "launch"), "{:?}", world.log);
    let report = world.scheduler.report().to_string();
    assert!(report.contains("until that agent is back"), "{report}");
    world.unreachable.clear();
    world.run(Duration::from_secs(300));
    world.assert_healthy_cluster();
}

#[test]
fn unreachable_tasks_of_another_framework_or_the_predecessor_stop_formation() {
    for other in
        [unreachable("f2", "etcd.prod.0.etcd-1-0.1"), unreachable("f1", "etcd-1447 h 1 2 3")]
    {
        let mut world = World::new(3);
        world.others.push(other);
        world.run(Duration::from_secs(300));
        assert!(!world.log.iter().any(|a| a == "launch"), "{:?}", world.log);
        assert!(world.scheduler.report().to_string().contains("Nothing is formed"));
    }
}

#[test]
fn a_launch_that_its_agent_never_got_fails_the_attempt() {
    let mut world = World::new(3);
    world.step_until("launch");
    let lost = world.tasks.keys().next().unwrap().clone();
    let agent = world.tasks.remove(&lost).unwrap().agent;
    world.inbox.retain(|event| !matches!(event, Event::Update(s) if s.task_id == lost.to_string()));
    let dropped = (TaskState::Dropped, Source::Agent, Reason::Reconciliation);
    world.update(&lost, &agent, dropped, true);
    world.run(Duration::from_secs(120));
    // The attempt was given up with proof, and another one formed without that task.
    world.assert_healthy_cluster();
    assert_eq!(world.record().attempts, 2);
    assert!(!world.tasks.contains_key(&lost));
    let kept = world.scheduler.launched_unasked.iter().filter(|t| !world.tasks.contains_key(t));
    assert_eq!(kept.count(), 0, "nothing is remembered of an attempt that has ended");
}

#[test]
fn an_answer_from_before_the_launch_proves_nothing() {
    let mut world = World::new(3);
    world.step_until("launch");
    let task = world.tasks.keys().next().unwrap().clone();
    let agent = world.tasks[&task].agent.clone();
    // The task lives; the master was asked before it was launched, and answers late.
    world.inbox.retain(|event| !matches!(event, Event::Update(_)));
    world.update(&task, &agent, (TaskState::Gone, Source::Master, Reason::Reconciliation), false);
    world.run(Duration::ZERO);
    assert!(!world.record().member_of(&task).unwrap().is_ended());
    world.run(A_WHILE);
    world.assert_healthy_cluster();
}

#[test]
fn no_task_id_comes_twice_where_the_record_was_rolled_back() {
    let mut world = World::new(3);
    world.others.push(unreachable("f1", "etcd.prod.0.etcd-7-0.1"));
    world.run(A_WHILE);
    world.assert_healthy_cluster();
    assert!(
        world.tasks.keys().all(|task| task.member.attempt() == Some(8)),
        "{:?}",
        world.tasks.keys()
    );
}
