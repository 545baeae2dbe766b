//! Frameworks that are over.

use std::time::Duration;

use etcd_mesos_core::id::FrameworkId;
use etcd_mesos_core::status::TaskState;
use etcd_mesos_model::{Call, Event, Output};

use crate::scene::{Scene, WEEK, cpus};

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn a_framework_without_a_scheduler_is_removed_after_its_failover_timeout() {
    let mut scene = Scene::of(1);
    let scheduler = scene.subscribe(1, None, MINUTE);
    let offer = scene.offers(scheduler).remove(0);
    scene.launch(scheduler, &offer, &[("t", "e", "one")]);
    let container = scene.container("e");
    scene.subscribes(container, &[]);
    scene.heard();
    scene.tell(|mesos, now| mesos.hang_up(now, scheduler));
    scene.seconds(59);
    assert_eq!((scene.told(container).len(), scene.mesos.tasks().len()), (0, 1));
    scene.seconds(1);
    assert_eq!((scene.told(container), scene.mesos.tasks().len()), (vec!["shutdown".into()], 0));
    scene.seconds(5);
    assert_eq!(scene.told(container), ["destroy"]);
    let again = scene.subscribe(2, Some("f1"), MINUTE);
    let said = scene.heard();
    let is_error = |o: &Output<_>| matches!(o, Output::Scheduler { event: Event::Error(_), .. });
    assert!(said.iter().any(is_error), "{again:?} hears {said:?}");
    assert!(matches!(said.last(), Some(Output::Closed { connection }) if *connection == again));
}

#[test]
fn a_scheduler_that_is_back_in_time_keeps_its_framework() {
    let mut scene = Scene::of(1);
    let scheduler = scene.subscribe(1, None, MINUTE);
    scene.tell(|mesos, now| mesos.hang_up(now, scheduler));
    scene.seconds(59);
    let again = scene.subscribe(2, Some("f1"), MINUTE);
    scene.seconds(3600);
    let framework = scene.mesos.framework_on(again).map(FrameworkId::as_str);
    assert_eq!(framework, Some("f1"));
}

#[test]
fn an_agent_that_was_away_is_told_that_a_framework_is_over() {
    let (mut scene, scheduler, container) = Scene::with_a_task();
    scene.tell(|mesos, now| mesos.crash_daemon(now, 0));
    scene.call(scheduler, Call::Teardown);
    scene.tell(|mesos, now| mesos.start_agent(now, 0));
    scene.subscribes(container, &[]);
    scene.seconds(1);
    assert_eq!(scene.told(container), ["subscribed"]);
    scene.seconds(1);
    assert_eq!(scene.told(container), ["shutdown"]);
    assert_eq!(scene.mesos.tasks().len(), 0, "the master takes them not up again");
}

#[test]
fn so_is_one_that_was_given_up() {
    let (mut scene, scheduler, container) = Scene::with_a_task();
    scene.tell(|mesos, now| mesos.cut(now, 0));
    scene.seconds(80);
    scene.call(scheduler, Call::Teardown);
    scene.seconds(10);
    assert_eq!(scene.told(container), [""; 0]);
    scene.tell(|mesos, now| mesos.join(now, 0));
    scene.seconds(3);
    assert_eq!(scene.told(container), ["shutdown"]);
    assert_eq!(scene.mesos.tasks().len(), 0);
}

#[test]
fn of_a_framework_that_is_over_nothing_is_said_and_its_resources_are_free() {
    let (mut scene, scheduler, container) = Scene::with_a_task();
    let other = scene.subscribe(2, None, WEEK);
    let offer = scene.offers(other).remove(0);
    scene.decline(other, offer.id, 3600);
    scene.call(scheduler, Call::Teardown);
    assert_eq!(scene.offers(other)[0].holding, cpus(9), "its executor still runs");
    scene.say(container, "t", TaskState::Killed);
    assert_eq!(scene.told(container), [""; 0], "not even an acknowledgement");
    scene.tell(|mesos, now| mesos.container_ended(now, container, Some(0)));
    scene.call(other, Call::Revive);
    scene.tell(|mesos, now| mesos.rescind(now, 0));
    scene.seconds(1);
    let offers = scene.offers(other);
    assert_eq!(offers.last().unwrap().holding, cpus(10));
}
