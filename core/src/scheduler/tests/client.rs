//! The client task of a member: it proves nothing, costs nothing, and is missed in one line.

use super::*;

/// What an executor says of a task alone.
const KILLED: (TaskState, Source, Reason) = (TaskState::Killed, Source::Executor, Reason::None);
const RUNS: (TaskState, Source, Reason) = (TaskState::Running, Source::Executor, Reason::None);

/// Longer than an operator has to wait for the words that a client task was never heard of.
const A_LONG_WHILE: Duration = Duration::from_secs(1000);

const MISSED: &str = "`_etcd-client._tcp` does not name";

impl World {
    /// The client task of a member ends, and nothing else does.
    fn end_client(&mut self, index: usize, word: (TaskState, Source, Reason)) -> TaskId {
        let member = self.record().members[index].clone();
        self.update_client(&member.task_id, &member.agent_id, word);
        self.ended_clients.insert(member.task_id.clone());
        member.task_id
    }

    fn report(&self) -> String {
        self.scheduler.report().to_string()
    }
}

#[test]
fn no_end_of_a_client_task_says_anything_of_its_member() {
    for state in [TaskState::Finished, TaskState::Failed, TaskState::Killed, TaskState::Error] {
        for (source, reason) in [
            (Source::Executor, Reason::None),
            (Source::Agent, Reason::ExecutorTerminated),
            (Source::Agent, Reason::ContainerLaunchFailed),
            (Source::Master, Reason::TaskInvalid),
            (Source::Master, Reason::InvalidOffers),
        ] {
            let mut world = World::new(3);
            world.mute_agents.insert("a2".into());
            world.run(Duration::from_secs(2));
            assert!(!world.record().is_formed(), "the third is waited for");
            world.end_client(1, (state, source, reason));
            world.mute_agents.clear();
            world.run(A_WHILE);
            world.assert_healthy_cluster();
            let (record, counters) = (world.record(), world.scheduler.counters());
            assert!(record.members.iter().all(|m| m.task == TaskPhase::Seen), "{state:?}");
            assert_eq!((record.attempts, counters.launched, counters.failed), (1, 3, 0));
            assert!(world.scheduler.set_aside.is_empty(), "no agent is blamed");
            assert!(!world.log.iter().any(|a| a == "kill"));
        }
    }
}

#[test]
fn a_client_task_is_acknowledged_and_nothing_of_it_is_stored() {
    let mut world = World::new(3);
    world.run(A_WHILE);
    let stored = world.stored.clone();
    (world.acknowledged, world.acknowledged_clients) = (0, 0);
    world.end_client(0, KILLED);
    world.run(A_WHILE);
    assert_eq!((world.acknowledged, world.acknowledged_clients), (0, 1));
    assert_eq!(world.stored, stored);
}

#[test]
fn members_alone_are_asked_for_and_client_tasks_are_heard_of_all_the_same() {
    let mut world = World::new(3);
    world.run(A_WHILE);
    world.restart();
    let asked = loop {
        let event = world.inbox.pop_front().unwrap();
        let actions = world.scheduler.step(world.now, event).actions;
        let tasks = actions.iter().find_map(|action| match action {
            Action::Reconcile { tasks } if !tasks.is_empty() => Some(tasks.clone()),
            _ => None,
        });
        if let Some(tasks) = tasks {
            break tasks;
        }
        actions.into_iter().for_each(|action| world.perform(action));
    };
    assert!(asked.iter().all(|(task, _)| matches!(task, OurTaskId::Member(_))), "{asked:?}");
    world.restart();
    world.run(A_WHILE);
    let task = world.record().members[0].task_id.clone();
    assert_eq!(world.scheduler.client_task_state(&task), Some(TaskState::Running));
}

#[test]
fn a_client_task_that_ended_is_missed_in_one_line_and_not_for_a_moment_before() {
    let mut world = World::new(3);
    world.run(A_WHILE);
    world.end_client(0, KILLED);
    world.run(Duration::from_secs(5));
    assert!(!world.report().contains(MISSED), "{}", world.report());
    world.run(Duration::from_secs(10));
    let line =
        format!("waiting  client      {MISSED} etcd-1-0: of its client task Mesos says Killed;");
    assert_eq!(world.report().matches(MISSED).count(), 1);
    assert!(world.report().contains(&line), "{}", world.report());
    world.assert_healthy_cluster();
}

#[test]
fn a_member_that_does_not_run_is_not_said_to_be_without_a_client_task() {
    let mut world = World::new(3);
    world.run(A_WHILE);
    let task = world.end_client(0, KILLED);
    let agent = world.tasks[&task].agent.clone();
    world.update(&task, &agent, (TaskState::Starting, Source::Executor, Reason::None), true);
    world.run(A_WHILE);
    assert!(!world.report().contains(MISSED), "{}", world.report());
}

#[test]
fn members_of_an_earlier_version_get_one_calm_line_each_and_nothing_else() {
    let mut world = World::new(3);
    world.is_without_clients = true;
    world.run(A_WHILE);
    world.restart();
    world.log.clear();
    world.run(Duration::from_secs(600));
    assert!(!world.report().contains(MISSED), "too early to tell: {}", world.report());
    world.run(A_LONG_WHILE);
    let lines = &world.scheduler.report().lines;
    let missed = lines.iter().filter(|line| line.text.contains(MISSED));
    assert_eq!(missed.filter(|line| line.tone == Tone::Waiting).count(), 3, "{}", world.report());
    assert!(lines.iter().all(|line| line.tone != Tone::Trouble), "{}", world.report());
    assert!(!world.log.iter().any(|a| a == "launch" || a == "kill" || a == "revive"));
    world.assert_healthy_cluster();
}

#[test]
fn a_client_task_of_an_unknown_member_stops_formation_as_a_member_would() {
    let unknown = "etcd.prod.0.etcd-9-0.1.client";
    let living = LivingFramework {
        id: FrameworkId("f1".into()),
        live_tasks: vec![unknown.to_owned()],
        unreachable_tasks: Vec::new(),
    };
    for is_listed in [false, true] {
        let mut world = World::new(3);
        world.others.extend(is_listed.then(|| living.clone()));
        world.step_until("subscribe");
        if !is_listed {
            let subscribed = world.inbox.pop_front().unwrap();
            world.step(subscribed);
            world.update(unknown, &"a1".into(), RUNS, true);
        }
        world.run(Duration::from_secs(300));
        assert!(!world.log.iter().any(|a| a == "launch"), "{:?}", world.log);
        let report = world.report();
        assert!(report.contains(unknown) && report.contains("no cluster"), "{report}");
    }
}

#[test]
fn a_client_task_on_an_agent_that_was_given_up_is_asked_for_by_its_own_name() {
    let unknown = "etcd.prod.0.etcd-7-0.1.client";
    let mut world = World::new(3);
    world.unreachable.insert(unknown.parse().unwrap());
    world.others.push(unreachable("f1", unknown));
    world.run(Duration::from_secs(300));
    assert!(!world.log.iter().any(|a| a == "launch"), "{:?}", world.log);
    assert!(world.report().contains("until that agent is back"), "{}", world.report());
    world.unreachable.clear();
    world.run(Duration::from_secs(300));
    world.assert_healthy_cluster();
    assert!(
        world.tasks.keys().all(|task| task.member.attempt() == Some(8)),
        "no task ID comes twice: {:?}",
        world.tasks.keys()
    );
}

/// The members of the first attempt have provably ended; the agent of one client task was cut off
/// before it could say the same of that.
#[test]
fn a_client_task_that_outlives_its_attempt_does_not_stop_the_next_one() {
    for (state, is_restarted) in
        [(TaskState::Running, false), (TaskState::Starting, true), (TaskState::Unreachable, true)]
    {
        let mut world = World::new(5);
        world.failing_agents = (0..5).map(|n| AgentId(format!("a{n}"))).collect();
        world.run(Duration::from_secs(2));
        world.failing_agents.clear();
        let past = "etcd.prod.0.etcd-1-0.1.client".to_owned();
        world.update(&past, &"a0".into(), (state, Source::Master, Reason::None), false);
        let mut living = unreachable("f1", &past);
        if state != TaskState::Unreachable {
            living.unreachable_tasks.clear();
            living.live_tasks.push(past.clone());
        }
        world.others.push(living);
        world.unreachable.insert(past.parse().unwrap());
        if is_restarted {
            world.restart();
        }
        world.run(Duration::from_secs(60));
        world.assert_healthy_cluster();
        assert!(!world.report().contains(&past), "{}", world.report());
    }
}
