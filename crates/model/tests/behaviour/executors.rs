//! Executors: one for several tasks, killed early, told again.

use etcd_mesos_core::status::{Reason, Source, TaskState};
use etcd_mesos_model::{Output, Refused};

use crate::scene::{Scene, WEEK};

#[test]
fn two_tasks_share_an_executor() {
    let mut scene = Scene::of(1);
    let scheduler = scene.subscribe(1, None, WEEK);
    let offer = scene.offers(scheduler).remove(0);
    scene.launch(scheduler, &offer, &[("t1", "e", "one"), ("t2", "e", "one")]);
    let starts = scene.heard().into_iter().filter(|o| matches!(o, Output::Start { .. })).count();
    assert_eq!((starts, scene.mesos.containers().len()), (1, 1));
    let container = scene.container("e");
    scene.subscribes(container, &[]);
    assert_eq!(scene.told(container), ["subscribed", "launch t1", "launch t2"]);
    scene.say(container, "t1", TaskState::Running);
    scene.say(container, "t1", TaskState::Finished);
    scene.tell(|mesos, now| mesos.container_ended(now, container, Some(9)));
    let (t1, t2) = ("t1".to_owned(), "t2".to_owned());
    let heard = [(t1.clone(), TaskState::Running), (t2, TaskState::Failed)];
    assert_eq!(scene.acknowledge(scheduler), heard, "the oldest of each task");
    assert_eq!(scene.acknowledge(scheduler), [(t1, TaskState::Finished)], "and then the next");
    assert_eq!(scene.acknowledge(scheduler), [], "t1 had ended by itself");
}

#[test]
fn an_executor_cannot_be_described_in_two_ways() {
    let mut scene = Scene::of(1);
    let scheduler = scene.subscribe(1, None, WEEK);
    let offer = scene.offers(scheduler).remove(0);
    scene.launch(scheduler, &offer, &[("t1", "e", "one"), ("t2", "e", "other")]);
    let update = scene.updates(scheduler).remove(0);
    let status = update.status;
    assert_eq!((status.task_id.as_str(), status.state), ("t2", TaskState::Error));
    assert_eq!((status.source, status.reason), (Source::Master, Reason::TaskInvalid));
    assert!(status.message.contains("ExecutorInfo is not compatible"), "{}", status.message);
}

#[test]
fn a_task_that_is_killed_before_its_executor_subscribed_never_reaches_it() {
    let mut scene = Scene::of(1);
    let scheduler = scene.subscribe(1, None, WEEK);
    let offer = scene.offers(scheduler).remove(0);
    scene.launch(scheduler, &offer, &[("t", "e", "one")]);
    let container = scene.container("e");
    scene.kill(scheduler, "t");
    let status = scene.updates(scheduler).remove(0).status;
    assert_eq!((status.state, status.source), (TaskState::Killed, Source::Agent));
    assert_eq!(status.reason, Reason::KilledDuringLaunch);
    scene.subscribes(container, &[]);
    assert_eq!(scene.told(container), ["shutdown"], "there is nothing to do");
    scene.seconds(5);
    assert_eq!(scene.told(container), ["destroy"]);
}

#[test]
fn of_two_queued_tasks_the_one_that_is_not_killed_is_handed_over() {
    let mut scene = Scene::of(1);
    let scheduler = scene.subscribe(1, None, WEEK);
    let offer = scene.offers(scheduler).remove(0);
    scene.launch(scheduler, &offer, &[("t1", "e", "one"), ("t2", "e", "one")]);
    let container = scene.container("e");
    scene.kill(scheduler, "t1");
    scene.subscribes(container, &[]);
    assert_eq!(scene.told(container), ["subscribed", "launch t2"]);
}

#[test]
fn an_executor_that_never_subscribes_is_given_up_after_a_minute() {
    let mut scene = Scene::of(1);
    let scheduler = scene.subscribe(1, None, WEEK);
    let offer = scene.offers(scheduler).remove(0);
    scene.launch(scheduler, &offer, &[("t", "e", "one")]);
    let container = scene.container("e");
    scene.seconds(59);
    assert_eq!(scene.told(container), [""; 0]);
    scene.seconds(1);
    assert_eq!(scene.told(container), ["destroy"]);
    scene.tell(|mesos, now| mesos.container_ended(now, container, None));
    let status = scene.updates(scheduler).remove(0).status;
    let said = (status.state, status.reason);
    assert_eq!(said, (TaskState::Failed, Reason::ExecutorRegistrationTimeout));
}

#[test]
fn an_update_that_is_handed_in_again_is_acknowledged_and_said_once() {
    let (mut scene, scheduler, container) = Scene::with_a_task();
    scene.say(container, "t", TaskState::Running);
    let heard = scene.heard();
    let to_scheduler = heard.iter().filter(|o| matches!(o, Output::Scheduler { .. })).count();
    assert_eq!((heard.len(), to_scheduler), (1, 0), "{heard:?} for {scheduler:?}");
}

#[test]
fn who_has_not_subscribed_says_nothing() {
    let mut scene = Scene::of(1);
    let scheduler = scene.subscribe(1, None, WEEK);
    let offer = scene.offers(scheduler).remove(0);
    scene.launch(scheduler, &offer, &[("t", "e", "one")]);
    let container = scene.container("e");
    let said = scene.tell(|mesos, now| mesos.executor_messages(now, container, Vec::new()));
    assert_eq!(said, Err(Refused::NotSubscribed));
    scene.subscribes(container, &[]);
    scene.tell(|mesos, now| mesos.executor_hangs_up(now, container));
    let said = scene.tell(|mesos, now| mesos.executor_messages(now, container, Vec::new()));
    assert_eq!(said, Err(Refused::NotSubscribed));
}
