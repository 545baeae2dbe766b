//! Daemons, hosts and masters that go away, and come back.

use etcd_mesos_core::status::{Reason, TaskState};
use etcd_mesos_model::{Event, Note, Output, Refused};

use crate::scene::{Scene, WEEK, cpus};

#[test]
fn an_executor_that_is_not_back_in_two_seconds_is_destroyed() {
    let (mut scene, scheduler, container) = Scene::with_a_task();
    scene.tell(|mesos, now| mesos.crash_daemon(now, 0));
    scene.tell(|mesos, now| mesos.start_agent(now, 0));
    scene.pass(std::time::Duration::from_millis(1_999));
    assert_eq!(scene.told(container), [""; 0]);
    scene.pass(std::time::Duration::from_millis(1));
    assert_eq!(scene.told(container), ["destroy"]);
    scene.tell(|mesos, now| mesos.container_ended(now, container, Some(9)));
    let status = scene.updates(scheduler).remove(0).status;
    assert_eq!((status.state, status.reason), (TaskState::Gone, Reason::Other(24)));
}

#[test]
fn an_executor_that_is_back_in_time_goes_on() {
    let (mut scene, scheduler, container) = Scene::with_a_task();
    scene.tell(|mesos, now| mesos.crash_daemon(now, 0));
    let early = scene.tell(|mesos, now| mesos.executor_subscribes(now, container, &[]));
    assert_eq!(early, Err(Refused::Down));
    scene.tell(|mesos, now| mesos.start_agent(now, 0));
    scene.seconds(1);
    scene.subscribes(container, &[]);
    scene.say(container, "t", TaskState::Killing);
    scene.tell(|mesos, now| mesos.executor_messages(now, container, Vec::new())).unwrap();
    let early = scene.events(scheduler);
    assert_eq!(early.len(), 0, "the agent has not registered yet: {early:?}");
    scene.seconds(1);
    assert_eq!(scene.mesos.containers().len(), 1);
    let states = scene.states(scheduler);
    assert!(states.iter().all(|said| *said == ("t".to_owned(), TaskState::Killing)), "{states:?}");
    assert!(!states.is_empty());
}

#[test]
fn a_kill_reaches_an_agent_that_is_away_when_it_registers_again() {
    let (mut scene, scheduler, container) = Scene::with_a_task();
    scene.tell(|mesos, now| mesos.crash_daemon(now, 0));
    scene.tell(|mesos, now| mesos.start_agent(now, 0));
    scene.subscribes(container, &[]);
    scene.kill(scheduler, "t");
    scene.seconds(1);
    assert_eq!(scene.told(container), ["subscribed"]);
    scene.seconds(1);
    assert_eq!(scene.told(container), ["kill t"]);
}

#[test]
fn a_task_that_waited_for_its_executor_does_not_outlive_the_daemon() {
    let mut scene = Scene::of(1);
    let scheduler = scene.subscribe(1, None, WEEK);
    let offer = scene.offers(scheduler).remove(0);
    scene.launch(scheduler, &offer, &[("t", "e", "one")]);
    let container = scene.container("e");
    scene.tell(|mesos, now| mesos.crash_daemon(now, 0));
    scene.tell(|mesos, now| mesos.start_agent(now, 0));
    scene.subscribes(container, &[]);
    assert_eq!(scene.told(container), ["shutdown"]);
    scene.seconds(2);
    let status = scene.updates(scheduler).remove(0).status;
    assert_eq!((status.state, status.reason), (TaskState::Dropped, Reason::Reconciliation));
}

#[test]
fn a_task_that_was_lost_between_agent_and_executor_is_dropped() {
    let mut scene = Scene::of(1);
    let scheduler = scene.subscribe(1, None, WEEK);
    let offer = scene.offers(scheduler).remove(0);
    scene.launch(scheduler, &offer, &[("t1", "e", "one"), ("t2", "e", "one")]);
    let container = scene.container("e");
    scene.subscribes(container, &[]);
    scene.tell(|mesos, now| mesos.crash_daemon(now, 0));
    scene.tell(|mesos, now| mesos.start_agent(now, 0));
    scene.subscribes(container, &["t1"]);
    scene.seconds(3);
    let states = scene.states(scheduler);
    assert!(states.contains(&("t2".to_owned(), TaskState::Dropped)), "{states:?}");
    assert!(!states.iter().any(|(task, _)| task == "t1"), "{states:?}");
}

#[test]
fn an_agent_that_does_not_answer_is_given_up_and_its_tasks_come_back_with_it() {
    let (mut scene, scheduler, container) = Scene::with_a_task();
    scene.tell(|mesos, now| mesos.cut(now, 0));
    scene.seconds(74);
    assert_eq!(scene.states(scheduler), []);
    scene.seconds(1);
    assert_eq!(scene.states(scheduler), [("t".to_owned(), TaskState::Unreachable)]);
    scene.tell(|mesos, now| mesos.join(now, 0));
    scene.seconds(3);
    let update = scene.updates(scheduler).remove(0);
    assert_eq!(update.status.state, TaskState::Running);
    assert_eq!((update.status.reason, update.container), (Reason::Other(32), Some(container)));
    assert!(scene.mesos.agent(0).is_registered);
}

#[test]
fn an_agent_that_has_just_started_again_answers() {
    let (mut scene, scheduler, container) = Scene::with_a_task();
    scene.tell(|mesos, now| mesos.crash_daemon(now, 0));
    scene.seconds(74);
    scene.tell(|mesos, now| mesos.start_agent(now, 0));
    scene.subscribes(container, &[]);
    scene.seconds(3);
    assert_eq!(scene.states(scheduler), []);
}

#[test]
fn a_launch_for_a_dead_host_is_lost_and_dropped_when_it_is_back() {
    let mut scene = Scene::of(1);
    let scheduler = scene.subscribe(1, None, WEEK);
    let offer = scene.offers(scheduler).remove(0);
    scene.tell(|mesos, now| mesos.crash_host(now, 0));
    scene.launch(scheduler, &offer, &[("t", "e", "one")]);
    assert_eq!(scene.mesos.tasks()[0].state, TaskState::Staging);
    scene.tell(|mesos, now| mesos.start_agent(now, 0));
    scene.seconds(3);
    assert_eq!(scene.acknowledge(scheduler)[0], ("t".to_owned(), TaskState::Dropped));
    scene.seconds(1);
    assert_eq!(scene.mesos.tasks().len(), 0);
}

#[test]
fn a_host_that_starts_again_shows_the_master_that_its_connection_broke() {
    let mut scene = Scene::of(1);
    let scheduler = scene.subscribe(1, None, WEEK);
    scene.heard();
    scene.tell(|mesos, now| mesos.crash_host(now, 0));
    assert_eq!(scene.events(scheduler).len(), 0, "nobody has noticed");
    scene.tell(|mesos, now| mesos.start_agent(now, 0));
    let said = scene.events(scheduler);
    assert!(matches!(said.as_slice(), [Event::Rescinded(_)]), "{said:?}");
}

#[test]
fn an_agent_registers_not_before_its_executors_had_their_time() {
    let (mut scene, _, _) = Scene::with_a_task();
    scene.tell(|mesos, now| mesos.cut(now, 0));
    scene.tell(|mesos, now| mesos.crash_daemon(now, 0));
    scene.tell(|mesos, now| mesos.start_agent(now, 0));
    scene.tell(|mesos, now| mesos.join(now, 0));
    scene.seconds(1);
    let registers = |o: &Output<_>| matches!(o, Output::Note(Note::Registered { .. }));
    assert!(!scene.heard().iter().any(registers));
    scene.seconds(1);
    assert!(scene.heard().iter().any(registers));
}

#[test]
fn a_new_master_knows_what_the_agents_bring() {
    let (mut scene, scheduler, _) = Scene::with_a_task();
    scene.tell(|mesos, now| mesos.crash_master(now));
    assert_eq!(scene.mesos.tasks().len(), 0);
    scene.tell(|mesos, now| mesos.start_master(now));
    scene.seconds(3);
    assert_eq!(scene.mesos.tasks()[0].state, TaskState::Running);
    let again = scene.subscribe(2, Some("f1"), WEEK);
    scene.seconds(1);
    assert_eq!(scene.offers(again)[0].holding, cpus(8), "and what they hold");
    assert!(scene.mesos.framework_on(scheduler).is_none());
}

#[test]
fn a_daemon_that_dies_takes_its_offers_with_it_until_it_registers_again() {
    let mut scene = Scene::of(1);
    let scheduler = scene.subscribe(1, None, WEEK);
    scene.heard();
    scene.tell(|mesos, now| mesos.crash_daemon(now, 0));
    let said = scene.events(scheduler);
    assert!(matches!(said.as_slice(), [Event::Rescinded(_)]), "{said:?}");
    scene.tell(|mesos, now| mesos.start_agent(now, 0));
    scene.seconds(1);
    scene.call(scheduler, etcd_mesos_model::Call::Revive);
    assert_eq!(scene.offers(scheduler).len(), 0);
    scene.seconds(1);
    assert_eq!(scene.offers(scheduler).len(), 1);
}
